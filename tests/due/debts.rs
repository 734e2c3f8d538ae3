//! What a recipient has not confirmed by its deadline, and what is tried again.

use jiff::SignedDuration;
use tests::{AttributeValue, ERRANDS, Item, Manner, Someone, World, instant};

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

#[tokio::test]
async fn a_delivery_is_tried_again_when_it_is_due_and_not_before() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::IsDown);
    world.someone_who_granted_everything().await;
    world.settle().await;
    let retry_after = [(0, 1), (359_999, 1), (360_000, 2), (361_000, 2)];
    let start = world.now();
    for (after_ms, asked) in retry_after {
        world.clock.set(start + SignedDuration::from_millis(after_ms));
        world.tick().await;
        assert_eq!(world.recipients.requests("bmw-ag"), asked, "after {after_ms} ms");
    }
}
