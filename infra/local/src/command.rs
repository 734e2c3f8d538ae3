//! `cargo run -p local -- due recompute`: for an operator, with an operator's own credentials.

use domain::codes::NoticeId;
use indicatif::{ProgressBar, ProgressStyle};
use platform::aws::Aws;
use platform::store::Store;

use crate::clock::Clock;
use crate::recompute::{Options, recompute};

type BoxError = Box<dyn std::error::Error>;

pub const HELP: &str = "\
Write down anew when each subject must be looked at, after a new policy version took dates over

    cargo run -p local -- due recompute [--dry-run] [--notice N --version V] [--rate N] [--resume FILE]

    --dry-run      say how many subjects would get a new date, and write nothing
    --notice N, --version V
                   only those who consented under this version of this notice
    --rate N       look at so many subjects a second at the most, 100 unless said otherwise
    --resume FILE  keep the place here, and go on from it

It speaks to the table TABLE_NAME in AWS_REGION as AWS_ACCESS_KEY_ID, or wherever AWS_ENDPOINT_URL_DYNAMODB
says, and scans it once: half a read unit for every 4 KB that it holds, and a read unit a subject.
";

/// Run what was asked for.
pub async fn run(words: impl Iterator<Item = String>) -> Result<(), BoxError> {
    let Some(options) = asked(words)? else {
        print!("{HELP}");
        return Ok(());
    };
    let aws = Aws::from_env()?;
    let store = Store::from_env(&aws, policies::all())?;
    let clock = Clock::system();

    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} items, {eta} left; {msg}")?;
    let bar = ProgressBar::new(store.items_about().await?).with_style(style);
    let progress = recompute(&store, || clock.now(), &options, &bar).await?;
    bar.finish_and_clear();
    println!("{}", progress.told(options.dry_run));
    Ok(())
}

/// What was asked for, or nothing if it was for help.
fn asked(mut words: impl Iterator<Item = String>) -> Result<Option<Options>, BoxError> {
    if words.next().as_deref() != Some("recompute") {
        return Ok(None);
    }
    let (mut notice, mut version) = (None, None);
    let mut options = Options {
        per_second: 100,
        ..Options::default()
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} wants a value"));
        match word.as_str() {
            "--help" | "-h" => return Ok(None),
            "--dry-run" => options.dry_run = true,
            "--notice" => notice = Some(value()?.parse::<NoticeId>()?),
            "--version" => version = Some(value()?.parse::<u32>()?),
            "--rate" => options.per_second = value()?.parse()?,
            "--resume" => options.resume = Some(value()?.into()),
            other => return Err(format!("{other} is not known here").into()),
        }
    }
    options.under = match (notice, version) {
        (Some(notice), Some(version)) => Some((notice, version)),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err("--notice and --version go together".into()),
    };
    Ok(Some(options))
}
