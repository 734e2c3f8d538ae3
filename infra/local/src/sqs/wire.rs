//! The AWS JSON 1.0 protocol: one path, the operation in a header, the queue by its URL in the body.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::Sqs;
use super::refusal::Refusal;
use crate::template::Queue;

/// Room for a batch of the largest messages with all characters escaped.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

pub(super) fn router(sqs: Sqs) -> Router {
    Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(sqs)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Entry {
    /// Of entries in a batch alone.
    #[serde(default)]
    pub(super) id: String,
    pub(super) message_body: String,
    pub(super) delay_seconds: Option<i64>,
    pub(super) message_group_id: Option<String>,
    #[serde(default)]
    pub(super) message_attributes: Map<String, Value>,
}

impl Entry {
    pub(super) fn plain(body: &str) -> Self {
        Self {
            id: String::new(),
            message_body: body.to_owned(),
            delay_seconds: None,
            message_group_id: None,
            message_attributes: Map::new(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceiveMessage {
    pub(super) max_number_of_messages: Option<i64>,
    pub(super) visibility_timeout: Option<i64>,
    pub(super) wait_time_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receipt {
    /// Of entries in a batch alone.
    #[serde(default)]
    id: String,
    receipt_handle: String,
    visibility_timeout: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<T> {
    entries: Vec<T>,
}

async fn answer(State(sqs): State<Sqs>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let operation = target
        .and_then(|target| target.strip_prefix("AmazonSQS."))
        .unwrap_or("");
    *sqs.desk().requests.entry(operation.to_owned()).or_default() += 1;

    match sqs.perform(operation, &headers, &body).await {
        Ok(told) => {
            let headers = [("content-type", "application/x-amz-json-1.0")];
            (headers, told.to_string()).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

impl Sqs {
    async fn perform(&self, operation: &str, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
        if operation == "GetQueueUrl" {
            let asked: Value = read(body)?;
            let queue = self.queue(asked["QueueName"].as_str().unwrap_or(""));
            let queue = queue.ok_or(Refusal::QueueDoesNotExist)?;
            let host = headers
                .get("host")
                .and_then(|host| host.to_str().ok())
                .unwrap_or("");
            return Ok(json!({ "QueueUrl": Self::queue_url(&format!("http://{host}"), queue) }));
        }
        let queue = || self.addressed(body);
        match operation {
            "SendMessage" => self.send(queue()?, read(body)?),
            "SendMessageBatch" => self.send_batch(queue()?, read::<Batch<Entry>>(body)?.entries),
            "ReceiveMessage" => self.receive(queue()?, read(body)?).await,
            "DeleteMessage" => {
                let receipt: Receipt = read(body)?;
                self.delete(queue()?, &receipt.receipt_handle).map(|()| json!({}))
            }
            "DeleteMessageBatch" => {
                let entries = read::<Batch<Receipt>>(body)?.entries.into_iter();
                let entries: Vec<_> = entries.map(|entry| (entry.id, entry.receipt_handle)).collect();
                self.delete_batch(queue()?, &entries)
            }
            "ChangeMessageVisibility" => {
                let receipt: Receipt = read(body)?;
                let timeout_s = receipt.visibility_timeout.ok_or(Refusal::MalformedRequest)?;
                self.change_visibility(queue()?, &receipt.receipt_handle, timeout_s)
                    .map(|()| json!({}))
            }
            "GetQueueAttributes" => Ok(json!({ "Attributes": self.attributes(queue()?) })),
            _ => Err(Refusal::UnknownOperation),
        }
    }

    /// By the last part of the URL: after a restart the same queue may listen on another port.
    fn addressed(&self, body: &[u8]) -> Result<&Queue, Refusal> {
        let asked: Value = read(body)?;
        let url = asked["QueueUrl"].as_str().ok_or(Refusal::MalformedRequest)?;
        let name = url.rsplit('/').next().unwrap_or("");
        self.queue(name).ok_or(Refusal::QueueDoesNotExist)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::MalformedRequest)
}
