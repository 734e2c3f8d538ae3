//! SQS, as the unmodified SDK sees it.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{Message, QueueAttributeName, SendMessageBatchRequestEntry};
use jiff::SignedDuration;
use local::invoke::Functions;
use local::sdk;
use local::sqs::{Disorder, Late};
use local::system::System;

use crate::started;

async fn queue() -> (System, Client, String) {
    let system = started(Functions::default()).await;
    let client = sdk::sqs(&system.endpoints.sqs);
    let url = system.endpoints.queues["Errands"].clone();
    (system, client, url)
}

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(body);
    entry.message_group_id("bmw-ag").build().unwrap()
}

async fn send(client: &Client, url: &str, bodies: impl IntoIterator<Item = String>) {
    let entries = bodies
        .into_iter()
        .enumerate()
        .map(|(id, body)| entry(&id.to_string(), &body));
    let sent = client
        .send_message_batch()
        .queue_url(url)
        .set_entries(Some(entries.collect()));
    assert!(sent.send().await.unwrap().failed().is_empty());
}

async fn receive(client: &Client, url: &str) -> Vec<Message> {
    let received = client.receive_message().queue_url(url).max_number_of_messages(10);
    received.send().await.unwrap().messages.unwrap_or_default()
}

async fn bodies(client: &Client, url: &str) -> Vec<String> {
    receive(client, url)
        .await
        .into_iter()
        .map(|message| message.body.unwrap())
        .collect()
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn a_batch_is_received_in_order_with_its_attributes_and_is_gone_once_deleted() {
    let (system, client, url) = queue().await;
    send(&client, &url, numbers(0..3)).await;

    let received = receive(&client, &url).await;
    let seen: Vec<&str> = received.iter().map(|message| message.body().unwrap()).collect();
    assert_eq!(seen, ["0", "1", "2"]);
    let attributes = received[0].attributes().unwrap();
    assert!(
        attributes
            .iter()
            .any(|(name, value)| name.as_str() == "MessageGroupId" && value == "bmw-ag")
    );
    assert_eq!(
        received[0].md5_of_body(),
        Some("cfcd208495d565ef66e7dff9f98764da")
    );

    for message in &received {
        let delete = client.delete_message().queue_url(&url);
        delete
            .set_receipt_handle(message.receipt_handle.clone())
            .send()
            .await
            .unwrap();
    }
    assert!(system.sqs.bodies("Errands").is_empty());
    assert_eq!(system.sqs.requests("DeleteMessage"), 3);
}

#[tokio::test]
async fn a_received_message_is_invisible_until_its_time_is_up_or_changed() {
    let (system, client, url) = queue().await;
    send(&client, &url, numbers(0..1)).await;

    let first = receive(&client, &url).await.remove(0);
    assert!(receive(&client, &url).await.is_empty());
    let shown = client
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::All);
    let shown = shown.send().await.unwrap().attributes.unwrap();
    assert_eq!(
        shown[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible],
        "1"
    );

    system.clock.advance(SignedDuration::from_secs(60));
    let second = receive(&client, &url).await.remove(0);
    assert_ne!(first.receipt_handle, second.receipt_handle);

    // The first reception's receipt has lost its power, the second's has not.
    let delete = client
        .delete_message()
        .queue_url(&url)
        .set_receipt_handle(first.receipt_handle);
    delete.send().await.unwrap();
    assert_eq!(system.sqs.bodies("Errands").len(), 1);
    let change = client
        .change_message_visibility()
        .queue_url(&url)
        .visibility_timeout(0);
    change
        .set_receipt_handle(second.receipt_handle)
        .send()
        .await
        .unwrap();
    assert_eq!(system.sqs.visible("Errands"), 1);
}

#[tokio::test]
async fn what_was_received_in_vain_too_often_lies_with_the_dead() {
    let (system, client, url) = queue().await;
    send(&client, &url, numbers(0..1)).await;

    for _ in 0..2 {
        assert_eq!(bodies(&client, &url).await, ["0"]);
        system.sqs.make_visible("Errands");
    }
    assert!(receive(&client, &url).await.is_empty());
    assert_eq!(system.sqs.dead_letters("Errands"), ["0"]);
    assert_eq!(bodies(&client, &system.endpoints.queues["Dead"]).await, ["0"]);
}

