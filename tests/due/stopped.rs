//! The schedule does not run at all: what is asked is answered as if it had.

use jiff::SignedDuration;
use serde_json::json;
use tests::{Someone, World};

const WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);
const YEAR: SignedDuration = SignedDuration::from_hours(24 * 365);
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
    let world = World::at_noon().await;
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

    world.advance(YEAR - MS);
    relate(&world, &someone, "dealer-one").await;
    assert_eq!(
        profile(&world, &someone).await,
        ["contact", "vehicle-of-interest"]
    );
    assert!(may_be_used().await);
    let held = world.holds("dealer-one", &someone);
    assert_eq!(held.content["vehicle-of-interest"], json!({ "model": "iX" }));

    world.advance(MS);
    relate(&world, &someone, "dealer-two").await;
    let held = world.holds("dealer-two", &someone);
    assert_eq!(held.content.keys().collect::<Vec<_>>(), ["contact"]);
    assert_eq!(profile(&world, &someone).await, ["contact"]);
    assert!(!may_be_used().await);
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
