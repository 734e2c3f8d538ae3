//! When a recipient that failed is asked again, and what waits until then.

use jiff::SignedDuration;
use serde_json::json;
use tests::{BASE, ERRANDS, Manner, Someone, World, instant, names};

use crate::{HOUR, MINUTE, NOTICED, asked_in, told_of};

/// The schedule of Standard Webhooks.
pub(crate) const AGAIN_AFTER_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// What the queue can keep back by itself.
const KEPT_BACK_S: i64 = 900;

async fn someone_who_is_not_told(world: &World, recipient: &str) -> Someone {
    world.tick().await;
    world.recipients.set(recipient, Manner::Fails);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    someone
}

/// An errand that is not there for the next attempt, as the fan-out sends it, and as it may come late or twice.
pub(crate) fn errand(someone: &Someone, recipient: &str) -> String {
    let subject = &someone.pseudonym;
    json!({ "errand": "deliver", "subject": subject, "recipient": recipient, "version": 1 }).to_string()
}

#[tokio::test]
async fn a_delivery_that_fails_is_tried_again_on_the_schedule_of_standard_webhooks() {
    let world = World::at_noon().await;
    let someone = someone_who_is_not_told(&world, "bmw-ag").await;
    // After a fifth failure in a row the recipient would be down, and asked once a minute as well.
    for (failed, wait) in (1..5).zip(AGAIN_AFTER_S) {
        let entry = told_of(&world, &someone, "bmw-ag").await;
        let next = instant(entry["next_attempt_at"].as_str().expect("a next attempt"));
        let after = next.duration_since(world.now()).as_secs();
        assert!(
            (wait..=wait + wait / 10).contains(&after),
            "{after} s after {failed}"
        );
        let kept_back = world.sqs.kept_back(ERRANDS).len();
        assert_eq!(kept_back, usize::from(after <= KEPT_BACK_S), "after {failed}");

        world.clock.set(next - SignedDuration::from_millis(1));
        world.tick().await;
        assert_eq!(world.recipients.requests("bmw-ag"), failed, "not before");
        world.clock.set(next);
        world.tick().await;
        assert_eq!(world.recipients.requests("bmw-ag"), failed + 1, "on time");
    }
}

#[tokio::test]
async fn once_the_recipient_answers_it_is_told_and_nothing_is_left_to_do() {
    let world = World::at_noon().await;
    let someone = someone_who_is_not_told(&world, "bmw-ag").await;
    let waits = world.sqs.kept_back(ERRANDS);
    assert!(!waits[0].contains("granted"), "it says no more than any other");

    world.advance(MINUTE * 7);
    world.tick().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 2, "still failing");
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(MINUTE * 7);
    world.tick().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 3);
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );
    assert_eq!(world.holds("bmw-ag", &someone).categories, names(BASE));

    world.advance(SignedDuration::from_hours(24));
    world.tick().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 3, "nothing is left to do");
}

#[tokio::test]
async fn one_errand_waits_for_each_attempt_whatever_else_comes_meanwhile() {
    let world = World::at_noon().await;
    let someone = someone_who_is_not_told(&world, "bmw-ag").await;
    for failed in 1..=4 {
        let kept_back = world.sqs.kept_back(ERRANDS);
        for _ in 0..5 {
            world.sqs.put(ERRANDS, &errand(&someone, "bmw-ag"));
        }
        let city = json!({ "contact": { "city": format!("city-{failed}") } });
        world.patch_profile(&someone, city).await.is(200);
        world.settle().await;
        assert_eq!(world.sqs.kept_back(ERRANDS), kept_back, "after {failed}");
        assert_eq!(world.recipients.requests("bmw-ag"), failed, "nobody asks sooner");

        let entry = told_of(&world, &someone, "bmw-ag").await;
        let next = instant(entry["next_attempt_at"].as_str().expect("a next attempt"));
        world.clock.set(next);
        if failed == 4 {
            world.recipients.set("bmw-ag", Manner::Acknowledges);
        }
        world.tick().await;
        assert_eq!(
            world.recipients.requests("bmw-ag"),
            failed + 1,
            "and nobody later"
        );
    }
    let city = &world.holds("bmw-ag", &someone).content["contact"]["city"];
    assert_eq!(city, "city-4");
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}

