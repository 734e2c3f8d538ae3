//! The schedule and what expires by TTL.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use local::invoke::Functions;
use local::sdk;

use crate::{Stub, noon, started};

#[tokio::test]
async fn a_tick_calls_the_function_with_the_schedulers_event() {
    let sweep = Stub::content();
    let mut system = started(sweep.alone_as("sweep")).await;
    system.tick().await;

    let event = &sweep.events()[0];
    assert_eq!(event["detail-type"], "Scheduled Event");
    assert_eq!(event["source"], "aws.scheduler");
    assert_eq!(event["time"], "2026-03-01T12:00:00Z");
}

#[tokio::test]
async fn left_to_run_it_calls_once_in_each_turn_and_ends_when_told() {
    let sweep = Stub::content();
    let system = started(sweep.alone_as("sweep")).await;
    let clock = system.clock.clone();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(system.run(async {
        let _ = ended.await;
    }));
    let called = |times: usize| {
        let sweep = sweep.clone();
        async move {
            for _ in 0..100 {
                if sweep.events().len() == times {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            false
        }
    };

    assert!(called(1).await);
    clock.advance(SignedDuration::from_mins(4));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(sweep.events().len(), 1);
    clock.advance(SignedDuration::from_mins(1));
    assert!(called(2).await);

    end.send(()).unwrap();
    running.await.unwrap();
}

#[tokio::test]
async fn what_has_expired_by_the_runners_clock_is_swept() {
    let system = started(Functions::default()).await;
    let client = sdk::dynamodb(&system.endpoints.dynamodb);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let expires_at = AttributeValue::N((noon().as_second() + 60).to_string());
    let put = client.put_item().table_name(&system.endpoints.table);
    let put = put
        .item("pk", text("DUE#1"))
        .item("sk", text("1"))
        .item("expires_at", expires_at);
    put.send().await.unwrap();
    let count = || async {
        let scan = client.scan().table_name(&system.endpoints.table);
        scan.send().await.unwrap().count()
    };

    system.sweep().await;
    assert_eq!(count().await, 1);
    system.clock.advance(SignedDuration::from_mins(2));
    system.sweep().await;
    assert_eq!(count().await, 0);
}
