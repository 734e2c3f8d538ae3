//! Writes down anew when each subject must be looked at: after a new policy version took dates over, or after
//! a sweep stood still for longer than due items are kept.
//!
//! Nothing is moved or deleted: a date that no longer counts is looked at for nothing, once. What is written
//! down already is left alone, so the whole may be repeated, and resumed from wherever it was cut off.

use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use domain::codes::NoticeId;
use domain::due::due;
use domain::record::Record;
use domain::refusal::Refusal;
use indicatif::ProgressBar;
use jiff::Timestamp;
use platform::store::{self, DueItem, Place, Store, Wake};
use serde::{Deserialize, Serialize};
use tokio::time::{MissedTickBehavior, interval};

/// How many items of the table one call looks at, of which few are a subject's first act.
const ITEMS_MAX: i32 = 1_000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("what fell due could not be worked out")]
    Refused(#[from] Refusal),
    #[error("the place to resume from could not be read or kept")]
    Resume(#[from] io::Error),
}

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only those who consented under this version of this notice.
    pub under: Option<(NoticeId, u32)>,
    /// Say what would change, and write nothing.
    pub dry_run: bool,
    /// The most subjects that are looked at in a second.
    pub per_second: u32,
    /// Where the place to go on from is kept.
    pub resume: Option<PathBuf>,
}

/// How far it came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    pub subjects: usize,
    /// The subjects that get a date that nobody had written down.
    pub changed: usize,
    after: Option<Place>,
}

/// Go through all subjects. `now` is asked for each of them, because this may take hours.
pub async fn recompute(
    store: &Store,
    now: impl Fn() -> Timestamp,
    options: &Options,
    bar: &ProgressBar,
) -> Result<Progress, Error> {
    let mut pace = interval(Duration::from_secs(1) / options.per_second.max(1));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut progress = options.resumed()?;
    loop {
        let page = store.subjects(progress.after.as_ref(), ITEMS_MAX).await?;
        for subject in &page.subjects {
            pace.tick().await;
            let record = store.chain(subject).await?.record;
            progress.subjects += 1;
            if options.concerns(&record) && note(store, &record, now(), options.dry_run).await? {
                progress.changed += 1;
            }
            bar.set_message(progress.told(options.dry_run));
        }
        bar.inc(page.items as u64);
        progress.after = page.next;
        options.keep(&progress)?;
        if progress.after.is_none() {
            return Ok(progress);
        }
    }
}

/// Write down the dates of a record that nobody wrote down yet. Says whether there were any.
async fn note(store: &Store, record: &Record, now: Timestamp, dry_run: bool) -> Result<bool, Error> {
    let look = |at| DueItem {
        at,
        subject: record.subject.clone(),
        wake: Wake::Look,
    };
    let to_come = due(&record.now(store.policies, now)).into_iter();
    let to_come = to_come.filter(|due| due.at > now).map(|due| look(due.at));
    let mut missing = store.not_noted(to_come.collect()).await?;
    if record.fall_due(store.policies, now)?.is_some() {
        missing.push(look(now));
    }
    if !dry_run {
        for item in &missing {
            store.put_due(item, now).await?;
        }
    }
    Ok(!missing.is_empty())
}

impl Options {
    fn concerns(&self, record: &Record) -> bool {
        self.under.as_ref().is_none_or(|(notice, version)| {
            let mut grants = record.state().grants.values();
            grants.any(|grant| grant.shown.notice == *notice && grant.shown.version == *version)
        })
    }

    fn resumed(&self) -> io::Result<Progress> {
        match &self.resume {
            Some(file) if file.exists() => Ok(serde_json::from_slice(&fs::read(file)?)?),
            Some(_) | None => Ok(Progress::default()),
        }
    }

    /// After the last page there is nothing to resume.
    fn keep(&self, progress: &Progress) -> io::Result<()> {
        let Some(file) = &self.resume else { return Ok(()) };
        if progress.after.is_some() {
            let next = file.with_extension("next");
            fs::write(&next, serde_json::to_vec(progress)?)?;
            fs::rename(next, file)
        } else if file.exists() {
            fs::remove_file(file)
        } else {
            Ok(())
        }
    }
}

impl Progress {
    pub fn told(&self, dry_run: bool) -> String {
        let would = if dry_run { "would get" } else { "got" };
        format!(
            "{} of {} subjects {would} a new date",
            self.changed, self.subjects
        )
    }
}
