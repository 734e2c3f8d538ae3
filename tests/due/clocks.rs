//! Days and clocks: the policy's zone and not the machine's, and hosts that do not agree on the time.

use std::future::pending;
use std::process::Command;

use domain::record::AHEAD_MAX;
use jiff::SignedDuration;
use serde_json::json;
use tests::{Manner, World, instant};

use crate::{acts, someone_who_granted_on, tick_at};

/// The last day on which a delivery counts, and the instant in UTC at which it is over in Rome.
const ANNIVERSARIES: [(&str, &str); 4] = [
    // The clocks go forward on 29 March 2026, and back on 25 October.
    ("2023-03-28", "2026-03-28T23:00:00Z"),
    ("2023-03-29", "2026-03-29T22:00:00Z"),
    ("2023-10-25", "2026-10-25T23:00:00Z"),
    // 29 February ends on 28 February.
    ("2024-02-29", "2027-02-28T23:00:00Z"),
];

#[tokio::test]
async fn a_period_ends_with_its_day_in_rome_through_summer_time_and_leap_days() {
    for (delivered_on, over) in ANNIVERSARIES {
        let over = instant(over);
        let world = World::at(&(over - SignedDuration::from_hours(30)).to_string()).await;
        let someone = world.someone_who_granted_everything().await;
        world.dealer("dealer-one").await;
        let delivered = json!({ "delivered_on": delivered_on });
        world
            .relate(&someone, "dealer-one", "purchase", "vehicle-1", delivered)
            .await
            .is(200);
        world.settle().await;

        for (after, allowed) in [(-86_400_000, true), (-1, true), (0, false), (86_400_000, false)] {
            let at = over + SignedDuration::from_millis(after);
            tick_at(&world, &at.to_string()).await;
            let question = json!({ "who": "dealer-one", "category": "customer-history" });
            let decision = world.decide(&someone, question).await;
            assert_eq!(decision["allowed"], allowed, "{delivered_on} at {at}");
            let announced = acts(&world, &someone).await.len() > 2;
            assert_eq!(announced, !allowed, "{delivered_on} at {at}");
        }
    }
}

#[tokio::test]
async fn a_consent_of_a_leap_day_ends_on_the_day_before_in_its_zone() {
    let world = World::at("2026-02-27T12:00:00Z").await;
    // Half past midnight of 29 February in Rome; in UTC it is still the 28th.
    let someone = someone_who_granted_on(&world, "2024-02-28T23:30:00Z").await;
    tick_at(&world, "2026-02-27T23:29:59.999Z").await;
    assert!(world.may(&someone, "bmw-ag", "email").await);
    tick_at(&world, "2026-02-27T23:30:00Z").await;
    assert!(!world.may(&someone, "bmw-ag", "email").await);
}

#[test]
fn the_zone_of_the_machine_makes_no_difference() {
    let this = std::env::current_exe().expect("this test");
    for zone in ["Pacific/Kiritimati", "America/Los_Angeles"] {
        let run = Command::new(&this)
            .args(["in_rome_through", "on_the_day_before", "--test-threads=1"])
            .env("TZ", zone)
            .output()
            .expect("a run of this test");
        let told = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "{zone}: {told}");
        assert!(told.contains("2 passed"), "{zone}: {told}");
    }
}

#[tokio::test]
async fn a_host_that_is_five_minutes_behind_allows_for_five_minutes_and_no_longer() {
    let world = World::at_noon().await;
    let someone = someone_who_granted_on(&world, "2024-03-02T13:00:00Z").await;
    tick_at(&world, "2026-03-02T12:10:00Z").await;
    let end = instant("2026-03-02T13:00:00Z");

    for ahead in -5..=5 {
        let bound = end + AHEAD_MAX;
        world.clock.set(bound + SignedDuration::from_mins(ahead));
        assert!(!world.may(&someone, "bmw-ag", "email").await, "{ahead} min ahead");
    }
    // Once a host whose clock is right has announced it, no other allows it at all.
    tick_at(&world, "2026-03-02T13:00:00Z").await;
    world.clock.set(end - AHEAD_MAX);
    assert!(!world.may(&someone, "bmw-ag", "email").await);
}

/// What is due at once is written by a host whose clock is right, and swept by one that is five minutes ahead.
#[tokio::test]
async fn a_sweep_that_is_five_minutes_ahead_passes_nothing_that_others_write_for_the_past() {
    let world = World::at_noon().await;
    let (store, queue) = world.table_and_queue(policies::all());
    let sweep = async |ahead| {
        let swept = consent_expire::handle(&store, &queue, world.now() + ahead, pending()).await;
        assert!(swept.is_ok(), "{swept:?}");
        world.settle().await;
    };
    sweep(AHEAD_MAX).await;

    let (mut over, mut waiting) = (Vec::new(), Vec::new());
    for minute in 0..4 {
        // A form of two years ago, brought in now: its end is over, and nobody could note that sooner.
        over.push(someone_who_granted_on(&world, &format!("2024-03-02T11:{minute:02}:30Z")).await);
        // And a delivery that fails, and is to be tried again in seconds.
        world.recipients.set("bmw-ag", Manner::IsDown);
        waiting.push(world.someone_who_granted_everything().await);
        world.settle().await;
        world.recipients.set("bmw-ag", Manner::Acknowledges);
        world.advance(SignedDuration::from_mins(1));
        sweep(AHEAD_MAX).await;
    }
    for _ in 0..6 {
        world.advance(SignedDuration::from_mins(1));
        sweep(AHEAD_MAX).await;
    }

    for someone in &over {
        assert_eq!(acts(&world, someone).await, ["granted", "lapsed"]);
    }
    world.everyone_is_in_step(&waiting, &["bmw-ag"]).await;
}
