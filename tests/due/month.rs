//! The sweep stood still for longer than what falls due is kept: an operator has it noted anew.

use jiff::SignedDuration;
use local::reconcile::reconcile;
use local::scan::Options;
use tests::{AttributeValue, Manner, World};

use crate::{acts, someone_who_granted_on};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

#[tokio::test]
async fn what_was_noted_before_an_outage_of_more_than_a_month_is_noted_anew() {
    let world = World::at_noon().await;
    world.tick().await;
    let began = world.now();
    let ending = someone_who_granted_on(&world, "2024-03-05T12:00:00Z").await;
    let leaving = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::IsDown);
    world.withdraw_all(&leaving).await.is(200);
    world.settle().await;
    let is_overdue = async || {
        let ledger = world.stored(&format!("LEDGER#{}", leaving.pseudonym)).await;
        let its = |item: &&tests::Item| item["sk"] == AttributeValue::S("bmw-ag".to_owned());
        ledger
            .iter()
            .find(its)
            .is_some_and(|entry| entry.contains_key("overdue_at"))
    };

    world.advance(DAY * 40);
    world.collect().await;
    world.tick().await;
    assert_eq!(acts(&world, &ending).await, ["granted"]);
    assert!(!is_overdue().await);

    let (store, queue) = world.table_and_queue(policies::all());
    assert_eq!(world.recompute(&store, false).await.changed, 1);
    let options = Options {
        per_second: 1_000,
        ..Options::default()
    };
    let bar = indicatif::ProgressBar::hidden();
    let did = reconcile(&store, &queue, || world.now(), began, &options, &bar).await;
    did.expect("a run to the end");
    world.settle().await;
    world.advance(MINUTE * 7);
    world.tick().await;
    assert_eq!(acts(&world, &ending).await, ["granted", "lapsed"]);
    assert!(is_overdue().await);

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(DAY);
    world.tick().await;
    for someone in [&ending, &leaving] {
        assert_eq!(world.holds("bmw-ag", someone), Default::default());
    }
}
