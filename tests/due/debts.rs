//! What a recipient has not confirmed by its deadline, and what is tried again.

use std::future::pending;
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{AttributeValue, Call, ERRANDS, Fate, Item, Manner, Someone, World, instant};
use tokio::sync::oneshot;

use crate::tick_at;

const GONE: Manner = Manner::Refuses {
    status: 410,
    retry_after_s: 0,
};

async fn entry(world: &World, someone: &Someone, recipient: &str) -> Item {
    let ledger = world.stored(&format!("LEDGER#{}", someone.pseudonym)).await;
    let is_its = |entry: &Item| entry["sk"] == AttributeValue::S(recipient.to_owned());
    ledger.into_iter().find(is_its).unwrap_or_default()
}

/// How many subjects' losses a recipient has not confirmed in time.
async fn debts(world: &World, recipient: &str) -> String {
    let breaker = world.stored(&format!("BREAKER#{recipient}")).await;
    let overdue = breaker.first().and_then(|breaker| breaker.get("overdue"));
    overdue
        .map_or("0", |overdue| overdue.as_n().expect("a number"))
        .to_owned()
}

/// Nobody tries to deliver it: the recipient is gone, its breaker is open, or the errand was lost.
#[tokio::test]
async fn a_withdrawal_that_is_not_confirmed_by_its_deadline_is_escalated_though_nobody_tries() {
    for why in ["gone", "down", "lost"] {
        let world = World::at_noon().await;
        world.tick().await;
        let someone = world.someone_who_granted_everything().await;
        world.settle().await;
        let manner = if why == "gone" { GONE } else { Manner::IsDown };
        world.recipients.set("bmw-ag", manner);
        world.advance(SignedDuration::from_mins(1));
        world.withdraw_all(&someone).await.is(200);
        if why == "lost" {
            world.fan_out().await;
            world.sqs.forget(ERRANDS);
        }
        world.settle().await;

        tick_at(&world, "2026-03-03T12:01:00Z").await;
        // Whoever is down is tried in vain now, and not again at the deadline.
        tick_at(&world, "2026-03-04T11:50:00Z").await;
        tick_at(&world, "2026-03-04T12:00:59.999Z").await;
        assert!(
            !entry(&world, &someone, "bmw-ag").await.contains_key("overdue_at"),
            "{why}"
        );
        assert_eq!(debts(&world, "bmw-ag").await, "0", "{why}");

        tick_at(&world, "2026-03-04T12:01:00Z").await;
        tick_at(&world, "2026-03-05T12:01:00Z").await;
        let overdue_at = &entry(&world, &someone, "bmw-ag").await["overdue_at"];
        let deadline = instant("2026-03-04T12:01:00Z").as_millisecond();
        assert_eq!(overdue_at, &AttributeValue::N(deadline.to_string()), "{why}");
        assert_eq!(debts(&world, "bmw-ag").await, "1", "{why}: once");
        for confirmed in ["marketing-platform", "campaign-service"] {
            assert_eq!(
                debts(&world, confirmed).await,
                if why == "lost" { "1" } else { "0" },
                "{why}"
            );
        }
    }
}

#[tokio::test]
async fn a_withdrawal_that_is_confirmed_on_the_last_day_is_no_debt() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::IsDown);
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    tick_at(&world, "2026-03-04T11:00:00Z").await;
    assert_eq!(world.holds("bmw-ag", &someone), Default::default());

    world.calls.forget();
    tick_at(&world, "2026-03-04T12:00:00Z").await;
    tick_at(&world, "2026-03-05T12:00:00Z").await;
    assert_eq!(debts(&world, "bmw-ag").await, "0");
    let looks = world.calls.made();
    let looks = looks.iter().filter(|made| made.call.is("Query", "LEDGER"));
    assert_eq!(
        looks.count(),
        2,
        "one for the change, one for the delivery that failed"
    );
}

