//! Deliveries that were given up, and what brings them back.

use jiff::SignedDuration;
use serde_json::json;
use tests::{Manner, Someone, World, instant};

use crate::{HOUR, MINUTE, NOTICED, people, told_of};

const GONE: Manner = Manner::Refuses {
    status: 410,
    retry_after_s: 0,
};

#[tokio::test]
async fn one_that_is_gone_is_asked_no_more_until_a_redrive_brings_it_back() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("bmw-ag", GONE);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    assert_eq!(told_of(&world, &someone, "bmw-ag").await["state"], "given-up");

    world
        .withdraw(&someone, json!({ "channels": ["sms"] }))
        .await
        .is(200);
    world.advance(HOUR * 30);
    world.tick().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 1, "it said that it is gone");

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    redrive(&world, "bmw-ag").await;
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}

#[tokio::test]
async fn after_the_last_try_it_is_given_up_for_all_to_see_and_a_redrive_brings_it_back() {
    let redirects = Manner::Refuses {
        status: 302,
        retry_after_s: 0,
    };
    for manner in [Manner::Fails, redirects] {
        let world = World::at_noon().await;
        world.tick().await;
        world.recipients.set("bmw-ag", manner);
        let someone = world.someone_who_granted_everything().await;
        world.settle().await;
        assert_eq!(told_of(&world, &someone, "bmw-ag").await["state"], "pending");
        for _ in 0..14 {
            world.advance(HOUR * 25);
            world.tick().await;
        }
        let entry = told_of(&world, &someone, "bmw-ag").await;
        assert_eq!(entry["state"], "given-up", "{entry}");
        assert_eq!(entry["attempts"], 10, "{entry}");

        world.recipients.set("bmw-ag", Manner::Acknowledges);
        redrive(&world, "bmw-ag").await;
        world
            .everyone_is_in_step(std::slice::from_ref(&someone), &NOTICED)
            .await;
        assert_eq!(told_of(&world, &someone, "bmw-ag").await["state"], "up-to-date");
    }
}

#[tokio::test]
async fn the_recovery_of_one_that_was_given_up_is_noticed_by_itself() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::Fails);
    let everyone = people(&world, 6).await;
    for _ in 0..24 {
        world.advance(HOUR * 6);
        world.tick().await;
    }
    assert_eq!(told_of(&world, &everyone[0], "bmw-ag").await["state"], "given-up");
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(MINUTE);
    world.tick().await;
    world.everyone_is_in_step(&everyone, &NOTICED).await;
}

/// It fails whenever it is told of this one, until that is given up, and answers whenever it is told of others: so it
/// is not down, and not asked each minute.
async fn fails_until_given_up(world: &World, someone: &Someone) {
    loop {
        world.recipients.set("bmw-ag", Manner::Acknowledges);
        world.someone_who_granted_everything().await;
        world.settle().await;
        world.recipients.set("bmw-ag", Manner::Fails);

        let entry = told_of(world, someone, "bmw-ag").await;
        let Some(next) = entry["next_attempt_at"].as_str() else {
            assert_eq!(entry["state"], "given-up", "{entry}");
            return;
        };
        world.clock.set(instant(next));
        world.tick().await;
    }
}

async fn is_given_up(world: &World) -> Someone {
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::Fails);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    fails_until_given_up(world, &someone).await;
    someone
}

/// It was asked at once, and failed; as the schedule begins, it is asked again after five seconds.
async fn is_told_on_the_schedule(world: &World, someone: &Someone) {
    let entry = told_of(world, someone, "bmw-ag").await;
    assert_ne!(entry["state"], "given-up", "{entry}");
    assert_eq!(entry["attempts"], 1, "{entry}");
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(SignedDuration::from_secs(5));
    world.settle().await;
    world
        .everyone_is_in_step(std::slice::from_ref(someone), &NOTICED)
        .await;
}

#[tokio::test]
async fn a_withdrawal_after_another_was_given_up_has_the_whole_schedule() {
    let world = World::at_noon().await;
    let someone = is_given_up(&world).await;
    for channel in ["sms", "email"] {
        world.advance(HOUR);
        let channels = json!({ "channels": [channel] });
        world.withdraw(&someone, channels).await.is(200);
        world.settle().await;
        assert_eq!(
            told_of(&world, &someone, "bmw-ag").await["attempts"],
            1,
            "{channel}"
        );
        if channel == "sms" {
            fails_until_given_up(&world, &someone).await;
        }
    }
    is_told_on_the_schedule(&world, &someone).await;
}

#[tokio::test]
async fn what_a_redrive_brings_back_has_the_whole_schedule() {
    let world = World::at_noon().await;
    let someone = is_given_up(&world).await;
    redrive(&world, "bmw-ag").await;
    is_told_on_the_schedule(&world, &someone).await;
}

async fn redrive(world: &World, recipient: &str) {
    let path = format!("/v1/recipients/{recipient}/redrive");
    world.post(&path, json!({})).await.is(202);
    world.settle().await;
}
