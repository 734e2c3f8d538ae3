//! Two sweeps at once: what is no act of the record, a delivery and a debt, and which of the two goes on.

use std::future::pending;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tests::{Manner, Someone, World, everything, instant, merged};

use crate::outage::shard_of;
use crate::{acts, text, tick_at};

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

/// Runs begin each minute and may take twelve: all but the first of them must not do everything once more.
#[tokio::test]
async fn a_run_that_another_has_overtaken_leaves_the_shard_to_it() {
    let world = Arc::new(World::at_noon().await);
    let mut people = Vec::new();
    while people.len() < 3 {
        let someone = world.someone().await;
        if shard_of(&someone.pseudonym) == 7 {
            let days = SignedDuration::from_hours(24 * people.len() as i64);
            let ends = json!({ "happened_at": (instant("2024-03-02T13:00:00Z") + days).to_string() });
            world.grant(&someone, merged(everything(), ends)).await.is(201);
            people.push(someone);
        }
    }
    world.settle().await;
    tick_at(&world, "2026-03-02T12:10:00Z").await;
    world.clock.set(instant("2026-03-05T12:00:00Z"));

    let other = Arc::clone(&world);
    world.calls.meanwhile(
        |call| call.is("PutItem", "CHAIN"),
        async move { sweep(other).await },
    );
    world.calls.forget();
    sweep(Arc::clone(&world)).await;
    let made = world.calls.made();
    let reads = made.iter().filter(|made| made.call.is("Query", "CHAIN"));
    assert_eq!(
        reads.count(),
        3 + 2,
        "the first again, once it was announced already"
    );
    for someone in &people {
        assert_eq!(acts(&world, someone).await, ["granted", "reminder-due", "lapsed"]);
    }
    world.settle().await;
}

/// By itself, whatever else is under way.
async fn sweep(world: Arc<World>) {
    let (store, queue) = world.table_and_queue(policies::all());
    let now = world.now();
    let swept = tokio::spawn(async move { consent_expire::handle(&store, &queue, now, pending()).await });
    swept.await.expect("no panic").expect("a sweep");
}
