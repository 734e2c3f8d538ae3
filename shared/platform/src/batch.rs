//! The edge of a queue: each message settles for itself.

use std::future::Future;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use serde::de::DeserializeOwned;

use crate::http::chain;

/// What becomes of a message that failed.
pub trait Failure: std::error::Error {
    /// Whether the same message may succeed later; one that cannot goes to the dead letters.
    fn may_pass(&self) -> bool;
}

/// Run each message of a batch; only those that failed are delivered again.
pub async fn each<M, F, E>(event: SqsEvent, run: impl Fn(M) -> F) -> SqsBatchResponse
where
    M: DeserializeOwned,
    F: Future<Output = Result<(), E>>,
    E: Failure,
{
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let id = message.message_id.clone().unwrap_or_default();
        let settled = match read(&message) {
            Ok(errand) => run(errand)
                .await
                .map_err(|error| (error.may_pass(), chain(&error))),
            Err(error) => Err((false, format!("not a message of ours: {error}"))),
        };
        if let Err((may_pass, cause)) = settled {
            tracing::warn!(message.id = id, may_pass, cause, "a message was not settled");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
    }
    response
}

/// Serde's message may quote the body, so only where it stopped is kept.
fn read<M: DeserializeOwned>(message: &SqsMessage) -> Result<M, String> {
    let body = message.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).map_err(|error| format!("line {}, column {}", error.line(), error.column()))
}