/// The delivery had begun when the deadline came, and confirms it.
#[tokio::test]
async fn a_delivery_under_way_at_the_deadline_may_still_settle_it() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::IsDown);
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;

    let (store, _) = world.table_and_queue(policies::all());
    let (subject, recipient) = (
        someone.pseudonym.parse().expect("a pseudonym"),
        "bmw-ag".parse().expect("a recipient"),
    );
    world.clock.set(instant("2026-03-04T12:00:00Z"));
    store
        .claim(&subject, &recipient, world.now())
        .await
        .expect("the table")
        .expect("a claim");
    world.schedule().await;
    assert_eq!(debts(&world, "bmw-ag").await, "0");

    // It was cut off instead; the next look says so.
    world.advance(SignedDuration::from_mins(6));
    world.schedule().await;
    assert_eq!(debts(&world, "bmw-ag").await, "1");
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    tick_at(&world, "2026-03-06T12:00:00Z").await;
    assert_eq!(debts(&world, "bmw-ag").await, "0");
}

/// Somebody withdrew at 12:01, and the recipient does not confirm it; it should by then two days later.
async fn someone_whose_withdrawal_is_not_confirmed(world: &World, manner: Manner) -> Someone {
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", manner);
    world.clock.set(instant("2026-03-02T12:01:00Z"));
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    someone
}

/// The sweep, while everything else is under way.
async fn sweep(world: Arc<World>) {
    let (store, queue) = world.table_and_queue(policies::all());
    let now = world.now();
    let swept = tokio::spawn(async move { consent_expire::handle(&store, &queue, now, pending()).await });
    swept.await.expect("no panic").expect("a sweep");
}

async fn redrive(world: &World) {
    world
        .post("/v1/recipients/bmw-ag/redrive", json!({}))
        .await
        .is(202);
}

/// Nothing is held against the recipient, and it gets what is new.
async fn nothing_is_owed(world: &World, someone: &Someone) {
    assert_eq!(debts(world, "bmw-ag").await, "0");
    assert!(!entry(world, someone, "bmw-ag").await.contains_key("overdue_at"));
    let other = world.someone_who_granted_everything().await;
    world.settle().await;
    assert_ne!(world.holds("bmw-ag", &other), Default::default());
}

/// By the sweep's clock the lease is over; the delivery goes on all the same.
#[tokio::test]
async fn a_delivery_that_confirms_what_was_marked_meanwhile_leaves_no_debt() {
    let world = Arc::new(World::at_noon().await);
    world.tick().await;
    let someone = someone_whose_withdrawal_is_not_confirmed(&world, Manner::IsDown).await;
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.clock.set(instant("2026-03-04T12:00:30Z"));

    let other = world.clone();
    world.calls.meanwhile(acknowledges, async move {
        other.clock.set(instant("2026-03-04T12:02:00Z"));
        sweep(other.clone()).await;
        assert_eq!(debts(&other, "bmw-ag").await, "1");
    });
    redrive(&world).await;
    world.settle().await;

    nothing_is_owed(&world, &someone).await;
}

#[tokio::test]
async fn what_is_confirmed_while_the_sweep_looks_is_not_marked() {
    let world = Arc::new(World::at_noon().await);
    world.tick().await;
    let someone = someone_whose_withdrawal_is_not_confirmed(&world, GONE).await;
    world.recipients.set("bmw-ag", Manner::Holds);
    world.clock.set(instant("2026-03-04T12:00:30Z"));
    redrive(&world).await;

    let (confirmed, is_confirmed) = oneshot::channel();
    let delivering = async {
        world.settle().await;
        confirmed.send(()).expect("somebody waits for it");
    };
    let sweeping = async {
        world.recipients.until_requested("bmw-ag", 3).await;
        world.clock.set(instant("2026-03-04T12:02:00Z"));
        let other = world.clone();
        world.calls.meanwhile(marks, async move {
            other.recipients.set("bmw-ag", Manner::Acknowledges);
            is_confirmed.await.expect("a delivery");
        });
        sweep(world.clone()).await;
    };
    tokio::join!(delivering, sweeping);
    world.settle().await;

    nothing_is_owed(&world, &someone).await;
}

