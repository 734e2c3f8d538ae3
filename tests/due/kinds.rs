//! Every kind of thing that falls due: the day before, the day, the day after.

use serde_json::json;
use tests::{BASE, EXTENDED, World, names};

use crate::{DOCUMENT, acts, policies, someone_who_granted_on, text, tick_at};

#[tokio::test]
async fn the_reminder_comes_once_and_to_the_processors_alone() {
    let world = World::at_noon().await;
    let someone = someone_who_granted_on(&world, "2024-04-20T10:00:00Z").await;

    tick_at(&world, "2026-03-20T11:00:00Z").await;
    tick_at(&world, "2026-03-21T10:59:59.999Z").await;
    assert_eq!(acts(&world, &someone).await, ["granted"]);

    // Thirty days before noon in Rome, across the change to summer time.
    tick_at(&world, "2026-03-21T11:00:00Z").await;
    tick_at(&world, "2026-03-22T11:00:00Z").await;
    assert_eq!(acts(&world, &someone).await, ["granted", "reminder-due"]);
    for processor in ["marketing-platform", "campaign-service"] {
        assert_eq!(
            world.heard(processor, &someone)[2..],
            ["reminder-due"],
            "{processor}"
        );
    }
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );
}

#[tokio::test]
async fn a_consent_ends_at_its_instant_and_everybody_is_told_once() {
    let world = World::at("2026-04-19T10:00:00Z").await;
    let someone = someone_who_granted_on(&world, "2024-04-20T10:00:00Z").await;

    tick_at(&world, "2026-04-19T10:10:00Z").await;
    tick_at(&world, "2026-04-20T09:59:59.999Z").await;
    assert!(world.may(&someone, "bmw-ag", "email").await);
    let before = world.heard("bmw-ag", &someone).len();

    tick_at(&world, "2026-04-20T10:00:00Z").await;
    tick_at(&world, "2026-04-21T10:00:00Z").await;
    assert!(!world.may(&someone, "bmw-ag", "email").await);
    assert_eq!(
        acts(&world, &someone).await,
        ["granted", "reminder-due", "lapsed"]
    );
    assert_eq!(
        world.heard("bmw-ag", &someone)[before..],
        ["lapsed", "entitlement-ended: lapsed"]
    );
    assert_eq!(world.holds("campaign-service", &someone), Default::default());
}

#[tokio::test]
async fn of_two_deliveries_by_a_dealer_the_later_counts() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-one").await;
    for (vehicle, delivered_on) in [("vehicle-1", "2023-03-05"), ("vehicle-2", "2023-03-10")] {
        let delivered = json!({ "delivered_on": delivered_on });
        world
            .relate(&someone, "dealer-one", "purchase", vehicle, delivered)
            .await
            .is(200);
    }
    world.settle().await;
    let before = world.heard("dealer-one", &someone).len();

    for day in 5..=10 {
        tick_at(&world, &format!("2026-03-{day:02}T22:59:59.999Z")).await;
        assert_eq!(world.heard("dealer-one", &someone).len(), before, "{day} March");
    }
    let category = json!({ "who": "dealer-one", "category": "customer-history" });
    assert_eq!(world.decide(&someone, category.clone()).await["allowed"], true);
    tick_at(&world, "2026-03-10T23:00:00Z").await;
    tick_at(&world, "2026-03-11T23:00:00Z").await;

    assert_eq!(world.decide(&someone, category).await["allowed"], false);
    let [ended] = &world.told("dealer-one", &someone)[before..] else {
        panic!("{:?}", world.heard("dealer-one", &someone));
    };
    assert_eq!(ended.reason, "three-years");
    assert_eq!(ended.categories, names(EXTENDED));
    assert_eq!(world.holds("dealer-one", &someone).categories, names(BASE));
}

#[tokio::test]
async fn each_of_several_periods_after_a_delivery_ends_on_its_own_day() {
    let history_for_longer = DOCUMENT.replacen(
        "customer-history = { since_delivery = \"P3Y\" }",
        "customer-history = { since_delivery = \"P3Y5D\" }",
        1,
    );
    let world = World::under(policies(&[history_for_longer]), "2026-03-02T12:00:00Z").await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-one").await;
    let delivered = json!({ "delivered_on": "2023-03-05" });
    world
        .relate(&someone, "dealer-one", "purchase", "vehicle-1", delivered)
        .await
        .is(200);
    world.settle().await;
    let before = world.told("dealer-one", &someone).len();
    let ended = || -> Vec<_> {
        let told = world.told("dealer-one", &someone).split_off(before);
        told.into_iter().map(|change| change.categories).collect()
    };

    tick_at(&world, "2026-03-05T22:59:59.999Z").await;
    assert!(ended().is_empty());
    tick_at(&world, "2026-03-05T23:00:00Z").await;
    tick_at(&world, "2026-03-10T22:59:59.999Z").await;
    let others = EXTENDED
        .into_iter()
        .filter(|category| *category != "customer-history");
    let others = [names(others)];
    assert_eq!(ended(), others);

    tick_at(&world, "2026-03-10T23:00:00Z").await;
    tick_at(&world, "2026-03-11T23:00:00Z").await;
    let [others] = others;
    assert_eq!(ended(), [others, names(["customer-history"])]);
}

