//! Goes through the whole table once, for an operator's command: at a pace, with a bar, and resumable from
//! wherever it was cut off.

use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use indicatif::ProgressBar;
use jiff::Timestamp;
use platform::queue;
use platform::store::{self, Place, Store, StreamKey};
use serde::{Deserialize, Serialize};
use tokio::time::{MissedTickBehavior, interval};

/// How many items of the table one call looks at, of which few are a subject's first act.
const ITEMS_MAX: i32 = 1_000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Queue(#[from] queue::Error),
    #[error("what fell due could not be worked out")]
    Refused(#[from] domain::refusal::Refusal),
    #[error("the place to resume from could not be read or kept")]
    Resume(#[from] io::Error),
    #[error("the file to resume from is of another command: {0}")]
    OtherCommand(String),
}

#[derive(Debug, Clone, Default)]
pub struct Options {
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
    /// What is being done: nobody goes on from the place of another command.
    command: String,
    pub looked_at: usize,
    /// Those for which there was something to do.
    pub changed: usize,
    after: Option<Place>,
}

/// Show `look` every subject, and every recipient that changed since an instant. It says whether there was
/// something to do.
pub async fn through(
    store: &Store,
    command: String,
    recipients_since: Timestamp,
    options: &Options,
    bar: &ProgressBar,
    mut look: impl AsyncFnMut(StreamKey) -> Result<bool, Error>,
) -> Result<Progress, Error> {
    let mut pace = interval(Duration::from_secs(1) / options.per_second.max(1));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut progress = options.resumed(command)?;
    loop {
        let page = store
            .scan(progress.after.as_ref(), recipients_since, ITEMS_MAX)
            .await?;
        for key in page.found {
            pace.tick().await;
            progress.looked_at += 1;
            progress.changed += usize::from(look(key).await?);
            bar.set_message(format!("{} of {}", progress.changed, progress.looked_at));
        }
        bar.inc(page.items as u64);
        progress.after = page.next;
        options.keep(&progress)?;
        if progress.after.is_none() {
            return Ok(progress);
        }
    }
}

impl Options {
    /// A dry run has done nothing, so nobody goes on from its place but another one.
    fn resumed(&self, command: String) -> Result<Progress, Error> {
        let command = if self.dry_run {
            format!("{command}, dry")
        } else {
            command
        };
        match &self.resume {
            Some(file) if file.exists() => {
                let progress: Progress = serde_json::from_slice(&fs::read(file)?).map_err(io::Error::from)?;
                if progress.command == command {
                    Ok(progress)
                } else {
                    Err(Error::OtherCommand(progress.command))
                }
            }
            Some(_) | None => Ok(Progress {
                command,
                ..Progress::default()
            }),
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
