//! An outage that outlasts the stream: what nobody was told of is rebuilt from chains and ledger.

use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use local::reconcile::reconcile;
use local::scan::{Error, Options, Progress};
use serde_json::{Value, json};
use tests::{Fate, Manner, Someone, World, everything, instant};

use crate::MINUTE;

const ALL: [&str; 5] = [
    "bmw-ag",
    "marketing-platform",
    "campaign-service",
    "dealer-one",
    "dealer-two",
];

/// Rebuild what is pending since an instant, as the command does.
pub(crate) async fn reconciled(
    world: &World,
    since: Timestamp,
    options: &Options,
) -> Result<Progress, Error> {
    let (store, queue) = world.table_and_queue(policies::all());
    let now = || world.now();
    reconcile(&store, &queue, now, since, options, &ProgressBar::hidden()).await
}

pub(crate) fn options() -> Options {
    Options {
        per_second: 10_000,
        ..Options::default()
    }
}

/// Somebody in step, and what happens to them in an outage: one of everything that the fan-out would follow.
async fn an_outage(world: &World) -> Vec<Someone> {
    world.dealer("dealer-one").await;
    world.dealer("dealer-two").await;
    let mut people = Vec::new();
    for _ in 0..5 {
        let someone = world.someone_who_granted_everything().await;
        for dealer in ["dealer-one", "dealer-two"] {
            world
                .relate(
                    &someone,
                    dealer,
                    "purchase",
                    "car",
                    json!({ "delivered_on": "2026-02-01" }),
                )
                .await
                .is(200);
        }
        people.push(someone);
    }
    world.settle().await;
    world.advance(SignedDuration::from_hours(1));

    world.withdraw_all(&people[0]).await.is(200);
    let fewer = json!({ "channels": ["sms"] });
    world.withdraw(&people[1], fewer).await.is(200);
    let moved = json!({ "contact": { "city": "Turin" } });
    world.patch_profile(&people[2], moved).await.is(200);
    world.part(&people[3], "dealer-one", "purchase", "car").await;
    let lost = json!({ "kind": "dealer", "role": "separate-controller", "authorised": false });
    world.register("dealer-two", lost).await.is(200);
    people.push(world.someone_who_granted_everything().await);
    world.lose_the_stream().await;
    world.advance(SignedDuration::from_hours(30));
    people
}

async fn all_are_in_step(world: &World, people: &[Someone]) {
    world.everyone_is_in_step(people, &ALL).await;
    assert_eq!(
        world.holds("bmw-ag", &people[2]).content["contact"]["city"],
        "Turin"
    );
}

#[tokio::test]
async fn after_an_outage_longer_than_the_stream_everybody_is_brought_back_in_step() {
    let world = World::at_noon().await;
    let began = world.now();
    let people = an_outage(&world).await;
    world.settle().await;
    assert_ne!(
        world.holds("bmw-ag", &people[0]),
        Default::default(),
        "nobody was told"
    );

    let dry = Options {
        dry_run: true,
        ..options()
    };
    let would = reconciled(&world, began + SignedDuration::from_mins(30), &dry).await;
    let would = would.expect("a dry run");
    world.settle().await;
    assert_ne!(
        world.holds("bmw-ag", &people[0]),
        Default::default(),
        "it was dry"
    );

    let did = reconciled(&world, began + SignedDuration::from_mins(30), &options()).await;
    assert_eq!(did.expect("a run").changed, would.changed);
    world.settle().await;
    all_are_in_step(&world, &people).await;
}

#[tokio::test]
async fn to_reconcile_again_changes_nothing() {
    let world = World::at_noon().await;
    let began = world.now();
    let people = an_outage(&world).await;
    for _ in 0..2 {
        reconciled(&world, began, &options()).await.expect("a run");
        world.settle().await;
    }
    let asked = || ALL.map(|name| world.recipients.requests(name));
    let before = asked();
    reconciled(&world, began, &options()).await.expect("a run");
    world.settle().await;
    assert_eq!(before, asked(), "nobody is told anything twice");
    all_are_in_step(&world, &people).await;
}

