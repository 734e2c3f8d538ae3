//! The event source mapping of a queue: receive, call the function, delete what it has done.
//!
//! What failed stays and becomes visible again when its time is up; after too many times, the queue
//! itself moves it to the dead letters.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::engine::{Endpoints, Error};
use crate::invoke::{Functions, Verdict};
use crate::sdk;
use crate::sqs;
use crate::template::QueueMapping;

pub struct Consumer {
    mapping: QueueMapping,
    functions: Functions,
    clock: Clock,
    client: Client,
    url: String,
}

impl Consumer {
    pub fn open(
        mapping: QueueMapping,
        functions: Functions,
        clock: Clock,
        endpoints: &Endpoints,
    ) -> Result<Self, Error> {
        let url = endpoints.queues.get(&mapping.queue).cloned();
        let url = url.ok_or_else(|| Error::Queue(format!("there is no queue {}", mapping.queue)))?;
        let client = sdk::sqs(&endpoints.sqs);
        Ok(Self {
            mapping,
            functions,
            clock,
            client,
            url,
        })
    }

    /// The logical id of the queue.
    pub fn queue(&self) -> &str {
        &self.mapping.queue
    }

    /// One batch. Returns how many messages it handed to the function, whatever became of them.
    pub async fn poll(&mut self) -> Result<usize, Error> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(self.mapping.batch_size.clamp(1, 10) as i32)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await
            .map_err(problem)?;
        let messages = received.messages();
        if messages.is_empty() {
            return Ok(0);
        }

        let done = self.call(messages).await;
        self.delete(&done).await?;
        Ok(messages.len())
    }

    /// Those messages that the function has done.
    async fn call<'m>(&self, messages: &'m [Message]) -> Vec<&'m Message> {
        let records: Vec<Value> = messages.iter().map(|message| self.record(message)).collect();
        let ids: Vec<&str> = messages
            .iter()
            .filter_map(|message| message.message_id())
            .collect();
        let event = json!({ "Records": records });
        let answer = self
            .functions
            .call(&self.mapping.function, event, self.clock.now())
            .await;

        let function = self.mapping.function.as_str();
        match Verdict::of(answer, &ids) {
            Verdict::Done => messages.iter().collect(),
            Verdict::Failed(failed) => {
                tracing::warn!(function, failed = failed.len(), "messages failed");
                let is_failed = |id: &str| failed.iter().any(|failed| failed == id);
                messages
                    .iter()
                    .filter(|message| !message.message_id().is_some_and(is_failed))
                    .collect()
            }
            Verdict::AllFailed(problem) => {
                tracing::warn!(
                    function,
                    problem,
                    messages = messages.len(),
                    "a batch of messages failed"
                );
                Vec::new()
            }
        }
    }

    async fn delete(&self, done: &[&Message]) -> Result<(), Error> {
        let mut entries = Vec::new();
        for (id, message) in done.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(id.to_string())
                .set_receipt_handle(message.receipt_handle.clone())
                .build();
            entries.push(entry.map_err(problem)?);
        }
        if entries.is_empty() {
            return Ok(());
        }
        let deletion = self.client.delete_message_batch().queue_url(&self.url);
        let deleted = deletion
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(problem)?;
        // They will come again, which every consumer must bear anyway.
        for failure in deleted.failed() {
            tracing::warn!(code = failure.code(), "a message that is done was not deleted");
        }
        Ok(())
    }

    fn record(&self, message: &Message) -> Value {
        let attributes: Map<String, Value> = message
            .attributes()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_str().into()))
            .collect();
        let message_attributes: Map<String, Value> = message
            .message_attributes()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let kind = value.data_type();
                (
                    name.clone(),
                    json!({ "stringValue": value.string_value(), "dataType": kind }),
                )
            })
            .collect();
        json!({
            "messageId": message.message_id(),
            "receiptHandle": message.receipt_handle(),
            "body": message.body(),
            "attributes": attributes,
            "messageAttributes": message_attributes,
            "md5OfBody": message.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": sqs::queue_arn(self.url.rsplit('/').next().unwrap_or_default()),
            "awsRegion": sdk::REGION,
        })
    }
}

fn problem(error: impl std::error::Error) -> Error {
    Error::Queue(DisplayErrorContext(error).to_string())
}
