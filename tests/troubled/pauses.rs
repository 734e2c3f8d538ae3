//! Recipients for which it is too much.

use jiff::SignedDuration;
use tests::{Manner, World};

use crate::{MINUTE, NOTICED, asked_in, people};

#[tokio::test]
async fn one_for_which_it_is_too_much_is_left_alone_by_everybody_for_a_minute_or_as_long_as_it_asks() {
    for (status, retry_after_s, pause_s) in [(429, 0, 60), (502, 30, 60), (503, 600, 600), (504, 0, 60)] {
        let world = World::at_noon().await;
        world.tick().await;
        let too_much = Manner::Refuses {
            status,
            retry_after_s,
        };
        world.recipients.set("bmw-ag", too_much);
        let everyone = people(&world, 4).await;
        assert_eq!(
            world.recipients.requests("bmw-ag"),
            1,
            "{status}: the others wait"
        );
        world.everyone_is_in_step(&everyone, &NOTICED[1..]).await;

        world.recipients.set("bmw-ag", Manner::Acknowledges);
        world.advance(SignedDuration::from_secs(pause_s - 1));
        world.tick().await;
        assert_eq!(world.recipients.requests("bmw-ag"), 1, "{status}: not before");
        world.advance(SignedDuration::from_secs(1));
        world.tick().await;
        assert_eq!(
            world.recipients.requests("bmw-ag"),
            2,
            "{status}: one asks how it is"
        );
        world.advance(MINUTE);
        world.settle().await;
        world.everyone_is_in_step(&everyone, &NOTICED).await;
        let looked_again = world.stored("AGAIN#bmw-ag").await;
        assert_eq!(
            looked_again,
            [],
            "{status}: for that nobody need look at everybody"
        );
    }
}

#[tokio::test]
async fn one_that_says_until_when_it_is_unavailable_is_left_alone_until_then() {
    let world = World::at_noon().await;
    world.tick().await;
    world
        .recipients
        .set("bmw-ag", Manner::IsUnavailable { for_s: 600 });
    let everyone = people(&world, 2).await;
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    assert_eq!(asked_in(&world, 9, "bmw-ag").await, 0);
    assert_ne!(asked_in(&world, 2, "bmw-ag").await, 0);
    world.advance(MINUTE);
    world.settle().await;
    world.everyone_is_in_step(&everyone, &NOTICED).await;
}

#[tokio::test]
async fn while_it_is_too_much_for_one_it_is_asked_once_a_minute() {
    let world = World::at_noon().await;
    world.tick().await;
    let too_much = Manner::Refuses {
        status: 503,
        retry_after_s: 0,
    };
    world.recipients.set("bmw-ag", too_much);
    let mut everyone = people(&world, 10).await;
    assert_eq!(world.recipients.requests("bmw-ag"), 1);
    for minute in 0..20 {
        let before = world.recipients.requests("bmw-ag");
        everyone.extend(people(&world, 1).await);
        asked_in(&world, 1, "bmw-ag").await;
        let asked = world.recipients.requests("bmw-ag") - before;
        assert_eq!(asked, 1, "in minute {minute}");
    }
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    everyone.extend(people(&world, 1).await);
    world.advance(MINUTE);
    everyone.extend(people(&world, 1).await);
    world.settle().await;
    world.everyone_is_in_step(&everyone, &NOTICED).await;
}

#[tokio::test]
async fn one_that_fails_at_one_thing_is_told_of_the_others() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::Fails);
    let everyone = people(&world, 2).await;
    assert_eq!(world.recipients.requests("bmw-ag"), 2);
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(MINUTE);
    world.settle().await;
    world.everyone_is_in_step(&everyone, &NOTICED).await;
}

#[tokio::test]
async fn one_that_asks_for_patience_is_left_alone_for_as_long() {
    let world = World::at_noon().await;
    world.tick().await;
    let busy = Manner::Refuses {
        status: 503,
        retry_after_s: 3_600,
    };
    world.recipients.set("bmw-ag", busy);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    for _ in 0..5 {
        world.advance(MINUTE * 10);
        world.tick().await;
    }
    assert_eq!(world.recipients.requests("bmw-ag"), 1);

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(MINUTE * 11);
    world.tick().await;
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}
