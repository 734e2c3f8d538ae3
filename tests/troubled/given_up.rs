//! Deliveries that were given up, and what brings them back.

use serde_json::json;
use tests::{Manner, World};

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

async fn redrive(world: &World, recipient: &str) {
    let path = format!("/v1/recipients/{recipient}/redrive");
    world.post(&path, json!({})).await.is(202);
    world.settle().await;
}
