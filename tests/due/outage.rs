//! The sweep that stood still, was cut off, ran twice at once, or came after a change of mind.

use std::collections::BTreeMap;
use std::future::pending;

use jiff::SignedDuration;
use serde_json::json;
use tests::{Call, Fate, Someone, World, instant};
use tokio::sync::oneshot;

use crate::{acts, someone_who_granted_on, tick_at};

/// What is due lies between these days of March, one each hour.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

pub(crate) fn shard_of(pseudonym: &str) -> u8 {
    platform::digest::sha256(&[pseudonym.as_bytes()])[0] % 32
}

fn appends(call: &Call) -> bool {
    call.is("PutItem", "CHAIN")
}

/// People whose consents end one after the other, from the second of March on.
async fn people(world: &World, count: i64, apart: SignedDuration) -> Vec<Someone> {
    let mut people = Vec::new();
    for place in 0..count {
        let ends = instant("2024-03-02T13:00:00Z") + apart * i32::try_from(place).expect("few");
        people.push(someone_who_granted_on(world, &ends.to_string()).await);
    }
    people
}

/// Three people of one shard, whose consents end an hour apart.
async fn people_of_one_shard(world: &World) -> Vec<Someone> {
    let mut people = Vec::new();
    while people.len() < 3 {
        let someone = world.someone().await;
        if shard_of(&someone.pseudonym) == 7 {
            let then = instant("2024-03-02T13:00:00Z") + HOUR * i32::try_from(people.len()).expect("few");
            let then = json!({ "happened_at": then.to_string() });
            world
                .grant(&someone, tests::merged(tests::everything(), then))
                .await
                .is(201);
            people.push(someone);
        }
    }
    world.settle().await;
    tick_at(world, "2026-03-02T12:10:00Z").await;
    people
}

async fn lapsed(world: &World, someone: &Someone) -> usize {
    let acts = acts(world, someone).await;
    acts.iter().filter(|act| *act == "lapsed").count()
}

#[tokio::test]
async fn a_sweep_that_stood_still_for_five_days_catches_up_in_order_and_once() {
    let world = World::at_noon().await;
    let people = people(&world, 40, HOUR * 3).await;
    tick_at(&world, "2026-03-02T12:10:00Z").await;
    world.clock.set(instant("2026-03-07T17:00:00Z"));
    for someone in &people {
        assert!(
            !world.may(someone, "bmw-ag", "email").await,
            "no answer waits for it"
        );
    }
    world.calls.forget();
    world.tick().await;

    let place = |call: &Call| {
        let pk = call.request["Item"]["pk"]["S"].as_str()?;
        people.iter().position(|someone| pk.ends_with(&someone.pseudonym))
    };
    let mut last = BTreeMap::new();
    for made in world.calls.made().iter().filter(|made| appends(&made.call)) {
        let place = place(&made.call).expect("one of them");
        let before = last.insert(shard_of(&people[place].pseudonym), place);
        assert!(before.is_none_or(|before| before < place), "in order");
    }
    world.tick().await;
    for someone in &people {
        assert_eq!(lapsed(&world, someone).await, 1);
        assert_eq!(world.holds("bmw-ag", someone), Default::default());
    }
}

#[tokio::test]
async fn two_sweeps_at_once_do_each_thing_once_and_a_third_writes_nothing() {
    let world = World::at_noon().await;
    let people = people(&world, 10, HOUR).await;
    tick_at(&world, "2026-03-02T12:10:00Z").await;
    world.clock.set(instant("2026-03-03T12:00:00Z"));
    let (store, queue) = world.table_and_queue(policies::all());
    let (first, second) = tokio::join!(
        consent_expire::handle(&store, &queue, world.now(), pending()),
        consent_expire::handle(&store, &queue, world.now(), pending()),
    );
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    world.settle().await;

    world.calls.forget();
    let third = consent_expire::handle(&store, &queue, world.now(), pending()).await;
    assert!(third.is_ok(), "{third:?}");
    assert!(world.calls.made().iter().all(|made| !made.call.is_write()));
    for someone in &people {
        assert_eq!(lapsed(&world, someone).await, 1);
    }
}

