//! An operator's command that goes through the whole table, cut off between two pages of it.

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use indicatif::ProgressBar;
use local::recompute::recompute;
use local::scan::{Error, Options};
use serde_json::Value;
use tests::{Fate, World};

use crate::someone_who_granted_on;

/// More than a page of the table holds.
const OTHERS: usize = 1_200;

/// Items that are nobody's record.
async fn fill(world: &World) {
    let (engine, table) = world.engine();
    let numbers: Vec<usize> = (0..OTHERS).collect();
    for some in numbers.chunks(25) {
        let puts = some.iter().map(|number| {
            let text = |value: String| AttributeValue::S(value);
            let put = PutRequest::builder()
                .item("pk", text(format!("ADDRESS#{number}")))
                .item("sk", text("EMAIL".to_owned()))
                .build();
            WriteRequest::builder().put_request(put.expect("an item")).build()
        });
        let writing = engine.batch_write_item().request_items(&table, puts.collect());
        writing.send().await.expect("the engine");
    }
}

#[tokio::test]
async fn it_goes_on_from_the_place_that_was_kept_and_never_from_that_of_a_dry_run() {
    let world = World::at_noon().await;
    for _ in 0..4 {
        someone_who_granted_on(&world, "2025-09-01T12:00:00Z").await;
    }
    fill(&world).await;
    let (store, _) = world.table_and_queue(policies::all());
    let file = std::env::temp_dir().join(format!("resumed-{}", std::process::id()));
    let run = async |dry_run| {
        let options = Options {
            dry_run,
            per_second: 1_000,
            resume: Some(file.clone()),
        };
        recompute(&store, || world.now(), &None, &options, &ProgressBar::hidden()).await
    };
    let mut pages = 0;
    world.calls.judge(move |call| {
        pages += usize::from(call.operation == "Scan");
        if pages > 1 {
            Fate::NeverSent
        } else {
            Fate::Answered
        }
    });
    assert!(run(true).await.is_err());
    world.calls.heal();

    let refused = run(false).await;
    assert!(matches!(refused, Err(Error::OtherCommand(_))), "{refused:?}");
    world.calls.forget();
    assert_eq!(run(true).await.expect("the rest").looked_at, 4);
    let made = world.calls.made();
    let mut scans = made.iter().filter(|made| made.call.operation == "Scan");
    let first = scans.next().expect("a page");
    assert_ne!(
        first.call.request["ExclusiveStartKey"],
        Value::Null,
        "not from the start"
    );
    assert!(scans.next().is_none(), "and no page twice");
    assert!(!file.exists(), "there is nothing to resume");
}
