//! What each operation costs: calls of the engine, and the units that it reports.
//!
//! `cargo test -p tests --test costs -- --nocapture` prints the table. Writes are per started KB, reads per
//! started 4 KB and half where they need not be consistent. The engine counts as DynamoDB does, but it
//! reports nothing for a write whose condition fails.

use serde_json::json;
use tests::{Item, World, everything};

#[path = "costs/follows.rs"]
mod follows;
#[path = "costs/operations.rs"]
mod operations;
#[path = "costs/table.rs"]
mod table;

/// A hundred consents a second, each told to three recipients: Lambda looks into the stream four times a second and
/// finds 25 of them. AWS bills what the fan-out sends, and what Lambda does to receive and to delete, ten errands
/// at the most with each; that Lambda also asks a queue that is empty, three times a minute and poller, is left out.
#[tokio::test]
async fn at_a_steady_load_a_delivery_takes_less_than_a_third_of_a_request_to_the_queue() {
    const CONSENTS: usize = 25;
    const BILLED: [&str; 3] = ["SendMessageBatch", "ReceiveMessage", "DeleteMessageBatch"];
    let world = World::at_noon().await;
    let told = ["bmw-ag", "marketing-platform", "campaign-service"];
    for _ in 0..CONSENTS {
        world.someone_who_granted_everything().await;
    }
    let before = BILLED.map(|operation| world.sqs.requests(operation));
    world.calls.forget();
    world.settle().await;

    let asked = BILLED.map(|operation| world.sqs.requests(operation));
    let requests: u64 = asked
        .iter()
        .zip(before)
        .map(|(after, before)| after - before)
        .sum();
    let deliveries: usize = told.iter().map(|name| world.recipients.letters(name).len()).sum();
    let made = world.calls.made();
    let writes = made
        .iter()
        .filter(|made| made.call.is("UpdateItem", "LEDGER"))
        .count();
    println!("{deliveries} deliveries: {requests} requests to the queue, {writes} writes of the ledger");
    assert_eq!(deliveries, CONSENTS * told.len());
    assert!(requests as f64 <= 0.32 * deliveries as f64, "{asked:?}");
    assert_eq!(writes, 2 * deliveries);
}

#[tokio::test]
async fn every_call_reports_its_units_and_every_decision_reads_consistently() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.calls.forget();

    world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "email" }))
        .await;
    world
        .decide(
            &someone,
            json!({ "who": "bmw-ag", "channel": "email", "at": world.now() }),
        )
        .await;
    world.state(&someone).await;
    world.history(&someone).await;
    world.view_as(&someone, "bmw-ag").await;
    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    world
        .post("/v1/recipients/bmw-ag/redrive", json!({}))
        .await
        .is(202);
    world.settle().await;

    for made in world
        .calls
        .made()
        .iter()
        .filter(|made| made.call.service == "DynamoDB")
    {
        let call = &made.call;
        assert!(
            made.read_units + made.write_units > 0.0,
            "{} reports nothing",
            call.operation
        );
        // What falls due is a hint; all that decides must be the newest, and whom a recipient may concern too: a
        // walk that missed somebody whom another delivery told by the old settings would not come again.
        let decides = call
            .kinds()
            .iter()
            .any(|kind| ["CHAIN", "RECIPIENT", "LEDGER", "MEMBER", "PROFILE"].contains(kind));
        assert!(
            call.is_write() || !decides || call.is_strongly_consistent(),
            "{}",
            call.request
        );
    }
}

#[tokio::test]
async fn a_first_act_fits_one_write_unit_whatever_is_ticked() {
    let world = World::at_noon().await;
    for (what, asked) in [
        (
            "two channels",
            json!({ "controls": ["promotional"], "channels": ["email", "phone"] }),
        ),
        (
            "every channel",
            json!({ "controls": ["promotional"], "channels": tests::CHANNELS }),
        ),
        ("everything", everything()),
    ] {
        let someone = world.someone().await;
        world.grant(&someone, asked).await.is(201);
        let size = size(&world.chain(&someone).await[0]);
        println!("the first act over {what} has {size} bytes");
        assert!(size <= 1024, "{size} bytes over {what}");
    }
}

/// As DynamoDB counts: the names and the values.
fn size(item: &Item) -> usize {
    let value = |value: &tests::AttributeValue| {
        let text = value.as_s().map(String::len);
        text.or_else(|_| value.as_b().map(|bytes| bytes.as_ref().len()))
            .unwrap_or_default()
    };
    item.iter().map(|(name, its)| name.len() + value(its)).sum()
}
