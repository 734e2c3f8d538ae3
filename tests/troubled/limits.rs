//! Recipients that take so many a minute and no more.

use jiff::SignedDuration;
use serde_json::json;
use tests::{ERRANDS, World};

use crate::{MINUTE, NOTICED, people};

/// A world in which the group takes so many a minute. The minutes of its limit do not begin with ours.
async fn limited(rate_per_minute: usize) -> World {
    let world = World::at_noon().await;
    let group = json!({ "kind": "group-company", "rate_per_minute": rate_per_minute });
    world.register("bmw-ag", group).await.is(200);
    world.advance(SignedDuration::from_secs(37));
    world.tick().await;
    world
}

/// More than the queue can keep back, and more come all the time.
#[tokio::test]
async fn whoever_waits_for_a_limit_is_told_as_fast_as_it_allows_and_no_faster() {
    const RATE: usize = 3;
    let world = limited(RATE).await;
    let mut everyone = people(&world, 55).await;
    let mut before = world.recipients.requests("bmw-ag");
    assert_eq!(before, RATE, "those who came first");
    let mut minutes = 0;
    while world.recipients.requests("bmw-ag") < everyone.len() {
        if minutes < 10 {
            everyone.extend(people(&world, 1).await);
        }
        world.advance(MINUTE);
        world.tick().await;
        minutes += 1;
        let asked = world.recipients.requests("bmw-ag");
        let left = everyone.len() - before;
        assert_eq!(asked - before, RATE.min(left), "in minute {minutes}");
        before = asked;
    }
    assert_eq!(minutes, everyone.len().div_ceil(RATE) - 1);
    world.everyone_is_in_step(&everyone, &NOTICED).await;
}

#[tokio::test]
async fn whoever_has_a_place_keeps_it_whatever_comes_meanwhile() {
    let world = limited(1).await;
    let mut everyone = people(&world, 1).await;
    let city = json!({ "contact": { "city": "Turin" } });
    world.patch_profile(&everyone[0], city).await.is(200);
    everyone.extend(people(&world, 3).await);
    let waits = world.sqs.kept_back(ERRANDS);
    assert_eq!(waits.len(), 4);

    // A withdrawal asks for a turn of its own, and a redrive asks for one for everybody.
    world.withdraw_all(&everyone[0]).await.is(200);
    world.settle().await;
    let redrive = world.post("/v1/recipients/bmw-ag/redrive", json!({}));
    redrive.await.is(202);
    world.settle().await;
    assert_eq!(
        world.sqs.kept_back(ERRANDS),
        waits,
        "nobody waits twice, or longer"
    );

    for asked in 2..=5 {
        world.advance(MINUTE);
        world.settle().await;
        assert_eq!(world.recipients.requests("bmw-ag"), asked);
        assert_eq!(world.holds("bmw-ag", &everyone[0]), Default::default());
    }
    world.everyone_is_in_step(&everyone, &NOTICED).await;
}

#[tokio::test]
async fn a_host_whose_clock_is_behind_counts_in_the_minute_of_the_others() {
    let world = limited(2).await;
    let mut everyone = people(&world, 1).await;
    world.advance(-MINUTE * 4);
    everyone.extend(people(&world, 2).await);
    world.advance(MINUTE * 4);
    assert_eq!(world.recipients.requests("bmw-ag"), 2);
    world.advance(MINUTE);
    world.settle().await;
    world.everyone_is_in_step(&everyone, &NOTICED).await;
}
