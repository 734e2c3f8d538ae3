//! Withdrawals that a recipient does not confirm in time.

use serde_json::json;
use tests::{ERRANDS, Manner, World, everything};

use crate::{HOUR, NOTICED, told_of};

/// It is up and has not failed once: what holds the others back is the debt alone.
#[tokio::test]
async fn one_that_does_not_confirm_a_withdrawal_in_time_gets_nothing_new_until_it_has() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.withdraw_all(&someone).await.is(200);
    world.fan_out().await;
    world.sqs.forget(ERRANDS);

    let mut half_days = 0;
    while told_of(&world, &someone, "bmw-ag").await["state"] != "overdue" {
        world.advance(HOUR * 12);
        world.tick().await;
        half_days += 1;
        assert!(half_days < 20, "it never becomes overdue");
    }
    let other = world.someone_who_granted_everything().await;
    world.settle().await;
    assert_eq!(world.holds("bmw-ag", &other), Default::default());

    for recipient in NOTICED {
        let path = format!("/v1/recipients/{recipient}/redrive");
        world.post(&path, json!({})).await.is(202);
    }
    world.settle().await;
    world.everyone_is_in_step(&[someone, other], &NOTICED).await;
}

#[tokio::test]
async fn a_withdrawal_that_nobody_was_told_of_yet_is_pending_with_everyone_who_holds_something() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    let states = async || {
        let mut states = Vec::new();
        for recipient in NOTICED {
            states.push(told_of(&world, &someone, recipient).await["state"].clone());
        }
        states
    };
    assert_eq!(states().await, ["up-to-date"; 3]);
    world.withdraw_all(&someone).await.is(200);
    assert_eq!(states().await, ["pending"; 3]);
    world.settle().await;
    assert_eq!(states().await, ["up-to-date"; 3]);
}

#[tokio::test]
async fn a_debt_that_a_new_grant_settles_holds_nothing_back_for_ever() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::IsDown);
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    for _ in 0..10 {
        world.advance(HOUR * 12);
        world.tick().await;
    }
    world.grant(&someone, everything()).await.is(201);
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.settle().await;
    world.advance(HOUR * 27);
    world.tick().await;

    let other = world.someone_who_granted_everything().await;
    world.settle().await;
    world.everyone_is_in_step(&[someone, other], &NOTICED).await;
}
