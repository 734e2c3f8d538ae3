//! The kit for partners, against one that does everything right and several that do not.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use local::invoke::Functions;
use local::partner_check::check;
use serde_json::Value;
use standardwebhooks::Webhook;

use crate::{noon, started};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a partner gets wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    VerifiesNothing,
    IgnoresTheTime,
    KnowsOneSignature,
    RefusesRepetitions,
    RefusesWhatItDoesNotKnow,
    RefusesLateOnes,
    Redirects,
    FailsAtEverything,
    HangsUp,
}

fn is_signed(headers: &HeaderMap, body: &[u8], fault: Fault) -> Option<String> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let (id, at): (&str, i64) = (text("webhook-id")?, text("webhook-timestamp")?.parse().ok()?);
    let late = (noon().as_second() - at).abs() > 300;
    if late && fault != Fault::IgnoresTheTime {
        return None;
    }
    let expected = Webhook::new(SECRET).ok()?.sign(id, at, body).ok()?;
    let known = if fault == Fault::KnowsOneSignature { 1 } else { 9 };
    let mut signatures = text("webhook-signature")?.split(' ').take(known);
    signatures
        .any(|signature| signature == expected)
        .then(|| id.to_owned())
}

fn answered(
    fault: Fault,
    seen: &mut (BTreeSet<String>, u64),
    headers: &HeaderMap,
    body: &[u8],
) -> StatusCode {
    assert!(fault != Fault::HangsUp, "it hangs up");
    if fault == Fault::VerifiesNothing {
        return StatusCode::OK;
    }
    if fault == Fault::Redirects {
        return StatusCode::TEMPORARY_REDIRECT;
    }
    if fault == Fault::FailsAtEverything {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    let Some(id) = is_signed(headers, body, fault) else {
        return StatusCode::UNAUTHORIZED;
    };
    let event: Value = serde_json::from_slice(body).unwrap();
    if !seen.0.insert(id) && fault == Fault::RefusesRepetitions {
        return StatusCode::CONFLICT;
    }
    let sequence = event["data"]["sequence"].as_u64().unwrap();
    if sequence < seen.1 && fault == Fault::RefusesLateOnes {
        return StatusCode::CONFLICT;
    }
    seen.1 = seen.1.max(sequence);
    let unknown = event["data"]["changes"][0]["change"] == "something-new";
    if unknown && fault == Fault::RefusesWhatItDoesNotKnow {
        return StatusCode::BAD_REQUEST;
    }
    StatusCode::NO_CONTENT
}

/// What the kit finds wrong with a partner.
async fn found(fault: Fault) -> Vec<&'static str> {
    let seen = Arc::new(Mutex::new((BTreeSet::new(), 0)));
    let take = move |headers: HeaderMap, body: Bytes| async move {
        answered(fault, &mut seen.lock().unwrap(), &headers, &body)
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let serving = axum::serve(listener, Router::new().route("/", post(take))).into_future();
    let serving = tokio::spawn(serving);
    let (findings, _) = check(&url, SECRET, noon()).await.unwrap();
    serving.abort();
    let wrong = findings.into_iter().filter(|finding| !finding.right);
    wrong.map(|finding| finding.what).collect()
}

#[tokio::test]
async fn the_demo_recipients_get_everything_right() {
    let system = started(Functions::default()).await;
    system.demo.secret("bmw-ag", SECRET);
    let url = format!("{}/demo/recipients/bmw-ag/events", system.endpoints.gateway);
    let (findings, _) = check(&url, SECRET, noon()).await.unwrap();
    assert_eq!(findings.len(), 12);
    assert!(findings.iter().all(|finding| finding.right), "{findings:#?}");
    let held = &system.demo.told()["bmw-ag"]["sub_partner-check-somebody"]["holds"];
    assert_eq!(
        held["facets"],
        serde_json::json!([]),
        "as the kit says at its end"
    );
}

#[tokio::test]
async fn whatever_a_partner_gets_wrong_is_named() {
    let refusing = [
        "refuses an event without a signature",
        "refuses a signature by another key",
        "refuses another body under a signature",
        "refuses another id under a signature",
        "refuses another time under a signature",
        "refuses an event that was signed long ago",
        "refuses an event that is signed for later",
    ];
    let taking = [
        "takes a signed event",
        "takes the same event again",
        "takes an older event that comes late",
        "takes a change that it does not know",
        "takes two signatures of which it knows the second",
    ];
    let everything: BTreeSet<&str> = refusing.into_iter().chain(taking).collect();
    assert_eq!(found(Fault::VerifiesNothing).await, refusing);
    assert_eq!(found(Fault::IgnoresTheTime).await, refusing[5..]);
    assert_eq!(found(Fault::KnowsOneSignature).await, taking[4..]);
    assert_eq!(found(Fault::RefusesRepetitions).await, taking[1..2]);
    assert_eq!(found(Fault::RefusesLateOnes).await, taking[2..3]);
    assert_eq!(found(Fault::RefusesWhatItDoesNotKnow).await, taking[3..4]);
    // Whoever fails at everything, or leads elsewhere, has refused nothing.
    for fault in [Fault::Redirects, Fault::FailsAtEverything, Fault::HangsUp] {
        assert_eq!(BTreeSet::from_iter(found(fault).await), everything);
    }
}

#[tokio::test]
async fn only_public_hosts_over_https_and_this_computer_are_played_at() {
    for url in [
        "http://partner.example.com/",
        "https://10.0.0.1/",
        "ftp://127.0.0.1.example/",
        "x",
    ] {
        assert!(check(url, SECRET, noon()).await.is_err(), "{url}");
    }
    let refused = check("http://127.0.0.1:1/", "not a secret", noon()).await;
    assert!(refused.unwrap_err().to_string().contains("whsec_ and base64"));
}

#[tokio::test]
async fn where_nothing_listens_the_reason_is_told_once() {
    let (findings, _) = check("http://127.0.0.1:1/", SECRET, noon()).await.unwrap();
    assert_eq!(findings.len(), 1);
    assert!(!findings[0].right);
    assert!(
        findings[0].answered.contains("Connection refused"),
        "{findings:?}"
    );
}
