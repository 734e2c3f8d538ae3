//! Table stream: what follows from a change. Works out whom to tell, and when to look again.
//!
//! Everything here is computed from the record as it is now, so a record of the stream may come twice, late
//! or out of order, and what is computed twice is the same.

use std::collections::{BTreeMap, BTreeSet};

use domain::act::Version;
use domain::codes::RecipientId;
use domain::subject::Subject;
use jiff::Timestamp;
use platform::http::chain;
use platform::queue::{self, Errand, Queue};
use platform::store::{self, SHARDS, Store, StreamKey};
use platform::stream::{Change, StreamEvent, StreamResponse};
use platform::wire::Word;

pub use behind::{Behind, behind, tell};

mod behind;
mod dates;

/// Why nothing could be made to follow; the batch comes again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Queue(#[from] queue::Error),
}

/// Let what must follow from each change, once for every subject and recipient of the batch.
pub async fn handle(store: &Store, queue: &Queue, now: Timestamp, event: StreamEvent) -> StreamResponse {
    let mut subjects: BTreeMap<Subject, BTreeSet<Version>> = BTreeMap::new();
    for record in &event.records {
        if let Some(StreamKey::Act { subject, version }) = record.key() {
            subjects.entry(subject).or_default().insert(version);
        }
    }
    let mut done = BTreeSet::new();
    for record in &event.records {
        let Some(key) = record.key() else { continue };
        watch(&key, record.change());
        let followed = match &key {
            StreamKey::Act { subject, .. } => match subjects.remove(subject) {
                Some(versions) => follow_act(store, queue, now, subject, &versions).await,
                None => Ok(()),
            },
            StreamKey::Recipient(recipient) if done.insert(recipient.clone()) => {
                follow_recipient(queue, recipient).await
            }
            StreamKey::Recipient(_) => Ok(()),
        };
        if let Err(error) = followed {
            tracing::error!(
                cause = chain(&error),
                "nothing could be made to follow from a change"
            );
            return StreamResponse::again_from(record.sequence_number());
        }
    }
    StreamResponse::default()
}

/// Acts are added, and nothing may change or delete one. Whoever did had rights of their own: an alarm looks for
/// this line.
fn watch(key: &StreamKey, change: Change) {
    if let StreamKey::Act { subject, version } = key
        && change != Change::Insert
    {
        tracing::error!(tampered = ?change, %subject, version, "an act of {subject} was changed or deleted");
    }
}

/// An act was added: tell the recipients for whom it makes a difference, and note when to look again.
async fn follow_act(
    store: &Store,
    queue: &Queue,
    now: Timestamp,
    subject: &Subject,
    versions: &BTreeSet<Version>,
) -> Result<(), Error> {
    let chain = store.chain(subject).await?;
    let behind = behind(store, &chain.record, now).await?;

    dates::note(store, now, &chain, versions).await?;
    tell(store, queue, now, &chain.record, &behind).await
}

/// A recipient changed: everyone it may ever have concerned is looked at again, each shard by a walk of its
/// own.
pub async fn follow_recipient(queue: &Queue, recipient: &RecipientId) -> Result<(), Error> {
    let walk = |shard| Errand::Walk {
        recipient: Word(recipient.clone()),
        shard,
        after: None,
    };
    let walks: Vec<Errand> = (0..SHARDS).map(walk).collect();
    Ok(queue.send(&walks).await?)
}
