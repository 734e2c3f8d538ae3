//! Table stream: what follows from a change. Works out whom to tell, and when to look again.
//!
//! Everything here is computed from the record as it is now, so a record of the stream may come twice, late
//! or out of order, and what is computed twice is the same.

use std::collections::{BTreeMap, BTreeSet};

use domain::act::Version;
use domain::codes::RecipientId;
use domain::interaction;
use domain::record::Record;
use domain::subject::Subject;
use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;
use platform::http::chain;
use platform::queue::{Errand, Queue};
use platform::store::{self, SHARDS, Store, StreamKey};
use platform::stream::{Change, StreamEvent, StreamResponse};
use platform::wire::Word;

pub use behind::{Behind, behind, behind_as_registered, errands};

mod behind;
mod dates;

/// So many subjects are looked at together: each waits for the table most of the time.
const AT_ONCE: usize = 10;

/// Let what must follow from each change, once for every subject and recipient of the batch. The errands of
/// all go out together, ten with each request. What fails comes again, and keeps nothing else from following; a
/// record that cannot be read would hold up its shard of the stream, and is put aside.
pub async fn handle(
    store: &Store,
    queue: &Queue,
    dead: &Queue,
    now: Timestamp,
    event: StreamEvent,
) -> StreamResponse {
    let changed = Changed::of(&event);

    let mut outbox: Vec<(Place, Errand)> = Vec::new();
    let mut failed: BTreeSet<Place> = BTreeSet::new();
    for (recipient, place) in changed.recipients {
        outbox.extend(walks(&recipient).map(|walk| (place, walk)));
    }
    let following = changed.subjects.into_iter().map(|(subject, acts)| async move {
        let errands = follow(store, now, &subject, &acts.versions).await;
        let or_aside = match errands {
            Err(error) if !error.may_pass() => put_aside(dead, &subject, error).await,
            errands => errands,
        };
        (acts.place, or_aside)
    });
    let mut followed = stream::iter(following).buffered(AT_ONCE);
    while let Some((place, errands)) = followed.next().await {
        match errands {
            Ok(errands) => outbox.extend(errands.into_iter().map(|errand| (place, errand))),
            Err(error) => {
                tracing::error!(
                    cause = chain(&error),
                    "nothing could be made to follow from a change"
                );
                failed.insert(place);
            }
        }
    }

    let (places, errands): (Vec<Place>, Vec<Errand>) = outbox.into_iter().unzip();
    if let Err(error) = queue.send(&errands).await {
        tracing::error!(cause = chain(&error), "errands were not sent");
        failed.extend(error.unsent.iter().map(|unsent| places[*unsent]));
    }
    StreamResponse::again(failed.into_iter().map(|place| &event.records[place]))
}

/// Where in the batch the first record is that tells of something.
type Place = usize;

/// What a batch tells of.
#[derive(Default)]
struct Changed {
    subjects: BTreeMap<Subject, Acts>,
    recipients: BTreeMap<RecipientId, Place>,
}

struct Acts {
    place: Place,
    versions: BTreeSet<Version>,
}

impl Changed {
    fn of(event: &StreamEvent) -> Self {
        let mut changed = Self::default();
        for (place, record) in event.records.iter().enumerate() {
            match record.key() {
                Some(StreamKey::Act { subject, version }) => {
                    watch(&subject, version, record.change());
                    let versions = BTreeSet::new();
                    let acts = changed
                        .subjects
                        .entry(subject)
                        .or_insert(Acts { place, versions });
                    acts.versions.insert(version);
                }
                Some(StreamKey::Recipient(recipient)) => {
                    changed.recipients.entry(recipient).or_insert(place);
                }
                None => {}
            }
        }
        changed
    }
}

/// Acts are added, and nothing may change or delete one. Whoever did had rights of their own: an alarm looks for
/// this line.
fn watch(subject: &Subject, version: Version, change: Change) {
    if change != Change::Insert {
        tracing::error!(tampered = ?change, %subject, version, "an act of {subject} was changed or deleted");
    }
}

/// Acts were added: note when to look again, forget what may not be tracked any more, and tell the recipients for
/// whom they make a difference.
async fn follow(
    store: &Store,
    now: Timestamp,
    subject: &Subject,
    versions: &BTreeSet<Version>,
) -> Result<Vec<Errand>, store::Error> {
    let chain = store.chain(subject).await?;
    let behind = behind(store, &chain.record, now).await?;

    dates::note(store, now, &chain, versions).await?;
    forget(store, now, &chain.record, versions).await?;
    errands(store, now, &chain.record, &behind).await
}

/// Leave somebody whose record cannot be read to whoever mends it, and to `reconcile` after that.
async fn put_aside(
    dead: &Queue,
    subject: &Subject,
    error: store::Error,
) -> Result<Vec<Errand>, store::Error> {
    let cause = chain(&error);
    tracing::error!(%subject, cause, "the record of {subject} cannot be read");
    match dead.bury(subject.as_str(), &cause).await {
        Ok(()) => Ok(Vec::new()),
        Err(not_buried) => {
            tracing::error!(cause = chain(&not_buried), "it could not be put aside either");
            Err(error)
        }
    }
}

/// Forget what was tracked under a consent that one of these acts has ended.
pub async fn forget(
    store: &Store,
    now: Timestamp,
    record: &Record,
    acts: &BTreeSet<Version>,
) -> Result<(), store::Error> {
    for category in interaction::ended_by(&record.now(store.policies, now), acts) {
        store.forget_interactions(record, category).await?;
    }
    Ok(())
}

/// A recipient changed: everyone it may ever have concerned is looked at again, each shard by a walk of its
/// own.
pub fn walks(recipient: &RecipientId) -> impl Iterator<Item = Errand> {
    (0..SHARDS).map(|shard| Errand::Walk {
        recipient: Word(recipient.clone()),
        shard,
        after: None,
    })
}
