//! The queue's mapping, through the real SDK.

use local::sdk;

use crate::{Stub, failing, started};

async fn send(system: &local::system::System, body: &str) {
    let client = sdk::sqs(&system.endpoints.sqs);
    let sending = client
        .send_message()
        .queue_url(&system.endpoints.queues["Errands"]);
    sending
        .message_body(body)
        .message_group_id("bmw-ag")
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_done_is_deleted_and_what_failed_comes_again_until_it_is_dead() {
    let sync = Stub::answering(|event| Ok(failing(event, "/body", &["bad"], "/messageId")));
    let mut system = started(sync.alone_as("sync")).await;
    send(&system, "good").await;
    send(&system, "bad").await;

    system.settle().await.unwrap();
    assert_eq!(sync.batches("/body"), [["good", "bad"]]);
    assert_eq!(system.sqs.bodies("Errands"), ["bad"]);
    let record = &sync.events()[0]["Records"][0];
    assert_eq!(record["attributes"]["MessageGroupId"], "bmw-ag");
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(record["attributes"]["SentTimestamp"], "1772366400000");
    assert_eq!(
        record["eventSourceARN"],
        "arn:aws:sqs:eu-south-1:000000000000:Errands"
    );
    assert_eq!(record["md5OfBody"], "755f85c2723bb39381c7379a604160d8");

    for _ in 0..2 {
        system.sqs.make_visible("Errands");
        system.settle().await.unwrap();
    }
    assert_eq!(sync.events().len(), 2);
    assert_eq!(system.sqs.dead_letters("Errands"), ["bad"]);
}

#[tokio::test]
async fn a_function_that_fails_or_answers_nonsense_has_done_nothing() {
    for answer in [
        Err("broken".to_owned()),
        Ok(serde_json::json!({ "batchItemFailures": [{ "itemIdentifier": "" }] })),
    ] {
        let sync = Stub::answering(move |_| answer.clone());
        let mut system = started(sync.alone_as("sync")).await;
        send(&system, "one").await;
        system.settle().await.unwrap();
        assert_eq!(system.sqs.bodies("Errands"), ["one"]);
    }
}
