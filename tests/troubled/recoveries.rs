//! When a recipient that was down answers again, everybody who waited is told, whoever found it out and wherever that
//! one was cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::codes::RecipientId;
use jiff::SignedDuration;
use platform::store::Failure;
use tests::{Call, Fate, Manner, World, everything};

use crate::{MINUTE, NOTICED, asked_in, people};

/// An answer takes a moment, and the question of the next minute comes by so much later.
const A_MOMENT: SignedDuration = SignedDuration::from_micros(500);
/// Longer than a message stays invisible after it failed.
const UNTIL_AGAIN_MIN: usize = 7;
/// What a delivery calls about its recipient: it claims, reads, asks whether it may ask, forgets the failures unless
/// they were many, has everyone looked at again, acknowledges.
const CALLS: usize = 6;

#[tokio::test]
async fn an_event_that_finds_it_healthy_in_place_of_the_question_of_the_minute_may_die_anywhere() {
    for call in 0..CALLS {
        let world = World::at_noon().await;
        world.tick().await;
        world.advance(A_MOMENT);
        world.recipients.set("bmw-ag", Manner::Fails);
        let mut everyone = people(&world, 6).await;
        // Those who wait are not asked about for half an hour from then on.
        assert_eq!(asked_in(&world, 8, "bmw-ag").await, 8);

        world.recipients.set("bmw-ag", Manner::Acknowledges);
        world.advance(MINUTE - A_MOMENT);
        let another = world.someone().await;
        world.grant(&another, everything()).await.is(201);
        world.fan_out().await;
        everyone.push(another);
        let was_met = dies_at(&world, call);
        world.settle().await;
        // The question of the minute comes, and finds that another has asked.
        world.advance(A_MOMENT);
        world.settle().await;
        asked_in(&world, UNTIL_AGAIN_MIN, "bmw-ag").await;
        world.calls.heal();
        world.everyone_is_in_step(&everyone, &NOTICED).await;
        assert!(was_met.load(Ordering::SeqCst), "{call}");
    }
}

/// After this call about the recipient, of those to come.
fn dies_at(world: &World, at: usize) -> Arc<AtomicBool> {
    let was_met = Arc::new(AtomicBool::new(false));
    let (mut left, met) = (at, was_met.clone());
    world.calls.judge(move |call| {
        if met.load(Ordering::SeqCst) || !is_about(call, "bmw-ag") {
            return Fate::Answered;
        }
        if left == 0 {
            met.store(true, Ordering::SeqCst);
            return Fate::DiesAfter;
        }
        left -= 1;
        Fate::Answered
    });
    was_met
}

fn is_about(call: &Call, recipient: &str) -> bool {
    call.request.to_string().contains(recipient)
}

/// Where one answers in the very moment in which another fails as the fifth in a row.
#[tokio::test]
async fn what_failed_since_a_delivery_began_is_looked_at_again_with_the_others() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::Fails);
    let mut everyone = people(&world, 2).await;
    world.advance(SignedDuration::from_secs(6));
    world.tick().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 4, "and next in five minutes");

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    let (store, _) = world.table_and_queue(policies::all());
    let (recipient, now): (RecipientId, _) = ("bmw-ag".parse().expect("an id"), world.now());
    world
        .calls
        .meanwhile(|call| call.is("UpdateItem", "BREAKER"), async move {
            let failed = store.note_failure(&recipient, Failure::Once, now).await;
            assert!(failed.expect("a count").is_down());
        });
    everyone.push(world.someone_who_granted_everything().await);
    world.settle().await;
    world.everyone_is_in_step(&everyone, &NOTICED).await;
}
