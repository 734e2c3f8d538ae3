//! The binaries that are deployed, under Lambda's Runtime API, with events as AWS sends them.
//!
//! They must be built first, and are looked for where cargo-lambda or else cargo leaves them:
//! `cargo test -p tests --test binaries`.

use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use local::clock::Clock;
use serde_json::{Value, json};
use tests::runtime::{Lambda, binary};
use tests::{ERRANDS, World, a_consent, everything, merged, recorded};

/// A world of today: the binaries have no other clock.
async fn world() -> World {
    World::at(&Clock::system().now().to_string()).await
}

async fn start(world: &World, function: &str) -> Lambda {
    Lambda::start(Command::new(binary(function)), &world.environment()).await
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default()
}

#[tokio::test]
async fn a_request_whose_body_is_in_base64_and_that_has_fields_of_tomorrow_is_served() {
    let world = world().await;
    let mut capture = start(&world, "consent-capture").await;
    let asked = merged(a_consent(), everything()).to_string();
    let path = "/v1/subjects/customer-4711/consents";
    let told = capture
        .invoke(recorded::http("POST", path, "", &[], &asked))
        .await;
    assert_eq!(told["statusCode"], 201, "{told}");

    let mut decide = start(&world, "consent-decide").await;
    let question =
        json!({ "subject": "customer-4711", "who": "bmw-ag", "purpose": "marketing", "channel": "email" });
    let asked = json!({ "questions": [question] }).to_string();
    let told = decide
        .invoke(recorded::http("POST", "/v1/decisions", "", &[], &asked))
        .await;
    assert_eq!(body(&told)["answers"][0]["allowed"], true, "{told}");

    let mut revoke = start(&world, "consent-revoke").await;
    let path = "/v1/subjects/customer-4711/withdrawals";
    let told = revoke
        .invoke(recorded::http("POST", path, "", &[], r#"{"all":true}"#))
        .await;
    assert_eq!(told["statusCode"], 200, "{told}");
    let told = decide
        .invoke(recorded::http("POST", "/v1/decisions", "", &[], &asked))
        .await;
    assert_eq!(body(&told)["answers"][0]["allowed"], false, "{told}");
    world.settle().await;
}

#[tokio::test]
async fn a_key_of_the_query_that_comes_twice_is_refused_by_name() {
    let world = world().await;
    let mut decide = start(&world, "consent-decide").await;
    let query = "at=2026-03-01T00:00:00Z&at=2026-03-02T00:00:00Z";
    let event = recorded::http("GET", "/v1/subjects/customer-4711", query, &[], "");
    let told = decide.invoke(event).await;
    assert_eq!(told["statusCode"], 400, "{told}");
    assert_eq!(body(&told)["field"], "at", "{told}");
}

#[tokio::test]
async fn the_stream_leads_to_errands_and_an_errand_to_the_ledger() {
    let world = world().await;
    let someone = world.someone_who_granted_everything().await;
    let mut fan_out = start(&world, "partner-fanout").await;
    let told = fan_out
        .invoke(recorded::stream(&format!("CHAIN#{}", someone.pseudonym)))
        .await;
    assert_eq!(told, json!({ "batchItemFailures": [] }));
    let errands = world.sqs.bodies(ERRANDS);
    assert_eq!(
        errands.len(),
        3,
        "one for each that the notice names: {errands:?}"
    );

    let mut sync = start(&world, "partner-sync").await;
    let told = sync.invoke(recorded::sqs([&errands[0], "not an errand"])).await;
    assert_eq!(
        told,
        json!({ "batchItemFailures": [] }),
        "nothing is to come again"
    );
    assert_eq!(world.sqs.bodies("ErrandsDead"), ["not an errand"]);
    let ledger = world.stored(&format!("LEDGER#{}", someone.pseudonym)).await;
    // What is deployed sends nothing to an address that is not public.
    assert_eq!(ledger.len(), 1);
    assert!(ledger[0].contains_key("next_attempt_at"), "{:?}", ledger[0]);
    world.sqs.forget("ErrandsDead");
    world.settle().await;
}

#[tokio::test]
async fn the_schedule_announces_what_has_ended() {
    let world = world().await;
    let someone = world.someone().await;
    let two_years = Timestamp::from_second(world.now().as_second()).expect("an instant");
    let long_ago = two_years - SignedDuration::from_hours(24 * 735);
    let then = json!({ "happened_at": long_ago.to_string() });
    world.grant(&someone, merged(everything(), then)).await.is(201);
    // Fanned out an hour ago, so that it is due by the binary's clock.
    world.advance(-SignedDuration::from_hours(1));
    world.settle().await;

    let mut expire = start(&world, "consent-expire").await;
    expire.invoke(recorded::schedule()).await;
    let history = world.history(&someone).await;
    assert_eq!(history.last().map(|act| &act["act"]), Some(&json!("lapsed")));
    world.settle().await;
}

#[tokio::test]
async fn every_function_comes_as_far_as_its_first_event() {
    let world = world().await;
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions"));
    for folder in folders.expect("functions") {
        let name = folder.expect("a folder").file_name();
        start(&world, name.to_str().expect("a name")).await;
    }
}