#[tokio::test]
async fn one_that_catches_up_with_many_debts_has_everyone_looked_at_again_once() {
    let world = World::at_noon().await;
    world.tick().await;
    let mut people = Vec::new();
    for _ in 0..6 {
        world.recipients.set("bmw-ag", Manner::Acknowledges);
        people.push(someone_whose_withdrawal_is_not_confirmed(&world, Manner::IsDown).await);
    }
    tick_at(&world, "2026-03-04T12:01:00Z").await;
    assert_eq!(debts(&world, "bmw-ag").await, "6");
    people.push(world.someone_who_granted_everything().await);
    world.settle().await;

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.calls.forget();
    tick_at(&world, "2026-03-05T12:01:00Z").await;
    assert_eq!(debts(&world, "bmw-ag").await, "0");
    let made = world.calls.made();
    let again = made
        .iter()
        .filter(|made| made.call.request.to_string().contains("AGAIN"));
    assert_eq!(again.count(), 2, "once it answers, and once it has caught up");
    world.everyone_is_in_step(&people, &["bmw-ag"]).await;
}

/// All who catch up count in one place.
#[tokio::test]
async fn an_answer_is_written_down_though_others_are_in_the_way() {
    for times in [3, usize::MAX] {
        let world = World::at_noon().await;
        world.tick().await;
        let someone = someone_whose_withdrawal_is_not_confirmed(&world, Manner::IsDown).await;
        tick_at(&world, "2026-03-04T12:01:00Z").await;
        assert_eq!(debts(&world, "bmw-ag").await, "1");

        // It was tried once more just then, in vain.
        world.advance(SignedDuration::from_mins(7));
        world.recipients.set("bmw-ag", Manner::Acknowledges);
        let mut left = times;
        world.calls.judge(move |call| {
            if left > 0 && marks(call) {
                left -= 1;
                return Fate::InTheWay;
            }
            Fate::Answered
        });
        redrive(&world).await;
        world.settle().await;
        let written = entry(&world, &someone, "bmw-ag").await;
        assert!(!written.contains_key("loss_since"), "{times}: {written:?}");

        let asked = world.recipients.requests("bmw-ag");
        world.calls.heal();
        world.advance(SignedDuration::from_mins(7));
        world.settle().await;
        assert_eq!(world.recipients.requests("bmw-ag"), asked, "{times}");
        nothing_is_owed(&world, &someone).await;
    }
}

/// The write that follows a recipient's answer.
fn acknowledges(call: &Call) -> bool {
    let update = call.request["UpdateExpression"].as_str().unwrap_or_default();
    call.is("UpdateItem", "LEDGER") && update.contains("acknowledged_at")
}

/// The write that counts what is overdue.
fn marks(call: &Call) -> bool {
    call.is("TransactWriteItems", "LEDGER")
}

#[tokio::test]
async fn a_delivery_is_tried_again_when_it_is_said_to_be_and_not_before() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::IsDown);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    for asked in 1..4 {
        let next_attempt_at = told(&world, &someone, "bmw-ag").await["next_attempt_at"].clone();
        let next_attempt_at = instant(next_attempt_at.as_str().expect("a next attempt"));
        assert!(next_attempt_at > world.now());
        world.clock.set(next_attempt_at - SignedDuration::from_millis(1));
        world.tick().await;
        assert_eq!(world.recipients.requests("bmw-ag"), asked, "before");
        world.clock.set(next_attempt_at);
        world.tick().await;
        assert_eq!(world.recipients.requests("bmw-ag"), asked + 1, "on time");
    }
}

/// What the front door says of a recipient.
async fn told(world: &World, someone: &Someone, recipient: &str) -> Value {
    let path = format!("/v1/subjects/{}/recipients", someone.id);
    let told = world.get(&path).await.is(200).body;
    let entries = told["recipients"].as_array().cloned().unwrap_or_default();
    let of_it = entries.into_iter().find(|entry| entry["recipient"] == recipient);
    of_it.expect("an entry")
}
