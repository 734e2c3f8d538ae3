//! The binaries that are deployed, under Lambda's Runtime API, with events as AWS sends them.
//!
//! They must be built first, by `.ci/package` or with `cargo build --release`: so these tests run only where they are
//! asked for by name, `cargo test --workspace --test binaries`.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;
use local::clock::Clock;
use serde_json::{Value, json};
use tests::runtime::{Lambda, binary};
use tests::{BUNDLED, ERRANDS, World, a_consent, everything, merged, recorded};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

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
async fn what_comes_round_the_distribution_is_refused() {
    let world = world().await;
    let mut environment = world.environment();
    environment.push(("EDGE_KEY".to_owned(), "the-key-of-the-distribution".to_owned()));
    let mut decide = Lambda::start(Command::new(binary("consent-decide")), &environment).await;
    let path = "/v1/subjects/customer-4711";
    for (brought, status) in [
        (None, 403),
        (Some("another"), 403),
        (Some("the-key-of-the-distribution"), 200),
    ] {
        let key = brought.map(|key| ("x-edge-key", key));
        let event = recorded::http("GET", path, "", key.as_slice(), "");
        let told = decide.invoke(event).await;
        assert_eq!(told["statusCode"], status, "{told}");
        assert_eq!(body(&told)["message"] == "Forbidden", status == 403, "{told}");
    }
}

#[tokio::test]
async fn a_key_of_the_query_that_comes_twice_is_refused_by_name() {
    let world = world().await;
    let mut decide = start(&world, "consent-decide").await;
    let query = "at=2026-03-01T00:00:00Z&at=2026-03-02T00:00:00Z";
    let event = recorded::http("GET", "/v1/subjects/customer-4711", query, &[], "");
    let told = decide.invoke(event).await;
    assert_eq!(told["statusCode"], 400, "{told}");
    assert_eq!(body(&told)["field"], "query at", "{told}");
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
    // What is not ours is put aside without its text.
    assert_eq!(world.sqs.bodies("ErrandsDead"), ["(withheld)"]);
    let ledger = world.stored(&format!("LEDGER#{}", someone.pseudonym)).await;
    // What is deployed sends nothing to an address that is not public.
    assert_eq!(ledger.len(), 1);
    assert!(ledger[0].contains_key("next_attempt_at"), "{:?}", ledger[0]);
    world.sqs.forget("ErrandsDead");
    world.settle().await;
}

/// Whatever else may be reached on a laptop.
#[tokio::test]
async fn what_is_deployed_registers_public_hosts_over_https_and_nothing_else() {
    let world = world().await;
    let mut registry = start(&world, "recipient-registry").await;
    let mut register = async |endpoint: &str| {
        let asked = json!({
            "kind": "dealer", "role": "separate-controller", "authorised": true, "endpoint": endpoint,
        });
        let event = recorded::http("PUT", "/v1/recipients/dealer-x", "", &[], &asked.to_string());
        registry.invoke(event).await
    };
    for bad in [
        "http://dealer.example.com/",
        "https://dealer.example.com:8443/",
        "https://user:pass@dealer.example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[ff02::1]/",
        "https://localhost/",
        "https://queue.internal/",
    ] {
        let told = register(bad).await;
        assert_eq!(told["statusCode"], 422, "{bad}: {told}");
        assert_eq!(body(&told)["field"], "/endpoint", "{bad}: {told}");
    }
    assert_eq!(world.stored("RECIPIENT#dealer-x").await, []);
    let told = register("https://dealer.example.com/consent").await;
    assert_eq!(told["statusCode"], 201, "{told}");
    world.settle().await;
}

#[tokio::test]
async fn the_schedule_announces_what_has_ended() {
    // What is due is noted six minutes ahead at the soonest: for the binary, that was an hour ago.
    let now = Clock::system().now();
    let world = World::at(&(now - SignedDuration::from_hours(1)).to_string()).await;
    let someone = world.someone().await;
    let long_ago = now - SignedDuration::from_hours(24 * 735);
    let then = json!({ "happened_at": long_ago.to_string() });
    world.grant(&someone, merged(everything(), then)).await.is(201);
    world.settle().await;

    let mut expire = start(&world, "consent-expire").await;
    expire.invoke(recorded::schedule()).await;
    let history = world.history(&someone).await;
    assert_eq!(history.last().map(|act| &act["act"]), Some(&json!("lapsed")));
    world.settle().await;
}

