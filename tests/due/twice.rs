//! Two sweeps at once, where what falls due is no act of the record: a delivery, and a debt.

use std::future::pending;

use jiff::{SignedDuration, Timestamp};
use tests::{Manner, Someone, World, instant};

use crate::text;

/// Two at once, and what follows from both.
async fn sweep_twice_at_once(world: &World) {
    let (store, queue) = world.table_and_queue(policies::all());
    let sweep = || consent_expire::handle(&store, &queue, world.now(), pending());
    let (first, second) = tokio::join!(sweep(), sweep());
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    world.settle().await;
}

async fn next_attempt(world: &World, someone: &Someone) -> Timestamp {
    let path = format!("/v1/subjects/{}/recipients", someone.id);
    let told = world.get(&path).await.is(200).body;
    let entries = told["recipients"].as_array().cloned().unwrap_or_default();
    let of_it = entries.iter().find(|entry| entry["recipient"] == "bmw-ag");
    instant(&text(&of_it.expect("an entry")["next_attempt_at"]))
}

#[tokio::test]
async fn a_delivery_is_tried_once_and_a_debt_is_counted_once() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::IsDown);
    let deadline = world.now() + SignedDuration::from_hours(48);
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;

    let mut asked = world.recipients.requests("bmw-ag");
    loop {
        let next = next_attempt(&world, &someone).await;
        if next >= deadline {
            break;
        }
        world.clock.set(next);
        sweep_twice_at_once(&world).await;
        asked += 1;
        assert_eq!(world.recipients.requests("bmw-ag"), asked, "at {next}");
    }

    world.clock.set(deadline + SignedDuration::from_secs(1));
    sweep_twice_at_once(&world).await;
    let breaker = world.stored("BREAKER#bmw-ag").await;
    assert_eq!(breaker[0]["overdue"].as_n().map(String::as_str), Ok("1"));

    // What still waits in the queue comes to nothing once it has answered.
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    for _ in 0..2 {
        world.advance(SignedDuration::from_hours(24));
        sweep_twice_at_once(&world).await;
    }
    assert_eq!(world.holds("bmw-ag", &someone), Default::default());
}
