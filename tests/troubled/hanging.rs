//! A recipient that takes a request and never answers it: these tests wait as long as the client does, which counts by
//! the computer's own clock.

use jiff::SignedDuration;
use serde_json::json;
use tests::{Manner, World};

use crate::{MINUTE, NOTICED, asked_in, people, told_of};

/// How long the client waits.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);
const SECOND: SignedDuration = SignedDuration::from_secs(1);

#[tokio::test]
async fn one_that_hangs_is_hung_up_on_while_all_others_are_told() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::Holds);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    // Nobody has let go of the request, so it is we who did.
    assert_eq!(world.recipients.requests("bmw-ag"), 1);
    let entry = told_of(&world, &someone, "bmw-ag").await;
    assert_eq!(
        (&entry["state"], &entry["attempts"]),
        (&json!("pending"), &json!(1)),
        "{entry}"
    );
    let others = &NOTICED[1..];
    world
        .everyone_is_in_step(std::slice::from_ref(&someone), others)
        .await;

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(MINUTE * 7);
    world.tick().await;
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}

#[tokio::test]
async fn the_minute_after_which_one_that_hangs_is_asked_again_counts_from_the_question_before() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::Fails);
    let everyone = people(&world, 6).await;
    asked_in(&world, 6, "bmw-ag").await;
    let asked = world.recipients.requests("bmw-ag");

    world.recipients.set("bmw-ag", Manner::Holds);
    world.advance(MINUTE);
    let meanwhile = async {
        world.recipients.until_requested("bmw-ag", asked + 1).await;
        world.advance(PATIENCE);
    };
    tokio::join!(world.settle(), meanwhile);
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(MINUTE - PATIENCE - SECOND);
    world.settle().await;
    assert_eq!(
        world.recipients.requests("bmw-ag"),
        asked + 1,
        "it may be at work"
    );
    world.advance(SECOND);
    world.settle().await;
    world.everyone_is_in_step(&everyone, &NOTICED).await;
}