#[tokio::test]
async fn disorder_delivers_twice_late_and_in_an_order_that_can_be_repeated() {
    let mut orders = Vec::new();
    for _ in 0..2 {
        let (system, client, url) = queue().await;
        system.sqs.disorder(Disorder {
            shuffle_seed: Some(7),
            ..Disorder::default()
        });
        send(&client, &url, numbers(0..10)).await;
        orders.push(bodies(&client, &url).await);
    }
    assert_eq!(orders[0], orders[1]);
    assert_ne!(orders[0], numbers(0..10));

    let (system, client, url) = queue().await;
    system.sqs.disorder(Disorder {
        twice_every: 1,
        ..Disorder::default()
    });
    send(&client, &url, numbers(0..1)).await;
    let twins = receive(&client, &url).await;
    assert_eq!(twins.len(), 2);
    assert_eq!(twins[0].message_id, twins[1].message_id);

    let hour = SignedDuration::from_hours(1);
    system.sqs.disorder(Disorder {
        late: Some(Late { every: 1, by: hour }),
        ..Disorder::default()
    });
    send(&client, &url, ["late".to_owned()]).await;
    assert!(receive(&client, &url).await.is_empty());
    system.clock.advance(hour);
    assert!(bodies(&client, &url).await.contains(&"late".to_owned()));
}

#[tokio::test]
async fn a_receiver_that_waits_gets_what_is_sent_meanwhile() {
    let (_system, client, url) = queue().await;
    let waiting = client
        .receive_message()
        .queue_url(&url)
        .wait_time_seconds(10)
        .send();
    let sending = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        send(&client, &url, numbers(0..1)).await;
    };
    let (received, ()) = tokio::join!(waiting, sending);
    assert_eq!(received.unwrap().messages().len(), 1);
}

#[tokio::test]
async fn what_aws_refuses_is_refused_in_its_words() {
    let (_system, client, url) = queue().await;
    let batch = |entries: Vec<_>| {
        client
            .send_message_batch()
            .queue_url(&url)
            .set_entries(Some(entries))
            .send()
    };

    let nowhere = client
        .receive_message()
        .queue_url("http://127.0.0.1/0/Nowhere")
        .send()
        .await;
    assert!(
        nowhere
            .unwrap_err()
            .into_service_error()
            .is_queue_does_not_exist()
    );
    let eleven = batch((0..11).map(|id| entry(&id.to_string(), "x")).collect())
        .await
        .unwrap_err();
    assert!(eleven.into_service_error().is_too_many_entries_in_batch_request());
    let twins = batch(vec![entry("a", "x"), entry("a", "y")]).await.unwrap_err();
    assert!(twins.into_service_error().is_batch_entry_ids_not_distinct());
    let half = "x".repeat(140_000);
    let long = batch(vec![entry("a", &half), entry("b", &half)])
        .await
        .unwrap_err();
    assert!(long.into_service_error().is_batch_request_too_long());
    let slow = client
        .send_message()
        .queue_url(&url)
        .message_body("x")
        .delay_seconds(901)
        .send()
        .await;
    assert_eq!(slow.unwrap_err().code(), Some("InvalidParameterValue"));
    let forged = client
        .delete_message()
        .queue_url(&url)
        .receipt_handle("forged")
        .send()
        .await;
    assert!(
        forged
            .unwrap_err()
            .into_service_error()
            .is_receipt_handle_is_invalid()
    );

    // In a batch, each entry settles for itself.
    let mixed = batch(vec![entry("good", "x"), entry("bad", "\u{1}")])
        .await
        .unwrap();
    assert_eq!(mixed.successful()[0].id(), "good");
    assert_eq!(mixed.failed()[0].code(), "InvalidMessageContents");

    let found = client.get_queue_url().queue_name("Errands").send().await.unwrap();
    assert_eq!(found.queue_url(), Some(url.as_str()));
}