#[tokio::test]
async fn the_way_to_the_table_is_open_before_the_first_event_and_stays_so() {
    let world = world().await;
    let mut environment = world.environment();
    let url = environment
        .iter_mut()
        .find(|(name, _)| name == "AWS_ENDPOINT_URL_DYNAMODB");
    let (_, url) = url.expect("an address of the engine");
    let opened = detour(url).await;

    let mut capture = Lambda::start(Command::new(binary("consent-capture")), &environment).await;
    assert_eq!(opened.load(Ordering::Relaxed), 1);
    for number in 0..2 {
        let path = format!("/v1/subjects/customer-{number}/consents");
        let asked = merged(a_consent(), everything()).to_string();
        let told = capture
            .invoke(recorded::http("POST", &path, "", &[], &asked))
            .await;
        assert_eq!(told["statusCode"], 201, "{told}");
    }
    assert_eq!(opened.load(Ordering::Relaxed), 1);
    world.settle().await;
}

/// Lead an address over a detour to where it led, and count the connections that take it.
async fn detour(url: &mut String) -> Arc<AtomicUsize> {
    let server = url.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    *url = format!("http://{}", listener.local_addr().expect("an address"));
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&opened);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let mut far = TcpStream::connect(&server).await.expect("a server");
            tokio::spawn(async move { copy_bidirectional(&mut near, &mut far).await });
        }
    });
    opened
}

#[tokio::test]
async fn a_registration_and_who_is_to_be_looked_at_again_lead_to_a_walk() {
    let world = world().await;
    let mut fan_out = start(&world, "partner-fanout").await;
    for key in ["RECIPIENT#bmw-ag", "AGAIN#bmw-ag"] {
        let mut event = recorded::stream(key);
        event["Records"][0]["eventName"] = "MODIFY".into();
        let told = fan_out.invoke(event).await;
        assert_eq!(told, json!({ "batchItemFailures": [] }), "{key}");
        let walks = world.sqs.bodies(ERRANDS);
        assert!(!walks.is_empty(), "{key}");
        assert!(walks.iter().all(|walk| walk.contains("walk")), "{key}: {walks:?}");
        world.sqs.forget(ERRANDS);
    }
}

#[tokio::test]
async fn a_report_of_a_mailing_is_taken_in_and_its_statistics_are_told() {
    let world = world().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.declare("spring", json!({})).await.is(201);
    let report = json!({ "events": [world.event(&someone, "delivered", json!({}))] }).to_string();
    let mut track = start(&world, "interaction-track").await;
    let told = track.invoke(recorded::sqs([&report, &report])).await;
    assert_eq!(told, json!({ "batchItemFailures": [] }));
    let mut statistics = start(&world, "campaign-statistics").await;
    let path = "/v1/campaigns/spring/statistics";
    let told = statistics.invoke(recorded::http("GET", path, "", &[], "")).await;
    assert_eq!(told["statusCode"], 200, "{told}");
    world.settle().await;
}

#[tokio::test]
async fn a_page_is_shown_and_a_profile_changed() {
    let world = world().await;
    let someone = world.someone_who_granted_everything().await;
    let mut pages = start(&world, "person-pages").await;
    let path = format!("/v1/forms/{BUNDLED}");
    let told = pages.invoke(recorded::http("GET", &path, "", &[], "")).await;
    assert_eq!(told["statusCode"], 200, "{told}");

    let mut update = start(&world, "profile-update").await;
    let path = format!("/v1/subjects/{}/profile", someone.id);
    let patch = json!({ "contact": { "given-name": "Anna" } }).to_string();
    let media = [("content-type", "application/merge-patch+json")];
    let event = recorded::http("PATCH", &path, "source=subject", &media, &patch);
    let told = update.invoke(event).await;
    assert_eq!(told["statusCode"], 200, "{told}");
    assert_eq!(
        world
            .stored(&format!("PROFILE#contact#{}", someone.pseudonym))
            .await
            .len(),
        1
    );
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