#[tokio::test]
async fn a_run_that_is_out_of_time_ends_in_between_and_the_next_goes_on_from_there() {
    let world = World::at_noon().await;
    let people = people_of_one_shard(&world).await;
    world.clock.set(instant("2026-03-02T20:00:00Z"));
    let (store, queue) = world.table_and_queue(policies::all());

    let (out_of_time, until) = oneshot::channel::<()>();
    world.calls.meanwhile(appends, async move { drop(out_of_time) });
    let until = async { drop(until.await) };
    let run = consent_expire::handle(&store, &queue, world.now(), until).await;
    assert!(run.is_ok(), "{run:?}");
    let mut announced = Vec::new();
    for someone in &people {
        announced.push(lapsed(&world, someone).await);
    }
    assert_eq!(announced, [1, 0, 0], "in order, and no further than it came");

    world.calls.forget();
    let run = consent_expire::handle(&store, &queue, world.now(), pending()).await;
    assert!(run.is_ok(), "{run:?}");
    let reads = world.calls.made();
    let reads = reads.iter().filter(|made| made.call.is("Query", "CHAIN"));
    assert_eq!(reads.count(), 2, "what was done is not looked at again");
    world.settle().await;
    for someone in &people {
        assert_eq!(lapsed(&world, someone).await, 1);
    }
}

#[tokio::test]
async fn a_run_that_is_cut_off_anywhere_is_made_up_for_by_the_next() {
    for cut_off_at in [1, 2, 3, 4] {
        let world = World::at_noon().await;
        let people = people_of_one_shard(&world).await;
        world.clock.set(instant("2026-03-02T20:00:00Z"));
        let mut writes = 0;
        world.calls.judge(move |call| {
            writes += usize::from(call.is_write());
            if writes >= cut_off_at {
                Fate::NeverSent
            } else {
                Fate::Answered
            }
        });
        let (store, queue) = world.table_and_queue(policies::all());
        let run = consent_expire::handle(&store, &queue, world.now(), pending()).await;
        assert!(run.is_err());
        world.calls.heal();

        world.tick().await;
        for someone in &people {
            assert_eq!(lapsed(&world, someone).await, 1);
            assert_eq!(world.holds("bmw-ag", someone), Default::default());
        }
    }
}

#[tokio::test]
async fn who_renews_between_the_due_date_and_the_sweep_keeps_the_consent() {
    let world = World::at_noon().await;
    let people = people(&world, 2, SignedDuration::ZERO).await;
    let (in_time, too_late) = (&people[0], &people[1]);
    tick_at(&world, "2026-03-02T12:10:00Z").await;

    world.clock.set(instant("2026-03-02T12:59:00Z"));
    world.grant(in_time, tests::everything()).await.is(201);
    world.clock.set(instant("2026-03-02T13:01:00Z"));
    assert!(!world.may(too_late, "bmw-ag", "email").await);
    world.grant(too_late, tests::everything()).await.is(201);
    world.settle().await;
    tick_at(&world, "2026-03-02T13:02:00Z").await;

    for someone in &people {
        assert_eq!(lapsed(&world, someone).await, 0);
        assert!(world.may(someone, "bmw-ag", "email").await);
        assert!(!world.heard("bmw-ag", someone).contains(&"lapsed".to_owned()));
    }
}

#[tokio::test]
async fn a_due_subject_costs_a_read_and_a_write_and_an_empty_sweep_reads_its_shards() {
    let world = World::at_noon().await;
    let people = people(&world, 1, HOUR).await;
    tick_at(&world, "2026-03-02T12:10:00Z").await;
    let (store, queue) = world.table_and_queue(policies::all());
    let sweep = async || {
        world.calls.forget();
        let run = consent_expire::handle(&store, &queue, world.now(), pending()).await;
        assert!(run.is_ok(), "{run:?}");
        world.calls.cost()
    };
    world.clock.set(instant("2026-03-02T12:30:00Z"));
    let empty = sweep().await;
    assert_eq!(world.calls.count("Query"), 32);
    assert_eq!(
        (empty.calls, empty.write_units),
        (33, 0.0),
        "the shards, and their marks"
    );
    assert!(empty.read_units <= 16.5, "{empty:?}");

    world.clock.set(instant("2026-03-02T13:00:00Z"));
    let due = sweep().await;
    assert_eq!(due.calls - empty.calls, 3, "a read, a write, and the mark");
    assert_eq!(due.write_units, 2.0, "an act, and the mark");
    world.settle().await;
    assert_eq!(lapsed(&world, &people[0]).await, 1);
}
