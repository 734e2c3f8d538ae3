//! The demo recipients, as a sender and a person see them.

use jiff::Timestamp;
use local::invoke::Functions;
use local::system::System;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::http::{Answer, send};
use crate::{noon, started};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn tell(system: &System, secret: &str, id: &str, at: Timestamp, data: Value) -> Answer {
    let event = json!({
        "specversion": "1.0", "id": id, "source": "test", "type": "subject.changed",
        "subject": "s-1", "data": data,
    });
    let body = event.to_string();
    let at = at.as_second();
    let signature = Webhook::new(secret)
        .unwrap()
        .sign(id, at, body.as_bytes())
        .unwrap();
    let headers = [
        format!("webhook-id: {id}"),
        format!("webhook-timestamp: {at}"),
        format!("webhook-signature: v1,b3RoZXI= {signature}"),
        "content-type: application/cloudevents+json".to_owned(),
    ];
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    send(
        &system.endpoints.gateway,
        "POST /demo/recipients/bmw-ag/events",
        &headers,
        body.as_bytes(),
    )
    .await
}

fn holding(sequence: u64, facet: &str) -> Value {
    json!({
        "sequence": sequence,
        "holds": { "facets": [facet], "categories": ["contact"] },
        "changes": [{ "change": "granted", "facets": [facet] }],
    })
}

#[tokio::test]
async fn a_recipient_takes_each_signed_message_once_and_never_goes_back() {
    let system = started(Functions::default()).await;
    system.demo.secret("bmw-ag", SECRET);
    let facets = || system.demo.told()["bmw-ag"]["s-1"]["holds"]["facets"].clone();

    assert_eq!(
        tell(&system, SECRET, "m1", noon(), holding(2, "marketing/email"))
            .await
            .status,
        204
    );
    assert_eq!(facets(), json!(["marketing/email"]));
    assert_eq!(
        tell(&system, SECRET, "m1", noon(), holding(3, "repeated"))
            .await
            .status,
        204
    );
    assert_eq!(
        tell(&system, SECRET, "m0", noon(), holding(1, "too late"))
            .await
            .status,
        204
    );
    assert_eq!(facets(), json!(["marketing/email"]));

    let other = "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXI=";
    assert_eq!(
        tell(&system, other, "m2", noon(), holding(4, "forged"))
            .await
            .status,
        401
    );
    let yesterday = noon() - jiff::SignedDuration::from_hours(24);
    assert_eq!(
        tell(&system, SECRET, "m3", yesterday, holding(4, "replayed"))
            .await
            .status,
        401
    );
    assert_eq!(facets(), json!(["marketing/email"]));
}

#[tokio::test]
async fn people_get_a_page_and_programs_json() {
    let system = started(Functions::default()).await;
    system.demo.secret("bmw-ag", SECRET);
    tell(&system, SECRET, "m1", noon(), holding(1, "<b>bold</b>")).await;

    let page = send(
        &system.endpoints.gateway,
        "GET /demo/recipients",
        &["accept: text/html,*/*"],
        b"",
    )
    .await;
    assert!(page.head.contains("text/html"));
    assert!(page.body.contains("&lt;b&gt;bold&lt;/b&gt;") && !page.body.contains("<b>bold"));
    assert!(page.body.contains("campaign-service"));
    let json = send(
        &system.endpoints.gateway,
        "GET /demo/recipients",
        &["accept: application/json"],
        b"",
    )
    .await;
    assert_eq!(
        serde_json::from_str::<Value>(&json.body).unwrap(),
        system.demo.told()
    );
}

#[tokio::test]
async fn a_recipient_that_is_down_takes_nothing_until_it_is_back() {
    let system = started(Functions::default()).await;
    system.demo.secret("bmw-ag", SECRET);
    let status = async |id| {
        tell(&system, SECRET, id, noon(), holding(1, "marketing/email"))
            .await
            .status
    };
    let ag = || system.demo.shown()[0].clone();

    assert!(system.demo.set_down("bmw-ag", true));
    assert!(!system.demo.set_down("nobody", true));
    assert_eq!(status("m1").await, 503);
    assert_eq!(ag()["down"], true);
    assert_eq!(ag()["missed"], 1);
    assert_eq!(ag()["subjects"], json!({}));

    system.demo.all_up();
    assert_eq!(status("m1").await, 204);
    assert_eq!(ag()["missed"], 0);
    assert_eq!(ag()["subjects"]["s-1"]["holds"]["categories"], json!(["contact"]));
}
