//! Two at once on one record.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{Call, World, everything};
use tokio::task::JoinSet;

use crate::{appends, versions};

#[tokio::test]
async fn of_two_captures_at_once_both_acts_are_kept() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let over = |channel: &str| json!({ "controls": ["promotional"], "channels": [channel] });

    let (first, second) = tokio::join!(
        world.grant(&someone, over("email")),
        world.grant(&someone, over("phone"))
    );

    assert_eq!([first.status, second.status], [201, 201]);
    assert_eq!(versions(&world.history(&someone).await), [1, 2]);
    assert!(world.may(&someone, "controller", "email").await);
    assert!(world.may(&someone, "controller", "phone").await);
    world.chain_is_unbroken(&someone).await;
}

#[tokio::test]
async fn a_capture_that_was_overtaken_decides_again_on_what_is_true_by_then() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone().await;
    let (other, them) = (world.clone(), someone.clone());
    let overtaking = async move {
        other
            .grant(
                &them,
                json!({ "controls": ["promotional"], "channels": ["email"] }),
            )
            .await
            .is(201);
    };
    world.calls.meanwhile(appends, overtaking);

    let told = world
        .grant(
            &someone,
            json!({ "controls": ["promotional"], "channels": ["phone"] }),
        )
        .await
        .is(201);

    assert_eq!(told.version(), 2);
    assert_eq!(told.body["state"]["facets"]["marketing/email"]["state"], "active");
    world.chain_is_unbroken(&someone).await;
}

#[tokio::test]
async fn evidence_and_profile_that_were_overtaken_replace_nothing() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone().await;
    let overtaken_by = |asked: Value| {
        let (other, them) = (world.clone(), someone.clone());
        let overtaking = async move {
            other.grant(&them, asked).await.is(201);
        };
        let transacts = |call: &Call| call.is("TransactWriteItems", "CHAIN");
        world.calls.meanwhile(transacts, overtaking);
    };
    let over = |channel: &str| json!({ "controls": ["promotional"], "channels": [channel] });
    let proof = json!({ "evidence": { "kind": "signed-in", "address": "192.0.2.7" } });

    overtaken_by(over("email"));
    let told = world
        .grant(&someone, tests::merged(over("phone"), proof))
        .await
        .is(201);
    assert_eq!(told.version(), 2);
    overtaken_by(over("sms"));
    let told = world
        .patch_profile(&someone, json!({ "contact": { "city": "Milano" } }))
        .await
        .is(200);
    assert_eq!(told.version(), 4);

    for channel in ["email", "phone", "sms"] {
        assert!(world.may(&someone, "controller", channel).await, "{channel}");
    }
    world.chain_is_unbroken(&someone).await;
}

#[tokio::test]
async fn many_at_once_lose_nothing() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone().await;
    let mut captures = JoinSet::new();
    for _ in 0..8 {
        let (world, someone) = (world.clone(), someone.clone());
        captures.spawn(async move { world.grant(&someone, everything()).await.status });
    }

    let statuses = captures.join_all().await;

    let done = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(done, 8, "{statuses:?}");
    assert_eq!(
        versions(&world.history(&someone).await),
        (1..=8).collect::<Vec<_>>()
    );
    world.chain_is_unbroken(&someone).await;
}

#[tokio::test]
async fn of_two_withdrawals_at_once_both_succeed_and_one_takes_effect() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    let (first, second) = tokio::join!(world.withdraw_all(&someone), world.withdraw_all(&someone));

    assert_eq!([first.status, second.status], [200, 200]);
    assert_eq!(versions(&world.history(&someone).await), [1, 2]);
    world.settle().await;
    assert_eq!(
        world.heard("bmw-ag", &someone)[2..],
        ["withdrawn", "entitlement-ended: withdrawn"]
    );
}

