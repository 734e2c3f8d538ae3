//! Schedule: what falls due. Each minute, each shard, from where it was left.
//!
//! No decision waits for this: it announces what every decision knows already, sends again what a recipient
//! has not acknowledged, and escalates what it has not acknowledged in time.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{Either, join_all, select};
use jiff::{SignedDuration, Timestamp};
use platform::http::chain;
use platform::metric;
use platform::queue::{self, Queue};
use platform::store::{self, NotTaken, SHARDS, Store};

use crate::shard::{Shard, Swept};

mod debts;
mod shard;

/// How long a run may take: what is left is the next one's, which begins within a minute.
pub const RUN_MAX: SignedDuration = SignedDuration::from_mins(12);

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

/// Sweep every shard up to now, or until there is no time left; the next run goes on from there.
pub async fn handle(
    store: &Store,
    queue: &Queue,
    now: Timestamp,
    until: impl Future<Output = ()>,
) -> Result<(), Error> {
    let mut marks = store.marks().await?;
    let out_of_time = AtomicBool::new(false);
    let shards = (0..SHARDS).map(|number| Shard {
        store,
        queue,
        now,
        number,
        out_of_time: &out_of_time,
        mark: marks.remove(&number),
    });

    let sweeping = pin!(join_all(shards.map(Shard::sweep)));
    let swept = match select(sweeping, pin!(until)).await {
        Either::Left((swept, _)) => swept,
        Either::Right(((), sweeping)) => {
            out_of_time.store(true, Ordering::Relaxed);
            sweeping.await
        }
    };

    tell(&swept, now);
    match swept.iter().filter(|(_, failed)| failed.is_some()).count() {
        0 => Ok(()),
        failed => Err(Error::Unswept { failed }),
    }
}

/// What a run did, and how far behind it left the sweep.
fn tell(swept: &[(Swept, Option<Error>)], now: Timestamp) {
    let sum = |count: fn(&Swept) -> usize| swept.iter().map(|(swept, _)| count(swept)).sum::<usize>();
    let reached = swept.iter().map(|(swept, _)| swept.reached.at()).min();
    let behind_s = reached.map_or(0, |reached| now.duration_since(reached).as_secs().max(0));
    for error in swept.iter().filter_map(|(_, failed)| failed.as_ref()) {
        tracing::error!(cause = chain(error), "a shard was not swept");
    }
    metric::SWEEP_LAG.record(behind_s.unsigned_abs(), now);
    tracing::info!(
        behind_s,
        looked_at = sum(|swept| swept.looked_at),
        announced = sum(|swept| swept.announced),
        sent_again = sum(|swept| swept.sent_again),
        overdue = sum(|swept| swept.overdue),
        put_off = sum(|swept| swept.put_off),
        "the sweep is {behind_s} s behind"
    );
}
