//! The commands of an operator, with an operator's own credentials: `due recompute`, and `reconcile`.

use std::env;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use domain::codes::NoticeId;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use platform::aws::Aws;
use platform::queue::Queue;
use platform::store::Store;

use crate::clock::Clock;
use crate::recompute::{Under, recompute};
use crate::reconcile::reconcile;
use crate::scan::Options;

type BoxError = Box<dyn std::error::Error>;

const RECOMPUTE_HELP: &str = "\
Write down anew when each subject must be looked at, after a new policy version took dates over, or after the
sweep stood still for more than 31 days

    cargo run -p local -- due recompute [--dry-run] [--notice N --version V] [--rate N] [--resume FILE]

    --dry-run      say how many subjects would get a new date, and write nothing
    --notice N, --version V
                   only those who consented under this version of this notice
    --rate N       look at so many subjects a second at the most, 1 to 1000000, 100 unless said otherwise
    --resume FILE  keep the place here, and go on from it

It speaks to the table TABLE_NAME in AWS_REGION, or wherever AWS_ENDPOINT_URL_DYNAMODB says, as AWS_ACCESS_KEY_ID
with AWS_SECRET_ACCESS_KEY, and scans it once: half a read unit for every 4 KB that it holds, and two read units a
subject, one of them for what was tracked of its e-mails.
";

const RECONCILE_HELP: &str = "\
Let what the fan-out missed follow after all, after an outage longer than the 24 hours of the table's stream

    cargo run -p local -- reconcile --since T [--dry-run] [--rate N] [--resume FILE]

    --since T      when the outage began, such as 2026-03-01T12:00:00Z
    --dry-run      say for how many there would be something to do, and write nothing
    --rate N       look at so many subjects a second at the most, 1 to 1000000, 100 unless said otherwise
    --resume FILE  keep the place here, and go on from it

It speaks to the table TABLE_NAME and the queue QUEUE_URL in AWS_REGION, or wherever AWS_ENDPOINT_URL_DYNAMODB and
AWS_ENDPOINT_URL_SQS say, as AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, and scans the table once: half a read
unit for every 4 KB that it holds, a read unit a subject, and two more for each whose chain grew since then.
";

/// More subjects a second than a table answers for.
const RATE_MAX: u32 = 1_000_000;

/// What the commands cannot do without.
const NEEDED: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "TABLE_NAME",
];

/// `due recompute`.
pub async fn due(mut words: impl Iterator<Item = String>) -> Result<(), BoxError> {
    if words.next().as_deref() != Some("recompute") {
        return help(RECOMPUTE_HELP);
    }
    let Some(asked) = Asked::read(words)? else {
        return help(RECOMPUTE_HELP);
    };
    let (under, options) = (asked.under()?, asked.options());
    if asked.since.is_some() {
        return Err("due recompute takes no --since".into());
    }
    let (_, store) = table(&NEEDED)?;
    let bar = bar(&store).await?;
    let progress = recompute(&store, now(), &under, &options, &bar).await?;
    bar.finish_and_clear();
    let would = if options.dry_run { "would get" } else { "got" };
    let (changed, looked_at) = (progress.changed, progress.looked_at);
    println!("{changed} of {looked_at} subjects {would} a new date");
    Ok(())
}

/// `reconcile`.
pub async fn reconciling(words: impl Iterator<Item = String>) -> Result<(), BoxError> {
    let Some(asked) = Asked::read(words)? else {
        return help(RECONCILE_HELP);
    };
    if asked.under()?.is_some() {
        return Err("reconcile takes no --notice".into());
    }
    let since = asked.since.ok_or("reconcile wants --since")?;
    let options = asked.options();
    let (aws, store) = table(&[&NEEDED[..], &["QUEUE_URL"]].concat())?;
    let queue = Queue::from_env(&aws)?;
    let bar = bar(&store).await?;
    let progress = reconcile(&store, &queue, now(), since, &options, &bar).await?;
    bar.finish_and_clear();
    let was = if options.dry_run { "is" } else { "was" };
    let (changed, looked_at) = (progress.changed, progress.looked_at);
    println!("for {changed} of {looked_at} subjects and recipients there {was} something to do");
    Ok(())
}

fn help(text: &str) -> Result<(), BoxError> {
    print!("{text}");
    Ok(())
}

/// The table, once everything is there that the environment must say.
fn table(needed: &[&str]) -> Result<(Aws, Store), BoxError> {
    let is_unset = |name: &&&str| env::var(name).is_err();
    let unset: Vec<&str> = needed.iter().filter(is_unset).copied().collect();
    if !unset.is_empty() {
        return Err(format!("the environment must set {}", unset.join(", ")).into());
    }
    let aws = Aws::from_env()?;
    let store = Store::from_env(&aws, policies::all())?;
    Ok((aws, store))
}

fn now() -> impl Fn() -> Timestamp {
    let clock = Clock::system();
    move || clock.now()
}

async fn bar(store: &Store) -> Result<ProgressBar, BoxError> {
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} items, {eta} left; {msg}")?;
    Ok(ProgressBar::new(store.items_about().await?).with_style(style))
}

/// What was asked for.
#[derive(Default)]
struct Asked {
    dry_run: bool,
    notice: Option<NoticeId>,
    version: Option<u32>,
    since: Option<Timestamp>,
    rate: Option<u32>,
    resume: Option<PathBuf>,
}

impl Asked {
    /// Nothing, if it was for help.
    fn read(mut words: impl Iterator<Item = String>) -> Result<Option<Self>, BoxError> {
        let mut asked = Self::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
            match word.as_str() {
                "--help" | "-h" => return Ok(None),
                "--dry-run" => asked.dry_run = true,
                "--notice" => asked.notice = Some(read(&word, "the id of a notice", &value()?)?),
                "--version" => asked.version = Some(read(&word, "a number", &value()?)?),
                "--since" => {
                    let instant = "an instant, such as 2026-03-01T12:00:00Z";
                    asked.since = Some(read(&word, instant, &value()?)?);
                }
                "--rate" => asked.rate = Some(rate(&value()?)?),
                "--resume" => asked.resume = Some(value()?.into()),
                other => return Err(format!("{other} is not known here").into()),
            }
        }
        Ok(Some(asked))
    }

    fn under(&self) -> Result<Under, BoxError> {
        match (self.notice.clone(), self.version) {
            (Some(notice), Some(version)) => Ok(Some((notice, version))),
            (None, None) => Ok(None),
            (Some(_), None) | (None, Some(_)) => Err("--notice and --version go together".into()),
        }
    }

    fn options(&self) -> Options {
        Options {
            dry_run: self.dry_run,
            per_second: self.rate.unwrap_or(100),
            resume: self.resume.clone(),
        }
    }
}

fn rate(text: &str) -> Result<u32, BoxError> {
    match read("--rate", "a number", text)? {
        rate @ 1..=RATE_MAX => Ok(rate),
        _ => Err(format!("--rate wants 1 to {RATE_MAX}").into()),
    }
}

fn read<T: FromStr<Err: Display>>(flag: &str, wanted: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|error| format!("{flag} wants {wanted}: {error}"))
}