#[tokio::test]
async fn of_two_forms_that_saw_the_same_state_one_is_asked_to_look_again() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone_who_granted_everything().await;
    let path = format!("/v1/subjects/{}/withdrawals", someone.id);
    let headers = [("Content-Type", "application/json"), ("If-Match", "\"1\"")];
    let phone = json!({ "channels": ["phone"] }).to_string().into_bytes();
    let post = json!({ "channels": ["post"] }).to_string().into_bytes();

    let (first, second) = tokio::join!(
        world.send("POST", &path, &headers, phone),
        world.send("POST", &path, &headers, post)
    );

    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(versions(&world.history(&someone).await), [1, 2]);
}

#[tokio::test]
async fn the_same_request_twice_at_once_and_later_is_one_act_and_the_same_answer() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let capture = || world.grant_keyed(&someone, "\"form-1\"", everything());

    let (first, second) = tokio::join!(capture(), capture());
    assert_eq!([first.status, second.status], [201, 201]);
    assert_eq!(first.text, second.text);

    world.withdraw_all(&someone).await.is(200);
    world
        .grant(
            &someone,
            json!({ "controls": ["promotional"], "channels": ["sms"] }),
        )
        .await
        .is(201);
    world
        .withdraw(&someone, json!({ "purposes": ["care"] }))
        .await
        .is(200);
    world.advance(SignedDuration::from_hours(24 * 800));
    let later = capture().await.is(201);

    assert_eq!(later.text, first.text, "however much later");
    assert_eq!(later.header("etag"), first.header("etag"));
    assert_eq!(world.history(&someone).await.len(), 4);
    assert!(
        !world.may(&someone, "controller", "email").await,
        "an old retry grants nothing"
    );
}

#[tokio::test]
async fn a_repeated_key_with_another_body_is_refused() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    world.grant_keyed(&someone, "form-1", everything()).await.is(201);

    let other = json!({ "controls": ["promotional"], "channels": ["email"] });
    let refused = world.grant_keyed(&someone, "form-1", other.clone()).await.is(422);
    assert_eq!(
        (refused.problem(), &refused.body["field"]),
        ("key-reused", &json!("header Idempotency-Key"))
    );
    assert_eq!(world.history(&someone).await.len(), 1);

    let somebody_else = world.someone().await;
    world.grant_keyed(&somebody_else, "form-1", other).await.is(201);
}

#[tokio::test]
async fn a_first_capture_that_expects_a_newcomer_is_one_act_however_often_it_comes() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let path = format!("/v1/subjects/{}/consents", someone.id);
    let body = || {
        tests::merged(tests::a_consent(), everything())
            .to_string()
            .into_bytes()
    };
    let headers = |key| {
        [
            ("Content-Type", "application/json"),
            ("If-None-Match", "*"),
            ("Idempotency-Key", key),
        ]
    };

    let first = world.send("POST", &path, &headers("a"), body()).await.is(201);
    let again = world.send("POST", &path, &headers("a"), body()).await.is(201);
    assert_eq!(first.text, again.text);
    let other = world.send("POST", &path, &headers("b"), body()).await.is(412);
    assert_eq!(other.problem(), "already-known");
    assert_eq!(world.history(&someone).await.len(), 1);
}

#[tokio::test]
async fn a_host_whose_clock_is_behind_cannot_undo_a_withdrawal() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.withdraw_all(&someone).await.is(200);

    world.advance(SignedDuration::from_hours(-1));
    assert!(!world.may(&someone, "bmw-ag", "email").await);
    world.settle().await;
    assert_eq!(world.holds("bmw-ag", &someone), Default::default());

    let an_hour_ago = json!({ "happened_at": world.now() });
    world
        .grant(&someone, tests::merged(everything(), an_hour_ago))
        .await
        .is(201);
    assert!(
        !world.may(&someone, "bmw-ag", "email").await,
        "it happened before the withdrawal"
    );
    world.grant(&someone, everything()).await.is(201);
    assert!(
        world.may(&someone, "bmw-ag", "email").await,
        "this one is newer, whatever the clock says"
    );
}
