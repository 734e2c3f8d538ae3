//! The edge of a queue: each message settles for itself.

use std::future::Future;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::http::chain;
use crate::queue::Queue;

/// What lies with the dead letters instead of a message that is not ours.
const WITHHELD: &str = "(withheld)";

/// What becomes of a message that failed.
pub trait Failure: std::error::Error {
    /// Whether the same message may succeed later; one that cannot goes to the dead letters at once.
    fn may_pass(&self) -> bool;
}

/// Run each message of a batch. One that may pass later is delivered again; one that never will, or is not
/// ours, is put aside with its reason and costs the others nothing.
pub async fn each<M, F, E>(event: SqsEvent, dead: &Queue, run: impl Fn(M) -> F) -> SqsBatchResponse
where
    M: DeserializeOwned,
    F: Future<Output = Result<(), E>>,
    E: Failure,
{
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let body = message.body.as_deref().unwrap_or_default();
        let (kept, settled) = match read(body) {
            Ok(errand) => {
                let settled = run(errand).await;
                (body, settled.map_err(|error| (error.may_pass(), chain(&error))))
            }
            // Whoever sent it has it, and it may name somebody.
            Err(error) => (WITHHELD, Err((false, format!("not a message of ours: {error}")))),
        };
        let Err((may_pass, cause)) = settled else { continue };
        let id = message.message_id.clone().unwrap_or_default();
        tracing::warn!(message.id = id, may_pass, cause, "a message was not settled");
        let buried = !may_pass && bury(dead, kept, &cause).await;
        if !buried {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
    }
    response
}

/// Whether the message lies with the dead letters; if not, it comes again and ends there by itself.
async fn bury(dead: &Queue, kept: &str, cause: &str) -> bool {
    let buried = dead.bury(kept, cause).await;
    if let Err(error) = &buried {
        tracing::error!(cause = chain(error), "a message could not be put aside");
    }
    buried.is_ok()
}

/// Serde's message may quote the body, so only what kind of thing is wrong is kept.
fn read<M: DeserializeOwned>(body: &str) -> Result<M, String> {
    serde_json::from_str(body).map_err(|error| match error.classify() {
        Category::Data => "JSON, but of another shape".to_owned(),
        Category::Syntax | Category::Eof | Category::Io => {
            format!("no JSON from line {}, column {} on", error.line(), error.column())
        }
    })
}
