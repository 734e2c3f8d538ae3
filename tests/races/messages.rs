//! Messages and changes that come twice, late, or in another order.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use local::sqs::{Disorder, Late};
use serde_json::json;
use tests::{Call, ERRANDS, Fate, PURPOSES, Someone, World, contacts};

use crate::NOTICED;

#[tokio::test]
async fn a_fan_out_that_was_cut_off_anywhere_starts_again() {
    for operation in ["Query", "PutItem", "SendMessageBatch"] {
        let world = World::at_noon().await;
        let someone = world.someone_who_granted_everything().await;

        let cut = move |call: &Call| {
            if call.operation == operation {
                Fate::NeverSent
            } else {
                Fate::Answered
            }
        };
        world.calls.judge(cut);
        world.fan_out().await;
        assert!(world.sqs.bodies(ERRANDS).is_empty(), "cut off at {operation}");
        world.calls.heal();
        world.settle().await;

        world.everyone_is_in_step(&[someone], &NOTICED).await;
    }
}

#[tokio::test]
async fn errands_that_the_queue_did_not_take_are_sent_again_and_hold_up_no_others() {
    let world = World::at_noon().await;
    let mut people = Vec::new();
    for _ in 0..4 {
        people.push(world.someone_who_granted_everything().await);
    }

    // Twelve errands, of which the first ten make a request.
    world
        .calls
        .judge(|call| match call.request["Entries"].as_array() {
            Some(entries) if call.operation == "SendMessageBatch" && entries.len() < 10 => Fate::NeverSent,
            Some(_) | None => Fate::Answered,
        });
    world.fan_out().await;
    let sent: BTreeSet<String> = world.sqs.bodies(ERRANDS).into_iter().collect();
    assert_eq!(sent.len(), 10, "{sent:?}");
    world.calls.heal();
    world.settle().await;

    world.everyone_is_in_step(&people, &NOTICED).await;
}

#[tokio::test]
async fn a_record_that_cannot_be_read_holds_up_no_others_of_its_batch() {
    let world = World::at_noon().await;
    let mut people = Vec::new();
    for _ in 0..3 {
        people.push(world.someone_who_granted_everything().await);
    }

    let first = format!("CHAIN#{}", people[0].pseudonym);
    world.calls.judge(move |call| {
        if call.is("Query", "CHAIN") && call.request.to_string().contains(&first) {
            Fate::NeverSent
        } else {
            Fate::Answered
        }
    });
    world.fan_out().await;
    let sent: BTreeSet<String> = world.sqs.bodies(ERRANDS).into_iter().collect();
    assert_eq!(sent.len(), 2 * NOTICED.len(), "{sent:?}");
    world.calls.heal();
    world.settle().await;

    world.everyone_is_in_step(&people, &NOTICED).await;
}

#[tokio::test]
async fn messages_that_come_twice_late_and_out_of_order_leave_everybody_in_step() {
    for seed in 1..=3 {
        let world = World::at_noon().await;
        world.dealer("dealer-one").await;
        world.dealer("dealer-two").await;
        world.settle().await;
        let late = Late {
            every: 3,
            by: SignedDuration::from_mins(10),
        };
        world.sqs.disorder(Disorder {
            twice_every: 2,
            shuffle_seed: Some(seed),
            late: Some(late),
        });

        let mut people: Vec<Someone> = Vec::new();
        for _ in 0..4 {
            people.push(world.someone_who_granted_everything().await);
        }
        for (place, someone) in people.iter().enumerate() {
            world
                .relate(someone, "dealer-one", "preferred", "account", json!({}))
                .await
                .is(200);
            world.fan_out().await;
            world
                .withdraw(someone, json!({ "channels": ["email"] }))
                .await
                .is(200);
            world
                .relate(someone, "dealer-two", "preferred", "account", json!({}))
                .await
                .is(200);
            world.settle().await;
            world
                .patch_profile(someone, json!({ "contact": { "city": "Milano" } }))
                .await
                .is(200);
            if place % 2 == 0 {
                world.withdraw_all(someone).await.is(200);
            }
            world.fan_out().await;
        }
        world.settle().await;
        world.advance(SignedDuration::from_mins(11));
        world.settle().await;

        let recipients = [&NOTICED[..], &["dealer-one", "dealer-two"]].concat();
        world.everyone_is_in_step(&people, &recipients).await;
        let still_there = contacts(&PURPOSES, &["phone", "sms", "post", "messaging"]);
        assert_eq!(world.holds("dealer-two", &people[1]).facets, still_there);
    }
}

#[tokio::test]
async fn the_stream_replayed_from_its_beginning_tells_nobody_anything_new() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world
        .withdraw(&someone, json!({ "channels": ["sms"] }))
        .await
        .is(200);
    world.settle().await;
    let before = world.recipients.letters("bmw-ag");

    world.replay().await;
    world.replay().await;

    assert_eq!(world.recipients.letters("bmw-ag"), before);
}
