//! While a recipient is in trouble, one delivery a minute asks how it is, and no more.

use jiff::SignedDuration;
use serde_json::json;
use tests::{ERRANDS, Manner, World, everything, instant};

use crate::schedule::{AGAIN_AFTER_S, errand};
use crate::{HOUR, MINUTE, NOTICED, asked_in, people, told_of};

/// What a recipient that is in trouble may answer: nothing, whether it takes what it was sent or not; an error, that it
/// is too much, and what is no answer to a post.
const TROUBLES: [Manner; 5] = [
    Manner::IsDown,
    Manner::LosesAnswers,
    Manner::Fails,
    Manner::Refuses {
        status: 503,
        retry_after_s: 0,
    },
    Manner::Refuses {
        status: 302,
        retry_after_s: 0,
    },
];

#[tokio::test]
async fn one_that_is_down_is_asked_once_a_minute_though_nothing_new_comes() {
    for trouble in TROUBLES {
        let world = World::at_noon().await;
        world.tick().await;
        world.recipients.set("bmw-ag", trouble);
        let everyone = people(&world, 6).await;
        // Until five have failed in a row.
        asked_in(&world, 6, "bmw-ag").await;
        for minute in 0..100 {
            let asked = asked_in(&world, 1, "bmw-ag").await;
            assert_eq!(asked, 1, "{trouble:?}: in minute {minute}");
        }
        world.recipients.set("bmw-ag", Manner::Acknowledges);
        asked_in(&world, 1, "bmw-ag").await;
        world.everyone_is_in_step(&everyone, &NOTICED).await;
        assert_eq!(asked_in(&world, 120, "bmw-ag").await, 0, "nothing is left to do");
    }
}

/// It may be at work on what it was sent, for a minute each time, and all else of that subject waits for so long.
#[tokio::test]
async fn while_one_hangs_up_each_minute_what_comes_meanwhile_waits_and_leaves_nothing_in_the_queue() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::LosesAnswers);
    let everyone = people(&world, 6).await;
    asked_in(&world, 6, "bmw-ag").await;
    for minute in 0..90 {
        for someone in &everyone {
            let city = json!({ "contact": { "city": format!("city-{minute}") } });
            world.patch_profile(someone, city).await.is(200);
        }
        world.settle().await;
        assert_eq!(asked_in(&world, 1, "bmw-ag").await, 1, "in minute {minute}");
    }
    // The next attempts are hours away, so it is the question alone that waits, and perhaps an event of whoever asks.
    let waiting = world.sqs.bodies(ERRANDS);
    assert!(waiting.len() <= 2, "{waiting:?}");
    assert_eq!(world.sqs.bodies("ErrandsDead"), [""; 0]);

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    asked_in(&world, 1, "bmw-ag").await;
    world.everyone_is_in_step(&everyone, &NOTICED).await;
}

#[tokio::test]
async fn whoever_asks_each_minute_how_it_is_keeps_its_place_in_the_schedule_as_those_who_wait_do() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::Fails);
    let everyone = people(&world, 6).await;
    let begun = world.now();
    let all: i64 = AGAIN_AFTER_S.iter().sum();
    let mut asked_about = [0; 6];
    for minutes in [5, 5, 30, 120, 300] {
        asked_in(&world, minutes, "bmw-ag").await;
        for (someone, before) in everyone.iter().zip(&mut asked_about) {
            let entry = told_of(&world, someone, "bmw-ag").await;
            let attempts = entry["attempts"].as_u64().expect("a number");
            assert!(
                (*before..=*before + 2).contains(&attempts),
                "{attempts} after {before}"
            );
            let next = instant(entry["next_attempt_at"].as_str().expect("a next attempt"));
            assert!(next > world.now() && next < begun + SignedDuration::from_secs(all));
            *before = attempts;
        }
    }
    assert_eq!(asked_about.map(|attempts| (4..=6).contains(&attempts)), [true; 6]);
    for _ in 0..24 {
        world.advance(HOUR * 6);
        world.tick().await;
    }
    for someone in &everyone {
        let entry = told_of(&world, someone, "bmw-ag").await;
        assert_eq!(
            (&entry["state"], &entry["attempts"]),
            (&json!("given-up"), &json!(10))
        );
    }
}

/// Nothing arrives where nobody listens, so of whoever takes everything back nothing is left to tell.
#[tokio::test]
async fn one_of_whom_nothing_is_left_to_tell_hands_the_question_on() {
    let world = World::at_noon().await;
    let nowhere =
        json!({ "kind": "group-company", "role": "separate-controller", "endpoint": "http://127.0.0.1:1/" });
    world.register("bmw-ag", nowhere).await.is(200);
    world.tick().await;
    let everyone = people(&world, 8).await;
    asked_in(&world, 1, "bmw-ag").await;
    for someone in &everyone[..7] {
        world.withdraw_all(someone).await.is(200);
    }
    world.settle().await;
    // The one who asked may be among them; then another is found.
    asked_in(&world, 1, "bmw-ag").await;
    for minute in 0..30 {
        world.calls.forget();
        asked_in(&world, 1, "bmw-ag").await;
        assert_eq!(failed(&world), 1, "in minute {minute}");
    }
}

/// How many deliveries have failed.
fn failed(world: &World) -> usize {
    let made = world.calls.made();
    let noted = made.iter().filter(|made| {
        let update = made.call.request["UpdateExpression"].as_str().unwrap_or_default();
        made.call.is("UpdateItem", "BREAKER") && update.contains("ADD failures")
    });
    noted.count()
}

/// Two are under way at once, and the recipient answers the one that it wants to be left alone for ten minutes, and
/// the other that it cannot now.
#[tokio::test]
async fn whoever_does_not_say_for_how_long_does_not_shorten_what_another_answer_asked_for() {
    let world = World::at_noon().await;
    world.tick().await;
    let busy = |retry_after_s| Manner::Refuses {
        status: 503,
        retry_after_s,
    };
    world.recipients.set("bmw-ag", busy(0));
    world.recipients.meet(0, busy(600));
    let (one, other) = (world.someone().await, world.someone().await);
    for someone in [&one, &other] {
        world.grant(someone, everything()).await.is(201);
    }
    world.fan_out().await;
    // In no group with the others, and so not after them.
    world.sqs.put(ERRANDS, &errand(&other, "bmw-ag"));
    world.settle().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 2, "both at once");
    world.advance(MINUTE * 10 - SignedDuration::from_secs(1));
    world.tick().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 2, "not before");
    world.advance(SignedDuration::from_secs(1));
    world.tick().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 3);
}
