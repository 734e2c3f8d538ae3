//! Schedule: what falls due. Each minute, each shard, from where it was left.
//!
//! No decision waits for this: it announces what every decision knows already, and sends again what a
//! recipient has not acknowledged.

use domain::record::Record;
use domain::subject::Subject;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use platform::http::chain;
use platform::queue::{self, Errand, Queue};
use platform::store::{self, Beside, Guard, NotTaken, SHARDS, Store, Wake};

/// How far back the first sweep of a shard looks: nothing was due before the table was there.
const FIRST_LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);
/// How old a mark may grow while there is nothing to do; it saves a write a minute.
const MARK_AGE_MAX: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Queue(#[from] queue::Error),
    #[error("what fell due could not be written")]
    Step(#[source] NotTaken),
    #[error("{failed} of the shards were not swept to the end; the next run goes on")]
    Unswept { failed: usize },
}

/// Sweep every shard up to now. A shard that fails keeps its mark, and the next minute goes on from there.
pub async fn handle(store: &Store, queue: &Queue, now: Timestamp) -> Result<(), Error> {
    let swept = join_all((0..SHARDS).map(|shard| sweep(store, queue, shard, now))).await;

    let failed = swept.iter().filter_map(|swept| swept.as_ref().err());
    for error in failed.clone() {
        tracing::error!(cause = chain(error), "a shard was not swept");
    }
    match failed.count() {
        0 => Ok(()),
        failed => Err(Error::Unswept { failed }),
    }
}

async fn sweep(store: &Store, queue: &Queue, shard: u32, now: Timestamp) -> Result<(), Error> {
    let mark = store.swept(shard).await?;
    let after = mark.unwrap_or(now.saturating_sub(FIRST_LOOK_BACK).unwrap_or(Timestamp::MIN));
    let due = store.due(shard, after, now).await?;

    let mut errands = Vec::new();
    for item in &due {
        match &item.wake {
            Wake::Look => fall_due(store, &item.subject, now).await?,
            Wake::Deliver(recipient) => {
                errands.push(Errand::deliver(item.subject.clone(), recipient.clone(), 0));
            }
        }
    }
    queue.send(&errands).await?;
    if !due.is_empty() || mark.is_none_or(|mark| now.duration_since(mark) > MARK_AGE_MAX) {
        store.mark_swept(shard, now).await?;
    }
    Ok(())
}

/// Write into the chain what time has done, as often as there is something; a second run finds nothing.
async fn fall_due(store: &Store, subject: &Subject, now: Timestamp) -> Result<(), Error> {
    let step = |record: &Record| record.fall_due(store.policies, now);
    while store
        .amend(subject, &Guard::default(), &Beside::Nothing, step)
        .await
        .map_err(Error::Step)?
        .act
        .is_some()
    {}
    Ok(())
}
