//! Who is told of an erasure, once.

use serde_json::{Value, json};
use tests::{Manner, Someone, World, everything};

use crate::{HOUR, NOTICED, UNTIL_DUE, a_world, content, heard_erased, someone_well_known};

async fn ledger(world: &World, someone: &Someone) -> Vec<Value> {
    let path = format!("/v1/subjects/{}/recipients", someone.id);
    let told = world.get(&path).await.is(200).body;
    told["recipients"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn whoever_ever_held_data_is_told_once_and_nobody_else_is() {
    let world = a_world().await;
    world.dealer("dealer-two").await;
    world.dealer("dealer-three").await;
    let someone = someone_well_known(&world).await;
    world
        .relate(&someone, "dealer-two", "preferred", "account", json!({}))
        .await
        .is(200);
    world.settle().await;
    // This one holds nothing any more, and is not authorised any more either.
    world
        .part(&someone, "dealer-two", "preferred", "account")
        .await
        .is(200);
    let lost = json!({ "kind": "dealer", "role": "separate-controller", "authorised": false });
    world.register("dealer-two", lost).await.is(200);
    world.settle().await;
    assert_eq!(world.holds("dealer-two", &someone), Default::default());

    world.erase(&someone).await.is(200);
    world.settle().await;

    let told: Vec<&str> = NOTICED.into_iter().chain(["dealer-one", "dealer-two"]).collect();
    for recipient in &told {
        let heard = world.heard(recipient, &someone);
        assert_eq!(heard.last().map(String::as_str), Some("erased"), "{recipient}");
        assert_eq!(heard_erased(&world, recipient, &someone), 1, "{recipient}");
        assert_eq!(
            world.holds(recipient, &someone),
            Default::default(),
            "{recipient}"
        );
    }
    assert_eq!(world.recipients.requests("dealer-three"), 0);
    for entry in ledger(&world, &someone).await {
        assert_eq!(entry["state"], "up-to-date", "{entry}");
    }

    // Neither time nor a look at everybody has it told again.
    let requests = |recipient: &&str| world.recipients.requests(recipient);
    let before: Vec<usize> = told.iter().map(requests).collect();
    world.erase(&someone).await.is(200);
    world.replay().await;
    world.advance(HOUR * 24 * 40);
    world.tick().await;
    assert_eq!(told.iter().map(requests).collect::<Vec<_>>(), before);
}

#[tokio::test]
async fn a_repeated_erasure_adds_nothing_until_something_was_learnt_since() {
    let world = a_world().await;
    let someone = someone_well_known(&world).await;
    let first = world.erase(&someone).await.is(200);
    let acts = world.history(&someone).await.len();
    let again = world.erase(&someone).await.is(200);
    assert_eq!(again.body["act"], Value::Null);
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(world.history(&someone).await.len(), acts);

    world.grant(&someone, everything()).await.is(201);
    world
        .patch_profile(&someone, json!({ "contact": { "city": "Turin" } }))
        .await
        .is(200);
    world.settle().await;
    world.erase(&someone).await.is(200);
    assert_eq!(world.history(&someone).await.len(), acts + 3);
    assert_eq!(content(&world, &someone).await, []);
    world.settle().await;
    assert_eq!(heard_erased(&world, "bmw-ag", &someone), 2, "of each once");
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}

#[tokio::test]
async fn a_consent_given_later_stands_by_itself_and_everybody_begins_anew() {
    let world = a_world().await;
    let someone = someone_well_known(&world).await;
    world.settle().await;
    world.erase(&someone).await.is(200);
    world.settle().await;

    world.grant(&someone, everything()).await.is(201);
    world.settle().await;
    assert!(world.may(&someone, "bmw-ag", "email").await);
    let contact = &world.holds("bmw-ag", &someone).content;
    assert_eq!(contact.get("contact"), None, "nothing of before came back");
    // A dealer that learns of it only now has nothing to erase.
    world.dealer("dealer-new").await;
    world
        .relate(&someone, "dealer-new", "preferred", "account", json!({}))
        .await
        .is(200);
    world
        .patch_profile(&someone, json!({ "contact": { "city": "Turin" } }))
        .await
        .is(200);
    world.settle().await;
    assert_eq!(heard_erased(&world, "dealer-new", &someone), 0);
    assert_eq!(
        world.holds("dealer-new", &someone).content["contact"],
        json!({ "city": "Turin" })
    );
    for recipient in NOTICED {
        assert_eq!(heard_erased(&world, recipient, &someone), 1, "{recipient}");
    }
    let all = [&NOTICED[..], &["dealer-one", "dealer-new"]].concat();
    world.everyone_is_in_step(&[someone], &all).await;
}

#[tokio::test]
async fn a_consent_that_follows_before_the_erasure_was_told_is_told_behind_it() {
    let world = a_world().await;
    let someone = someone_well_known(&world).await;
    world.settle().await;
    world.erase(&someone).await.is(200);
    world.grant(&someone, everything()).await.is(201);
    let before = world.heard("bmw-ag", &someone).len();
    world.settle().await;

    let heard = world.heard("bmw-ag", &someone);
    assert_eq!(heard[before..], ["erased", "granted", "entitlement-started"]);
    let holds = world.holds("bmw-ag", &someone);
    assert_eq!(holds.content, Default::default(), "old content is gone");
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}

#[tokio::test]
async fn a_recipient_that_was_only_ever_tried_after_the_erasure_is_told_of_none() {
    let world = a_world().await;
    let someone = someone_well_known(&world).await;
    world.erase(&someone).await.is(200);
    world.settle().await;
    world.dealer("dealer-new").await;
    world.recipients.set("dealer-new", Manner::LosesAnswers);
    world.grant(&someone, everything()).await.is(201);
    world
        .relate(&someone, "dealer-new", "preferred", "account", json!({}))
        .await
        .is(200);
    world.settle().await;
    world.recipients.set("dealer-new", Manner::Acknowledges);
    world.advance(UNTIL_DUE);
    world.tick().await;
    assert_eq!(heard_erased(&world, "dealer-new", &someone), 0);
    world.everyone_is_in_step(&[someone], &["dealer-new"]).await;
}

#[tokio::test]
async fn an_erasure_that_is_not_confirmed_in_time_is_overdue_like_a_withdrawal() {
    let world = a_world().await;
    world.tick().await;
    let someone = someone_well_known(&world).await;
    // This one holds nothing by then, and must confirm it all the same.
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::IsDown);
    world.erase(&someone).await.is(200);
    world.settle().await;
    let state = async || {
        let entries = ledger(&world, &someone).await;
        let entry = entries.into_iter().find(|entry| entry["recipient"] == "bmw-ag");
        entry.unwrap_or_default()["state"].clone()
    };
    assert_eq!(state().await, "pending");
    for _ in 0..10 {
        world.advance(HOUR * 12);
        world.tick().await;
    }
    assert_eq!(state().await, "overdue");

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(HOUR * 27);
    world.tick().await;
    assert_eq!(state().await, "up-to-date");
    assert_eq!(heard_erased(&world, "bmw-ag", &someone), 1);
}

#[tokio::test]
async fn whoever_was_told_of_nothing_does_not_learn_from_an_erasure_that_the_subject_is_known() {
    let world = a_world().await;
    let stranger = json!({ "kind": "dealer", "role": "separate-controller", "authorised": false });
    world.register("dealer-new", stranger).await.is(201);
    let someone = someone_well_known(&world).await;
    world.erase(&someone).await.is(200);
    world.grant(&someone, everything()).await.is(201);
    world
        .relate(&someone, "dealer-new", "preferred", "account", json!({}))
        .await
        .is(200);
    world.settle().await;

    let told = json!({ "all": true });
    let refused = world.pass_on_withdrawal("dealer-new", &someone, told).await;
    assert_eq!(refused.is(403).problem(), "not-concerned");
    let listed = ledger(&world, &someone).await;
    assert!(
        listed.iter().all(|entry| entry["recipient"] != "dealer-new"),
        "{listed:?}"
    );
}
