//! Lets what the fan-out missed follow after all: for every subject whose chain grew since an instant, and
//! every recipient that changed, computed from chains and ledger as they are now. For an outage that lasted
//! longer than the stream keeps its records.
//!
//! Whoever is in step already gets nothing, so the whole may be repeated, and resumed from wherever it was
//! cut off.

use std::collections::BTreeSet;

use domain::record::AHEAD_MAX;
use indicatif::ProgressBar;
use jiff::Timestamp;
use partner_fanout::{behind_as_registered, errands, forget, walks};
use platform::queue::Queue;
use platform::store::{Store, StreamKey};

use crate::recompute::note;
use crate::scan::{self, Error, Progress};

/// Go through all subjects; those that changed were told to somebody, or got a date that nobody had written
/// down.
pub async fn reconcile(
    store: &Store,
    queue: &Queue,
    now: impl Fn() -> Timestamp,
    since: Timestamp,
    options: &scan::Options,
    bar: &ProgressBar,
) -> Result<Progress, Error> {
    // What was learnt since then may bear an earlier time, by a clock that is behind.
    let earliest = since.saturating_sub(AHEAD_MAX).unwrap_or(Timestamp::MIN);
    let mut walked = BTreeSet::new();
    let look = async |key| match key {
        StreamKey::Act { subject, .. } => {
            let (record, now) = (store.chain(&subject).await?.record, now());
            if record.learnt_at() < earliest {
                return Ok(false);
            }
            let noted = note(store, &record, now, options.dry_run).await?;
            let behind = behind_as_registered(store, &record, now).await?;
            if !options.dry_run {
                forget(store, now, &record, &(1..=record.version).collect()).await?;
                queue.send(&errands(store, now, &record, &behind).await?).await?;
            }
            Ok(noted || !behind.is_empty())
        }
        StreamKey::Recipient(recipient) => {
            let is_new = walked.insert(recipient.clone());
            if is_new && !options.dry_run {
                queue.send(&walks(&recipient).collect::<Vec<_>>()).await?;
            }
            Ok(is_new)
        }
    };
    scan::through(
        store,
        format!("reconcile since {since}"),
        earliest,
        options,
        bar,
        look,
    )
    .await
}
