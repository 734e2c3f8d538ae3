//! The schedule does not run at all: what is asked is answered as if it had.

use jiff::SignedDuration;
use serde_json::json;
use tests::notices::bundled_toml;
use tests::pages::buttons;
use tests::{Someone, World, instant};

use crate::{acts, policies, someone_who_granted_on};

const WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);
const MS: SignedDuration = SignedDuration::from_millis(1);

/// The categories that the record says there is content of.
async fn profile(world: &World, someone: &Someone) -> Vec<String> {
    let profile = world.state(someone).await["profile"].clone();
    profile
        .as_object()
        .into_iter()
        .flatten()
        .map(|(category, _)| category.clone())
        .collect()
}

async fn relate(world: &World, someone: &Someone, dealer: &str) {
    world.dealer(dealer).await;
    world
        .relate(someone, dealer, "service", "car-1", json!({}))
        .await
        .is(200);
    world.settle().await;
}

#[tokio::test]
async fn content_that_was_kept_as_long_as_it_may_be_is_told_and_sent_to_nobody() {
    let kept = "\"purchase-horizon\"]\nretention = \"P12M\"";
    let for_a_month = bundled_toml(&[(kept, &kept.replace("P12M", "P1M"))]);
    let world = World::under(policies(&[for_a_month]), "2026-03-02T12:00:00Z").await;
    let someone = world.someone_who_granted_everything().await;
    world.advance(SignedDuration::from_secs(1));
    let patch = json!({ "vehicle-of-interest": { "model": "iX" }, "contact": { "email": "a@example.test" } });
    world.patch_profile(&someone, patch).await.is(200);
    world.settle().await;
    let may_be_used = async || {
        let path = format!("/v1/subjects/{}/why?purpose=marketing&channel=email", someone.id);
        let told = world.get(&path).await.is(200).body;
        let categories = told["categories"].as_array().cloned().unwrap_or_default();
        categories
            .iter()
            .any(|category| category["code"] == "vehicle-of-interest")
    };

    // In Rome, where the summer has begun meanwhile.
    let over = instant("2026-04-02T11:00:01Z");
    world.clock.set(over - MS);
    relate(&world, &someone, "dealer-one").await;
    assert_eq!(
        profile(&world, &someone).await,
        ["contact", "vehicle-of-interest"]
    );
    assert!(may_be_used().await);
    let held = world.holds("dealer-one", &someone);
    assert_eq!(held.content["vehicle-of-interest"], json!({ "model": "iX" }));

    world.clock.set(over);
    relate(&world, &someone, "dealer-two").await;
    let held = world.holds("dealer-two", &someone);
    assert_eq!(held.content.keys().collect::<Vec<_>>(), ["contact"]);
    assert_eq!(profile(&world, &someone).await, ["contact"]);
    assert!(!may_be_used().await);

    // It runs again, and whoever had the content is told that it is empty.
    world.tick().await;
    let held = world.holds("dealer-one", &someone);
    assert_eq!(held.content.keys().collect::<Vec<_>>(), ["contact"]);
    assert_eq!(held.categories, world.holds("dealer-two", &someone).categories);
}

#[tokio::test]
async fn a_form_can_be_confirmed_within_its_week_and_not_after() {
    for (after, status) in [(-MS, 200), (SignedDuration::ZERO, 404)] {
        let world = World::at_noon().await;
        let visitor = world.visitor("\"form-1\"").await;
        world.settle().await;
        world.advance(WEEK + after);
        world.follow(&world.link(&visitor)).await.is(status);
        assert_eq!(world.may(&visitor, "controller", "email").await, status == 200);
    }
}

#[tokio::test]
async fn the_choices_of_a_person_show_no_consent_that_is_over() {
    let world = World::at_noon().await;
    let someone = someone_who_granted_on(&world, "2024-03-05T12:00:00Z").await;
    let over = instant("2026-03-05T12:00:00Z");
    for (at, is_on) in [(over - MS, true), (over, false)] {
        world.clock.set(at);
        let page = world.preferences(&someone).await;
        let page = world.look(&page).await.is(200).text;
        let offered = buttons(&page, "withdraw");
        assert_eq!(
            offered.contains(&"marketing/email".to_owned()),
            is_on,
            "{offered:?}"
        );
    }
    assert_eq!(acts(&world, &someone).await, ["granted"]);
}
