//! Withdrawals that a recipient does not confirm in time.

use tests::{Manner, World, everything};

use crate::{HOUR, NOTICED, told_of};

#[tokio::test]
async fn one_that_does_not_confirm_a_withdrawal_in_time_gets_nothing_new_until_it_has() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::IsDown);
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    assert_eq!(told_of(&world, &someone, "bmw-ag").await["state"], "pending");

    let mut days = 0;
    while told_of(&world, &someone, "bmw-ag").await["state"] != "overdue" {
        world.advance(HOUR * 12);
        world.tick().await;
        days += 1;
        assert!(days < 20, "it never becomes overdue");
    }
    // One it cannot be asked about comes back before the one that is overdue.
    let other = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    let third = world.someone_who_granted_everything().await;
    world.settle().await;
    if told_of(&world, &someone, "bmw-ag").await["state"] == "overdue" {
        assert_eq!(world.holds("bmw-ag", &third), Default::default());
    }

    world.advance(HOUR * 25);
    world.tick().await;
    world
        .everyone_is_in_step(&[someone, other, third], &NOTICED)
        .await;
}

#[tokio::test]
async fn a_debt_that_a_new_grant_settles_holds_nothing_back_for_ever() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::IsDown);
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    for _ in 0..10 {
        world.advance(HOUR * 12);
        world.tick().await;
    }
    world.grant(&someone, everything()).await.is(201);
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.settle().await;
    world.advance(HOUR * 27);
    world.tick().await;

    let other = world.someone_who_granted_everything().await;
    world.settle().await;
    world.everyone_is_in_step(&[someone, other], &NOTICED).await;
}