#[tokio::test]
async fn whoever_did_not_change_since_then_is_left_alone() {
    let world = World::at_noon().await;
    let people = an_outage(&world).await;
    let later = world.now() - SignedDuration::from_hours(1);
    let did = reconciled(&world, later, &options()).await.expect("a run");
    assert_eq!((did.looked_at, did.changed), (people.len(), 0));
}

#[tokio::test]
async fn a_dealer_that_may_not_be_told_is_not_behind() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let stranger = json!({ "kind": "dealer", "role": "separate-controller", "authorised": false });
    world.register("dealer-one", stranger).await.is(201);
    let related = world.relate(&someone, "dealer-one", "preferred", "account", json!({}));
    related.await.is(200);
    world.settle().await;
    world.advance(SignedDuration::from_hours(1));
    let since = world.now();
    world.advance(MINUTE);
    let moved = json!({ "contact": { "city": "Turin" } });
    world.patch_profile(&someone, moved).await.is(200);
    world.settle().await;

    let did = reconciled(&world, since, &options()).await.expect("a run");
    assert_eq!((did.looked_at, did.changed), (1, 0));
    world.settle().await;

    let dealer = json!({ "kind": "dealer", "role": "separate-controller", "authorised": true });
    world.register("dealer-one", dealer).await.is(200);
    world.settle().await;
    world.everyone_is_in_step(&[someone], &ALL[..4]).await;
}

#[tokio::test]
async fn reconciling_goes_on_from_where_it_was_cut_off() {
    let world = World::at_noon().await;
    let began = world.now();
    let people = an_outage(&world).await;
    let file = std::env::temp_dir().join(format!("reconcile-{}", std::process::id()));
    let options = Options {
        resume: Some(file.clone()),
        ..options()
    };
    let mut sent = 0;
    world.calls.judge(move |call| {
        sent += usize::from(call.operation == "SendMessageBatch");
        if sent > 2 { Fate::NeverSent } else { Fate::Answered }
    });
    assert!(reconciled(&world, began, &options).await.is_err());
    world.calls.heal();
    reconciled(&world, began, &options).await.expect("the rest");
    world.settle().await;
    all_are_in_step(&world, &people).await;
    assert!(!file.exists(), "there is nothing to resume");
}

#[tokio::test]
async fn what_falls_due_after_the_outage_is_not_forgotten() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let long_ago = json!({ "happened_at": "2024-03-05T12:00:00Z" });
    let given = tests::merged(everything(), long_ago);
    world.grant(&someone, given).await.is(201);
    world.lose_the_stream().await;
    let began = world.now();
    world.advance(SignedDuration::from_hours(30));
    reconciled(&world, began, &options()).await.expect("a run");
    world.settle().await;
    assert!(!world.holds("bmw-ag", &someone).categories.is_empty());

    world.clock.set(instant("2026-03-05T12:10:00Z"));
    world.tick().await;
    assert_eq!(world.holds("bmw-ag", &someone), Default::default());
    let last = world.history(&someone).await.pop().unwrap_or_default();
    assert_eq!(last["act"], "lapsed");
}

#[tokio::test]
async fn a_recipient_that_was_down_in_the_outage_is_no_longer_behind() {
    let world = World::at_noon().await;
    world.tick().await;
    let began = world.now();
    world.recipients.set("bmw-ag", Manner::IsDown);
    let people = an_outage(&world).await;
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    reconciled(&world, began, &options()).await.expect("a run");
    for _ in 0..5 {
        world.settle().await;
        world.advance(MINUTE * 5);
        world.tick().await;
    }
    all_are_in_step(&world, &people).await;
}

#[tokio::test]
async fn what_was_tracked_goes_though_the_stream_lost_that_its_consent_has_ended() {
    let world = World::at_noon().await;
    let began = world.now();
    world.declare("spring", json!({})).await.is(201);
    let someone = world.someone_who_granted_everything().await;
    world
        .report(vec![world.event(&someone, "content-clicked", json!({}))])
        .await;
    world.settle().await;
    world.withdraw_all(&someone).await.is(200);
    world.lose_the_stream().await;
    world.advance(SignedDuration::from_hours(30));
    assert_ne!(world.tracked(&someone).await, Value::Null);

    reconciled(&world, began, &options()).await.expect("a run");
    world.settle().await;
    assert_eq!(world.tracked(&someone).await, Value::Null);
}
