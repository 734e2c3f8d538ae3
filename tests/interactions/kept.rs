//! How long what was tracked is kept (S45, T4).

use std::sync::Arc;

use jiff::SignedDuration;
use platform::store::{Seen, Store};
use serde_json::{Value, json};
use tests::{Someone, World, alone, edited, everything};

use crate::{HOUR, click, spring};

/// The campaigns that are remembered in a field.
async fn campaigns(world: &World, someone: &Someone, field: &str) -> Vec<String> {
    let tracked = world.tracked(someone).await;
    let list = tracked[field].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|last| last["campaign"].as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn tick_at(world: &World, at: &str) {
    world.clock.set(tests::instant(at));
    world.tick().await;
}

/// The bundled notice, where interactions are kept for twenty days and a consent holds for forty.
async fn hasty() -> World {
    let tracking = "fields = [\"receipt\", \"link-click\", \"content-click\"]\nretention = ";
    let policy = edited(&[
        (&format!("{tracking}\"P12M\""), &format!("{tracking}\"P20D\"")),
        ("validity = \"P24M\"", "validity = \"P40D\""),
    ]);
    let world = World::under(alone(vec![policy]), "2026-01-05T12:00:00Z").await;
    for campaign in ["spring", "summer"] {
        world.declare(campaign, json!({})).await.is(201);
    }
    world
}

#[tokio::test]
async fn each_interaction_is_forgotten_when_its_own_retention_ends_though_nobody_reports_any_more() {
    let world = hasty().await;
    let someone = world.someone_who_granted_everything().await;
    tick_at(&world, "2026-01-05T13:00:00Z").await;
    let opened = world.event(&someone, "delivered", json!({}));
    world.report(vec![opened]).await;
    click(&world, &someone, json!({})).await;
    tick_at(&world, "2026-01-12T12:00:00Z").await;
    click(&world, &someone, json!({ "campaign": "summer" })).await;
    // It happened in between, and so ends in between.
    let earlier =
        json!({ "campaign": "summer", "at": "2026-01-08T12:00:00Z", "sent_at": "2026-01-07T12:00:00Z" });
    let late = world.event(&someone, "content-clicked", earlier);
    world.report(vec![late]).await;

    tick_at(&world, "2026-01-24T13:00:00Z").await;
    tick_at(&world, "2026-01-25T12:59:59.999Z").await;
    assert_eq!(
        campaigns(&world, &someone, "link-click").await,
        ["summer", "spring"]
    );
    assert_eq!(campaigns(&world, &someone, "receipt").await, ["spring"]);
    tick_at(&world, "2026-01-25T13:00:00Z").await;
    assert_eq!(campaigns(&world, &someone, "link-click").await, ["summer"]);
    assert_eq!(world.tracked(&someone).await.get("receipt"), None);

    tick_at(&world, "2026-01-28T11:59:59.999Z").await;
    assert_eq!(campaigns(&world, &someone, "content-click").await, ["summer"]);
    tick_at(&world, "2026-01-28T12:00:00Z").await;
    assert_eq!(world.tracked(&someone).await.get("content-click"), None);
    tick_at(&world, "2026-02-01T11:59:59.999Z").await;
    assert_eq!(campaigns(&world, &someone, "link-click").await, ["summer"]);
    tick_at(&world, "2026-02-01T12:00:00Z").await;
    assert_eq!(world.tracked(&someone).await, Value::Null);
    assert!(
        world.may(&someone, "controller", "email").await,
        "the consent is another clock"
    );
}

#[tokio::test]
async fn a_report_forgets_what_is_over_in_every_field() {
    let world = spring().await;
    world.declare("autumn", json!({})).await.is(201);
    let someone = world.someone_who_granted_everything().await;
    let opened = world.event(&someone, "delivered", json!({}));
    world.report(vec![opened]).await;
    // Nothing sweeps meanwhile.
    world.advance(SignedDuration::from_hours(24 * 366));
    click(&world, &someone, json!({ "campaign": "autumn" })).await;
    let tracked = world.tracked(&someone).await;
    assert_eq!(tracked.get("receipt"), None);
    assert_eq!(tracked["link-click"][0]["campaign"], "autumn");
}

#[tokio::test]
async fn s45_what_was_tracked_goes_with_the_consent_to_it() {
    let world = spring().await;
    let cases = [
        (json!({ "channels": ["email"] }), true),
        (json!({ "facets": ["profiling"] }), true),
        (json!({ "objection": true }), true),
        (json!({ "all": true }), true),
        (json!({ "channels": ["phone"] }), false),
        (json!({ "purposes": ["care"] }), false),
        (json!({ "facets": ["sharing/dealer"] }), false),
    ];
    for (withdrawn, goes) in cases {
        let someone = world.someone_who_granted_everything().await;
        world.advance(HOUR);
        click(&world, &someone, json!({})).await;
        world.withdraw(&someone, withdrawn.clone()).await.is(200);
        world.settle().await;
        let gone = world.tracked(&someone).await.is_null();
        assert_eq!(gone, goes, "{withdrawn}");
    }
}

#[tokio::test]
async fn s45_what_was_tracked_goes_when_the_consent_to_it_lapses() {
    let world = hasty().await;
    let someone = world.someone_who_granted_everything().await;
    tick_at(&world, "2026-02-05T12:00:00Z").await;
    click(&world, &someone, json!({})).await;
    tick_at(&world, "2026-02-14T11:59:59.999Z").await;
    assert_eq!(campaigns(&world, &someone, "link-click").await, ["spring"]);
    tick_at(&world, "2026-02-14T12:00:00Z").await;
    assert_eq!(world.tracked(&someone).await, Value::Null);
}

/// Somebody consents anew, and clicks, right before what was tracked until the withdrawal is forgotten.
#[tokio::test]
async fn what_is_tracked_under_a_new_consent_is_not_forgotten_with_the_old_one() {
    let world = Arc::new(spring().await);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.withdraw_all(&someone).await.is(200);
    let (other, renewing) = (Arc::clone(&world), someone.clone());
    let renewed = async move {
        other.advance(HOUR);
        other.grant(&renewing, everything()).await.is(201);
        let (engine, table) = other.engine();
        let store = Store::new(engine, table, policies::all());
        let subject = renewing.pseudonym.parse().expect("a pseudonym");
        let record = store.chain(&subject).await.expect("a record").record;
        let clicked = Seen {
            field: "link-click".parse().expect("a field"),
            campaign: "spring".parse().expect("a campaign"),
            target: None,
            at: other.now(),
            until: other.now() + HOUR,
        };
        let category = "email-interaction".parse().expect("a category");
        let kept = store.keep(&record, &category, &[clicked], other.now()).await;
        kept.expect("nobody else writes");
    };
    world
        .calls
        .meanwhile(|call| call.is("DeleteItem", "PROFILE"), renewed);
    world.settle().await;
    assert_eq!(campaigns(&world, &someone, "link-click").await, ["spring"]);
}