#[tokio::test]
async fn content_is_deleted_when_it_was_kept_as_long_as_it_may_be() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let patch = json!({ "vehicle-of-interest": { "model": "iX" }, "contact": { "email": "a@example.test" } });
    world.patch_profile(&someone, patch).await.is(200);
    world.settle().await;
    let (store, _) = world.table_and_queue(policies::all());
    let subject = someone.pseudonym.parse().expect("a pseudonym");
    let category = "vehicle-of-interest".parse().expect("a category");
    let content = async || {
        store
            .contents(&subject, [&category].into_iter())
            .await
            .expect("a table")
    };

    tick_at(&world, "2027-03-01T12:00:00Z").await;
    tick_at(&world, "2027-03-02T11:59:59.999Z").await;
    assert_eq!(content().await.len(), 1);

    tick_at(&world, "2027-03-02T12:00:00Z").await;
    tick_at(&world, "2027-03-03T12:00:00Z").await;
    assert!(content().await.is_empty());
    assert_eq!(
        acts(&world, &someone).await,
        ["granted", "profile-updated", "retention-ended"]
    );
    let profile = world.state(&someone).await["profile"].clone();
    assert_eq!(
        profile,
        json!({ "contact": 2 }),
        "the other category is kept longer"
    );
    assert!(
        world.may(&someone, "bmw-ag", "email").await,
        "the consent is another clock"
    );
}

#[tokio::test]
async fn a_form_that_nobody_confirms_is_gone_after_a_week() {
    let world = World::at_noon().await;
    let asked = json!({
        "version": 1, "language": "it", "brand": "bmw", "controls": ["promotional"], "channels": ["email"],
        "contact": { "email": "visitor@example.test" },
    });
    let headers = [
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "\"form-1\""),
    ];
    let path = format!("/v1/forms/{}", tests::BUNDLED);
    let told = world
        .send("POST", &path, &headers, asked.to_string().into())
        .await
        .is(202);
    world.settle().await;
    let subject = text(&told.body["subject"]);
    let visitor = tests::Someone {
        id: subject.clone(),
        pseudonym: subject.clone(),
    };
    let (store, _) = world.table_and_queue(policies::all());
    let subject = subject.parse().expect("a pseudonym");

    tick_at(&world, "2026-03-08T12:00:00Z").await;
    tick_at(&world, "2026-03-09T11:59:59.999Z").await;
    assert!(store.contact(&subject, 1).await.expect("a table").is_some());
    tick_at(&world, "2026-03-09T12:00:00Z").await;
    tick_at(&world, "2026-03-10T12:00:00Z").await;

    assert!(store.contact(&subject, 1).await.expect("a table").is_none());
    assert_eq!(acts(&world, &visitor).await, ["granted", "confirmation-lapsed"]);
}

#[tokio::test]
async fn t8_a_relation_that_the_policy_caps_entitles_until_it_is_renewed() {
    let capped = DOCUMENT.replacen("exclusive = true\n", "exclusive = true\ncap = \"P5Y\"\n", 1);
    let world = World::under(policies(&[capped]), "2026-03-02T12:00:00Z").await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-one").await;
    let since = json!({ "since": "2021-03-05" });
    world
        .relate(&someone, "dealer-one", "preferred", "account", since)
        .await
        .is(200);
    world.settle().await;
    let before = world.heard("dealer-one", &someone).len();

    tick_at(&world, "2026-03-04T12:00:00Z").await;
    tick_at(&world, "2026-03-05T22:59:59.999Z").await;
    let question = json!({ "who": "dealer-one", "channel": "email" });
    let allowed = world.decide(&someone, question.clone()).await;
    assert_eq!(allowed["allowed"], true, "the anniversary is included");
    assert_eq!(allowed["valid_until"], "2026-03-05T23:00:00.000Z");
    assert_eq!(world.heard("dealer-one", &someone).len(), before);

    tick_at(&world, "2026-03-05T23:00:00Z").await;
    tick_at(&world, "2026-03-06T23:00:00Z").await;
    let denied = world.decide(&someone, question).await;
    assert_eq!(denied["reasons"][0]["rule"], "T8");
    assert_eq!(
        world.heard("dealer-one", &someone)[before..],
        ["entitlement-ended: relation-capped"]
    );
    assert_eq!(world.holds("dealer-one", &someone), Default::default());
    assert_eq!(acts(&world, &someone).await[2..], ["relation-capped"]);

    world
        .relate(&someone, "dealer-one", "preferred", "account", json!({}))
        .await
        .is(200);
    world.settle().await;
    assert!(world.may(&someone, "dealer-one", "email").await, "renewed");
    assert_eq!(world.holds("dealer-one", &someone).categories, names(BASE));
}
