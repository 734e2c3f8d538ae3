//! Writes down anew when each subject must be looked at: after a new policy version took dates over, or after
//! a sweep stood still for longer than due items are kept.
//!
//! Nothing is moved or deleted: a date that no longer counts is looked at for nothing, once. What is written
//! down already is left alone, so the whole may be repeated, and resumed from wherever it was cut off. What was
//! tracked of e-mails keeps its own ends, and is given them anew as well.

use domain::codes::NoticeId;
use domain::due::due;
use domain::interaction;
use domain::record::Record;
use indicatif::ProgressBar;
use jiff::Timestamp;
use platform::store::{self, DueItem, Store, StreamKey, Wake};

use crate::scan::{self, Error, Progress};

/// Only those who consented under this version of this notice.
pub type Under = Option<(NoticeId, u32)>;

/// Go through all subjects; those that changed get a date that nobody had written down. `now` is asked for
/// each of them, because this may take hours.
pub async fn recompute(
    store: &Store,
    now: impl Fn() -> Timestamp,
    under: &Under,
    options: &scan::Options,
    bar: &ProgressBar,
) -> Result<Progress, Error> {
    let look = async |key| match key {
        StreamKey::Act { subject, .. } => {
            let record = store.chain(&subject).await?.record;
            if !concerns(under, &record) {
                return Ok(false);
            }
            let noted = note(store, &record, now(), options.dry_run).await?;
            Ok(date_interactions(store, &record, now(), options.dry_run).await? || noted)
        }
        StreamKey::Recipient(_) => Ok(false),
    };
    let no_recipients = Timestamp::MAX;
    scan::through(
        store,
        format!("due recompute {under:?}"),
        no_recipients,
        options,
        bar,
        look,
    )
    .await
}

/// Write down the dates of a record that nobody wrote down yet. Says whether there were any.
pub(crate) async fn note(
    store: &Store,
    record: &Record,
    now: Timestamp,
    dry_run: bool,
) -> Result<bool, Error> {
    let item = |at, wake| DueItem {
        at,
        subject: record.subject.clone(),
        wake,
    };
    let to_come = due(&record.now(store.policies, now)).into_iter();
    let to_come = to_come
        .filter(|due| due.at > now)
        .map(|due| item(due.at, Wake::Look));
    let mut missing = store.not_noted(to_come.collect()).await?;
    if record.fall_due(store.policies, now)?.is_some() {
        missing.push(item(now, Wake::Look));
    }
    if store.is_some_left_to_erase(record).await? {
        missing.push(item(now, Wake::Erase));
    }
    if !dry_run {
        for item in &missing {
            store.put_due(item, now).await?;
        }
    }
    Ok(!missing.is_empty())
}

/// Give what was tracked of somebody its dates. Where a report came in between, it is looked at once more.
async fn date_interactions(
    store: &Store,
    record: &Record,
    now: Timestamp,
    dry_run: bool,
) -> Result<bool, Error> {
    let mut changed = false;
    for category in interaction::tracking(store.policies) {
        changed |= loop {
            match store.date_interactions(record, category, now, dry_run).await {
                Err(store::Error::Stale) => {}
                dated => break dated?,
            }
        };
    }
    Ok(changed)
}

fn concerns(under: &Under, record: &Record) -> bool {
    under.as_ref().is_none_or(|(notice, version)| {
        let mut grants = record.state().grants.values();
        grants.any(|grant| grant.shown.notice == *notice && grant.shown.version == *version)
    })
}
