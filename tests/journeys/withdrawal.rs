//! Taking back all of it, or a part.

use jiff::SignedDuration;
use serde_json::json;
use tests::{BASE, PURPOSES, World, contacts, merged, names};

use crate::{acts, rules};

#[tokio::test]
async fn withdrawing_one_channel_leaves_the_others() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    world.settle().await;

    assert!(!world.may(&someone, "bmw-ag", "phone").await);
    assert!(world.may(&someone, "bmw-ag", "email").await);
    let last = world.told("bmw-ag", &someone).pop().unwrap();
    assert_eq!(
        (last.change.as_str(), last.facets),
        ("withdrawn", contacts(&PURPOSES, &["phone"]))
    );
    let held = world.holds("bmw-ag", &someone);
    assert_eq!(
        held.facets,
        contacts(&PURPOSES, &["email", "sms", "post", "messaging"])
    );
    assert_eq!(held.categories, names(BASE));
}

#[tokio::test]
async fn withdrawing_the_email_channel_ends_what_processors_collect_over_it() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    world
        .withdraw(&someone, json!({ "channels": ["email"] }))
        .await
        .is(200);
    world.settle().await;

    let held = world.holds("campaign-service", &someone);
    assert_eq!(
        held.categories,
        names(["contact", "promotional-consent", "campaigns"])
    );
}

#[tokio::test]
async fn withdrawing_what_was_never_given_is_recorded_and_reaches_nobody() {
    let world = World::at_noon().await;
    let someone = world.someone().await;

    world.withdraw_all(&someone).await.is(200);
    let again = world.withdraw_all(&someone).await.is(200);
    world.settle().await;

    assert!(again.body["act"].is_null(), "the second adds nothing");
    assert_eq!(acts(&world.history(&someone).await), ["withdrawn"]);
    assert_eq!(world.recipients.requests("bmw-ag"), 0);
}

#[tokio::test]
async fn a_separate_consent_ends_its_category_alone() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-sales").await;
    let delivered = json!({ "delivered_on": "2025-06-01" });
    world
        .relate(&someone, "dealer-sales", "purchase", "vehicle-1", delivered)
        .await
        .is(200);
    world.settle().await;

    world
        .withdraw(&someone, json!({ "facets": ["separate/vehicle-usage"] }))
        .await
        .is(200);
    world.settle().await;

    let last = world.told("dealer-sales", &someone).pop().unwrap();
    assert_eq!(last.reason, "separate-consent-ended");
    assert_eq!(last.categories, names(["vehicle-usage"]));
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"],
        "no business of theirs"
    );
    assert!(world.may(&someone, "dealer-sales", "email").await);
}

#[tokio::test]
async fn an_objection_denies_everything_until_the_person_lifts_it_and_lifts_no_more_than_is_granted() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    world.object(&someone).await.is(200);
    world.settle().await;
    assert_eq!(
        world.heard("bmw-ag", &someone)[2..],
        ["objected", "entitlement-ended: objected"]
    );

    let email = json!({ "controls": ["promotional"], "channels": ["email"] });
    let paper = json!({ "evidence": { "kind": "paper", "reference": "letter-7" }, "source": "staff" });
    world
        .grant(&someone, tests::merged(email.clone(), paper))
        .await
        .is(201);
    let denied = world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "email" }))
        .await;
    assert_eq!(rules(&denied), ["GDPR 21(2)"], "a letter does not lift it");

    world.grant(&someone, email).await.is(201);
    world.settle().await;
    assert!(world.may(&someone, "bmw-ag", "email").await);
    assert!(
        !world.may(&someone, "bmw-ag", "phone").await,
        "what was granted before stays off"
    );
    assert_eq!(
        world.holds("bmw-ag", &someone).facets,
        contacts(&PURPOSES, &["email"])
    );
}

#[tokio::test]
async fn a_withdrawal_that_a_slow_clock_dates_before_its_grant_takes_effect() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let before_the_grant = world.now() - SignedDuration::from_mins(1);
    world.advance(SignedDuration::from_mins(2));

    let asked = json!({ "all": true, "happened_at": before_the_grant });
    world.withdraw(&someone, asked).await.is(200);

    world.settle().await;
    assert!(!world.may(&someone, "bmw-ag", "email").await);
    assert_eq!(world.holds("bmw-ag", &someone), Default::default());
}

#[tokio::test]
async fn a_second_withdrawal_stands_against_a_letter_that_was_signed_between_the_two() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.advance(SignedDuration::from_mins(10));
    world.withdraw_all(&someone).await.is(200);
    world.advance(SignedDuration::from_mins(1));
    let signed_at = world.now();
    world.advance(SignedDuration::from_mins(1));
    world.withdraw_all(&someone).await.is(200);
    world.advance(SignedDuration::from_mins(30));

    let letter = json!({ "evidence": { "kind": "paper", "reference": "letter-7" }, "source": "staff" });
    let letter = merged(letter, json!({ "happened_at": signed_at }));
    world
        .grant(&someone, merged(tests::everything(), letter))
        .await
        .is(201);

    world.settle().await;
    assert!(!world.may(&someone, "controller", "email").await);
}
