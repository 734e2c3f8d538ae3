//! What ends by itself.

use jiff::SignedDuration;
use serde_json::json;
use tests::{BASE, EXTENDED, World, instant, names};

use crate::{DAY, acts};

#[tokio::test]
async fn a_consent_that_nobody_renews_lapses_by_itself_and_recipients_are_told() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone().await;
    let old = json!({ "happened_at": "2024-04-02T12:00:00Z" });
    world
        .grant(&someone, tests::merged(tests::everything(), old))
        .await
        .is(201);
    world.settle().await;
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );

    world.clock.set(instant("2026-04-02T11:59:59.999Z"));
    assert!(world.may(&someone, "bmw-ag", "email").await);
    world.advance(SignedDuration::from_millis(1));
    let denied = world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "email" }))
        .await;
    assert_eq!(
        denied["reasons"][0]["code"], "lapsed",
        "denied before any schedule has run"
    );
    world.tick().await;
    world.tick().await;

    assert_eq!(acts(&world.history(&someone).await), ["granted", "lapsed"]);
    for recipient in ["bmw-ag", "campaign-service", "marketing-platform"] {
        assert_eq!(
            world.heard(recipient, &someone)[2..],
            ["lapsed", "entitlement-ended: lapsed"],
            "{recipient}"
        );
        assert_eq!(
            world.holds(recipient, &someone),
            Default::default(),
            "{recipient}"
        );
    }
}

#[tokio::test]
async fn a_renewal_in_time_carries_on_past_the_first_end() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone().await;
    let old = json!({ "happened_at": "2024-03-05T12:00:00Z" });
    world
        .grant(&someone, tests::merged(tests::everything(), old))
        .await
        .is(201);
    world.advance(DAY);
    world.grant(&someone, tests::everything()).await.is(201);
    world.settle().await;

    world.advance(DAY * 5);
    world.tick().await;

    assert!(world.may(&someone, "bmw-ag", "email").await);
    assert_eq!(acts(&world.history(&someone).await), ["granted", "granted"]);
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );
}

#[tokio::test]
async fn the_third_anniversary_ends_exactly_the_four_categories_for_that_dealer() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    for (dealer, delivered_on) in [("dealer-first", "2023-03-05"), ("dealer-second", "2023-03-06")] {
        world.dealer(dealer).await;
        let delivered = json!({ "delivered_on": delivered_on });
        world
            .relate(&someone, dealer, "purchase", "vehicle-1", delivered)
            .await
            .is(200);
    }
    world.settle().await;
    let before = world.heard("dealer-first", &someone).len();

    world.clock.set(instant("2026-03-05T22:59:59.999Z"));
    world.tick().await;
    assert_eq!(
        world.heard("dealer-first", &someone).len(),
        before,
        "the anniversary itself is included"
    );
    world.clock.set(instant("2026-03-05T23:00:00Z"));
    world.tick().await;
    world.tick().await;

    let [ended] = &world.told("dealer-first", &someone)[before..] else {
        panic!("{:?}", world.heard("dealer-first", &someone));
    };
    assert_eq!(
        (ended.change.as_str(), ended.reason.as_str()),
        ("entitlement-ended", "three-years")
    );
    assert_eq!(ended.categories, names(EXTENDED));
    assert_eq!(world.holds("dealer-first", &someone).categories, names(BASE));
    assert_eq!(
        world.holds("dealer-second", &someone).categories,
        names(BASE.into_iter().chain(EXTENDED))
    );
    assert_eq!(
        acts(&world.history(&someone).await)[3..],
        ["delivery-period-ended"]
    );
}
