//! A recipient that takes a request and never answers it.

use serde_json::json;
use tests::{Manner, World};

use crate::{MINUTE, NOTICED, told_of};

/// The one test that waits as long as the client does, which counts by the computer's own clock.
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
