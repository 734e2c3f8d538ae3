//! The edge of a queue: each message settles for itself.

use std::collections::BTreeMap;
use std::future::Future;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::future::join_all;
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

/// Run each message of a batch: those of one group one after the other, and the groups at once, for who waits on
/// one recipient keeps no other waiting. One that may pass later is delivered again; one that never will, or is
/// not ours, is put aside with its reason and costs the others nothing.
pub async fn each<M, F, E>(event: SqsEvent, dead: &Queue, run: impl Fn(M) -> F) -> SqsBatchResponse
where
    M: DeserializeOwned,
    F: Future<Output = Result<(), E>>,
    E: Failure,
{
    let mut groups: BTreeMap<Option<String>, Vec<SqsMessage>> = BTreeMap::new();
    for message in event.records {
        let group = message.attributes.get("MessageGroupId").cloned();
        groups.entry(group).or_default().push(message);
    }
    let one_by_one = async |messages: Vec<SqsMessage>| {
        let mut failed = Vec::new();
        for message in messages {
            failed.extend(settle(message, dead, &run).await);
        }
        failed
    };
    let failed = join_all(groups.into_values().map(one_by_one)).await;

    let mut response = SqsBatchResponse::default();
    response.set_failures(failed.into_iter().flatten());
    response
}

/// Run one message, or put it aside; the id of one that is to come again.
async fn settle<M, F, E>(message: SqsMessage, dead: &Queue, run: impl Fn(M) -> F) -> Option<String>
where
    M: DeserializeOwned,
    F: Future<Output = Result<(), E>>,
    E: Failure,
{
    let body = message.body.as_deref().unwrap_or_default();
    let (kept, settled) = match read(body) {
        Ok(errand) => {
            let settled = run(errand).await;
            (body, settled.map_err(|error| (error.may_pass(), chain(&error))))
        }
        // Whoever sent it has it, and it may name somebody.
        Err(error) => (WITHHELD, Err((false, format!("not a message of ours: {error}")))),
    };
    let (may_pass, cause) = settled.err()?;
    let id = message.message_id.clone().unwrap_or_default();
    tracing::warn!(message.id = id, may_pass, cause, "a message was not settled");
    let is_buried = !may_pass && bury(dead, kept, &cause).await;
    (!is_buried).then_some(id)
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
