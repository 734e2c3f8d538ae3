//! What fell due is collected a month later, and nothing hangs on it.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use tests::{Item, World, instant};

use crate::{acts, someone_who_granted_on, tick_at};

const END: &str = "2026-03-05T12:00:00Z";
const MONTH: SignedDuration = SignedDuration::from_hours(31 * 24);
const SECOND: SignedDuration = SignedDuration::from_secs(1);

#[tokio::test]
async fn what_fell_due_is_collected_a_month_later_and_nobody_notices() {
    let world = World::at_noon().await;
    let someone = someone_who_granted_on(&world, "2024-03-05T12:00:00Z").await;
    tick_at(&world, END).await;
    assert_eq!(acts(&world, &someone).await, ["granted", "lapsed"]);
    let heard = world.heard("bmw-ag", &someone);

    let (due, others) = stored(&world).await;
    assert!(!due.is_empty());
    for item in &due {
        let [sk, expires_at] = ["sk", "expires_at"].map(|name| item.get(name).expect("an attribute"));
        let at_ms: i64 = sk.as_s().expect("text")[..15].parse().expect("an instant");
        let at_s = expires_at
            .as_n()
            .expect("a number")
            .parse::<i64>()
            .expect("an instant");
        assert_eq!(at_s, at_ms / 1000 + MONTH.as_secs(), "a month after it fell due");
    }
    let ends = |due: &[Item]| {
        due.iter()
            .filter(|item| item["sk"] == the_end(&someone.pseudonym))
            .count()
    };

    world.clock.set(instant(END) + MONTH - SECOND);
    world.collect().await;
    assert_eq!(ends(&stored(&world).await.0), 1, "not before the month is over");

    world.advance(SECOND + SECOND);
    world.collect().await;
    let (due, left) = stored(&world).await;
    assert_eq!(ends(&due), 0);
    assert_eq!(
        left, others,
        "nothing else is collected, and nothing follows from it"
    );
    assert_eq!(world.heard("bmw-ag", &someone), heard);
    world.tick().await;
    assert_eq!(acts(&world, &someone).await, ["granted", "lapsed"]);
}

/// The key of the end of a consent among the due items.
fn the_end(pseudonym: &str) -> AttributeValue {
    AttributeValue::S(format!("{:015}#{pseudonym}#look", instant(END).as_millisecond()))
}

/// The due items, and all other items, in their order.
async fn stored(world: &World) -> (Vec<Item>, Vec<Item>) {
    let (engine, table) = world.engine();
    let scan = engine.scan().table_name(table).send().await.expect("the engine");
    assert!(scan.last_evaluated_key.is_none(), "one page");
    let is_due = |item: &Item| item["pk"].as_s().is_ok_and(|pk| pk.starts_with("DUE#"));
    scan.items.unwrap_or_default().into_iter().partition(is_due)
}
