//! How much is let in: limits in the template, acts of one subject in an hour, and scripts of which sites.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use local::template::{DEPLOYED, Template};
use serde_json::{Value, json};
use tests::{Answer, Caller, World, a_consent, merged};

/// As the store has it.
const ACTS_PER_HOUR: usize = 120;
/// As the capture has it: so many may wait to be confirmed when a site brings another.
const WAITING: usize = 5;

#[tokio::test]
async fn after_many_acts_in_an_hour_a_subject_waits_but_never_with_a_withdrawal() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let grant = async || {
        world
            .grant(
                &someone,
                json!({ "controls": ["promotional"], "channels": ["email"] }),
            )
            .await
    };
    for _ in 0..ACTS_PER_HOUR {
        grant().await.is(201);
    }
    world.advance(SignedDuration::from_mins(59));

    let refused = grant().await.is(429);
    assert_eq!(refused.problem(), "too-many-acts");
    assert_eq!(refused.header("retry-after"), "61");
    assert_eq!(world.history(&someone).await.len(), ACTS_PER_HOUR);
    world.withdraw_all(&someone).await.is(200);
    assert!(!world.may(&someone, "controller", "email").await);

    world.advance(SignedDuration::from_secs(61));
    grant().await.is(201);
    assert!(world.may(&someone, "controller", "email").await);
    world.settle().await;
}

#[tokio::test]
async fn whoever_floods_a_record_with_the_token_of_a_site_takes_no_room_from_others() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let contact = json!({ "contact": { "email": "ada@example.com" } });
    world.patch_profile(&someone, contact).await.is(200);
    let phone = json!({ "channels": ["phone"] });
    world.withdraw(&someone, phone).await.is(200);
    world.settle().await;
    let before = world.history(&someone).await.len();

    let flood = async |round: usize, happened_at: Value| {
        for place in 0..=ACTS_PER_HOUR {
            let ticked =
                json!({ "controls": ["promotional"], "channels": ["phone"], "happened_at": happened_at });
            let path = format!("/v1/subjects/{}/consents", someone.id);
            let key = format!("flood-{round}-{place}");
            let headers = [
                ("content-type", "application/json"),
                ("idempotency-key", key.as_str()),
            ];
            let body = merged(a_consent(), ticked).to_string().into_bytes();
            world
                .send_as(Caller::Site, "POST", &path, &headers, body)
                .await
                .is(202);
            if place <= 2 * WAITING {
                world.settle().await;
            }
        }
    };
    // What was over long ago would wait for nobody, and so never be too much.
    flood(1, json!("2020-01-01T00:00:00Z")).await;
    flood(2, Value::Null).await;
    world.settle().await;
    assert_eq!(world.history(&someone).await.len(), before + WAITING);
    let mails = world.confirmations_asked("campaign-service", &someone);
    assert_eq!(mails.len(), WAITING);

    let over = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant_keyed(&someone, "flood-1-1", over).await.is(201);
    world.withdraw_all(&someone).await.is(200);
    assert!(!world.may(&someone, "controller", "email").await);
    world.settle().await;
}

#[test]
fn every_public_route_is_throttled_below_the_others() {
    let template: yaml_serde::Value = yaml_serde::from_str(DEPLOYED).expect("YAML");
    let stage = &template["Resources"]["ApiStage"]["Properties"];
    let usual = stage["DefaultRouteSettings"]["ThrottlingRateLimit"]
        .as_u64()
        .expect("a limit for every route");
    let public = Template::deployed()
        .expect("a template")
        .routes
        .into_iter()
        .filter(|route| route.token.is_none());
    for route in public {
        let limits = &stage["RouteSettings"][route.key.as_str()];
        let rate = limits["ThrottlingRateLimit"].as_u64();
        assert!(
            rate.is_some_and(|rate| rate * 10 <= usual),
            "{}: {rate:?} a second",
            route.key
        );
        assert!(limits["ThrottlingBurstLimit"].is_u64(), "{}", route.key);
    }
}

#[test]
fn scripts_may_call_from_the_sites_of_the_policies_and_from_no_others() {
    let cors = Template::deployed()
        .expect("a template")
        .cors
        .expect("a list of sites");
    let brands = policies::all().iter().flat_map(|policy| policy.brands.values());
    let sites: BTreeSet<&str> = brands
        .flat_map(|brand| &brand.sites)
        .map(String::as_str)
        .collect();
    assert_eq!(
        cors.origins.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        sites
    );
}

#[tokio::test]
async fn a_browser_is_told_which_scripts_may_call() {
    let world = World::at_noon().await;
    let path = "/v1/forms/bmw-italia-promotional";
    let preflight = async |origin: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        world
            .send_as(Caller::Nobody, "OPTIONS", path, &headers, Vec::new())
            .await
            .is(204)
    };
    let origin = |answer: &Answer| answer.header("access-control-allow-origin").to_owned();
    let told = preflight("https://www.mini.it").await;
    assert_eq!(origin(&told), "https://www.mini.it");
    assert!(
        told.header("access-control-allow-headers")
            .contains("idempotency-key")
    );
    assert_eq!(told.header("access-control-allow-credentials"), "");
    for other in ["https://www.mini.it.example", "http://www.mini.it", "null"] {
        assert_eq!(origin(&preflight(other).await), "", "{other}");
    }

    let ask = async |origin: &str| {
        let headers = [("origin", origin), ("content-type", "application/json")];
        let body = a_consent().to_string().into_bytes();
        world.send_as(Caller::Nobody, "POST", path, &headers, body).await
    };
    assert_eq!(origin(&ask("https://www.bmw.it").await), "https://www.bmw.it");
    assert_eq!(origin(&ask("https://example.com").await), "");
}