/// The host that runs it may be one whose clock is behind that of the host that sent it.
#[tokio::test]
async fn an_errand_that_comes_before_its_time_waits_on_and_is_not_lost() {
    let world = World::at_noon().await;
    let someone = someone_who_is_not_told(&world, "bmw-ag").await;
    let behind = MINUTE * 4;
    world.advance(-behind);
    for _ in 0..3 {
        world.sqs.make_visible(ERRANDS);
        world.settle().await;
        assert_eq!(world.recipients.requests("bmw-ag"), 1);
        assert_eq!(world.sqs.kept_back(ERRANDS).len(), 1);
    }
    world.advance(behind + SignedDuration::from_secs(5));
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.settle().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 2);
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}

/// So it is too where the sweep brings it back, whose clock may be ahead.
#[tokio::test]
async fn what_the_sweep_brings_back_before_its_time_waits_on_and_is_not_lost() {
    let world = World::at_noon().await;
    let someone = someone_who_is_not_told(&world, "bmw-ag").await;
    for _ in 0..2 {
        world.advance(MINUTE * 6);
        world.tick().await;
    }
    let entry = told_of(&world, &someone, "bmw-ag").await;
    let next = instant(entry["next_attempt_at"].as_str().expect("a next attempt"));
    assert!(next > world.now() + MINUTE * 20, "it is left to the sweep");
    world.clock.set(next);
    world.schedule().await;
    world.advance(-MINUTE * 4);
    world.sqs.make_visible(ERRANDS);
    world.settle().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 3, "it is not time");
    assert_eq!(world.sqs.kept_back(ERRANDS).len(), 1);

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(MINUTE * 4);
    world.settle().await;
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}

#[tokio::test]
async fn one_that_may_still_be_at_work_is_asked_again_only_after_its_lease() {
    let world = World::at_noon().await;
    world.tick().await;
    world
        .recipients
        .set("bmw-ag", Manner::FinishesLate { after_s: 59 });
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(SignedDuration::from_secs(59));
    world.settle().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 1);
    world.advance(SignedDuration::from_secs(1));
    world.settle().await;
    assert_eq!(
        world.recipients.requests("bmw-ag"),
        2,
        "at once, and not when a message comes again"
    );
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}

#[tokio::test]
async fn new_events_of_a_busy_subject_add_no_attempts_to_the_schedule() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::Fails);
    let before = world.recipients.requests("bmw-ag");
    for minute in 0..120 {
        let city = json!({ "contact": { "city": format!("city-{minute}") } });
        world.patch_profile(&someone, city).await.is(200);
        world.settle().await;
        asked_in(&world, 1, "bmw-ag").await;
    }
    let asked = world.recipients.requests("bmw-ag") - before;
    // At once, and after 5 seconds, 5 minutes and 30 minutes: the next one is due after 2 hours more.
    assert_eq!(asked, 4);

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(HOUR * 3);
    world.tick().await;
    assert_eq!(
        world.holds("bmw-ag", &someone).content["contact"]["city"],
        "city-119"
    );
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}

#[tokio::test]
async fn a_withdrawal_is_told_at_once_although_something_else_waits_for_its_next_attempt() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::Fails);
    let city = json!({ "contact": { "city": "Turin" } });
    world.patch_profile(&someone, city).await.is(200);
    world.settle().await;
    let before = world.recipients.requests("bmw-ag");
    let sms = json!({ "channels": ["sms"] });
    world.withdraw(&someone, sms).await.is(200);
    world.settle().await;
    assert_eq!(world.recipients.requests("bmw-ag"), before + 1, "at once");
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    assert_eq!(world.recipients.requests("bmw-ag"), before + 1, "and once");

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    for _ in 0..3 {
        world.advance(MINUTE * 6);
        world.tick().await;
    }
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}
