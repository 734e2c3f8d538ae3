//! The stream's mapping, on the real engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Stub, failing, put, started};

const KEY: &str = "/dynamodb/Keys/sk/S";
const SEQUENCE: &str = "/dynamodb/SequenceNumber";

#[tokio::test]
async fn changes_that_the_filter_wants_arrive_in_order_and_in_batches() {
    let fanout = Stub::content();
    let mut system = started(fanout.alone_as("fanout")).await;
    for number in 0..6 {
        put(&system, "CHAIN#s", &number.to_string()).await;
        put(&system, "LEDGER#s", &number.to_string()).await;
    }
    system.settle().await.unwrap();
    system.settle().await.unwrap();

    assert_eq!(fanout.batches(KEY), [vec!["0", "1", "2", "3"], vec!["4", "5"]]);
    system.streams[0].replay();
    system.settle().await.unwrap();
    assert_eq!(fanout.batches(KEY)[2..], fanout.batches(KEY)[..2]);

    let record = &fanout.events()[0]["Records"][0];
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["eventSource"], "aws:dynamodb");
    assert_eq!(record["dynamodb"]["StreamViewType"], "KEYS_ONLY");
    assert_eq!(record["dynamodb"]["Keys"]["pk"]["S"], "CHAIN#s");
    assert_eq!(record["dynamodb"]["ApproximateCreationDateTime"], 1_772_366_400.0);
}

#[tokio::test]
async fn a_record_that_fails_is_retried_and_nothing_after_it_is_passed() {
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = broken.clone();
    let fanout = Stub::answering(move |event| {
        let bad: &[&str] = if is_broken.load(Ordering::Relaxed) {
            &["2"]
        } else {
            &[]
        };
        Ok(failing(event, KEY, bad, SEQUENCE))
    });
    let mut system = started(fanout.alone_as("fanout")).await;
    for number in 0..5 {
        put(&system, "CHAIN#s", &number.to_string()).await;
    }
    system.settle().await.unwrap();
    assert_eq!(
        fanout.batches(KEY),
        [vec!["0", "1", "2", "3"], vec!["2", "3", "4"]]
    );

    broken.store(false, Ordering::Relaxed);
    system.settle().await.unwrap();
    assert_eq!(fanout.batches(KEY)[2..], [vec!["2", "3", "4"]]);
}

#[tokio::test]
async fn a_batch_that_fails_as_a_whole_is_halved_down_to_the_culprit() {
    let fanout = Stub::answering(|event| {
        let is_culprit = |record: &serde_json::Value| record.pointer(KEY).unwrap() == "2";
        match event["Records"].as_array().unwrap().iter().any(is_culprit) {
            true => Err("poison".to_owned()),
            false => Ok(serde_json::Value::Null),
        }
    });
    let mut system = started(fanout.alone_as("fanout")).await;
    for number in 0..4 {
        put(&system, "CHAIN#s", &number.to_string()).await;
    }
    system.settle().await.unwrap();

    let batches = fanout.batches(KEY);
    assert_eq!(
        batches[..4],
        [
            vec!["0", "1", "2", "3"],
            vec!["0", "1"],
            vec!["2", "3"],
            vec!["2"]
        ]
    );
    assert!(!batches.contains(&vec!["3".to_owned()]), "3 was passed before 2");
}
