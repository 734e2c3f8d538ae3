//! Runs the function under Lambda.

use std::time::Duration;

use consent_expire::RUN_MAX;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Error, LambdaEvent};
use platform::aws::Aws;
use platform::queue::Queue;
use platform::store::Store;
use platform::telemetry;
use serde_json::Value;

/// What the last page, its mark and the log may take after the run was told to end.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "the one clock of this function")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::connected().await?;
    let (store, queue) = (&Store::from_env(&aws, policies::all())?, &Queue::from_env(&aws)?);
    // What the schedule sends says nothing that counts: the sweep goes on from its own marks.
    let run = async |event: LambdaEvent<Value>| {
        let now = Timestamp::now();
        let deadline = Timestamp::try_from(event.context.deadline())?;
        let left = (deadline.duration_since(now) - MARGIN).min(RUN_MAX);
        let until = tokio::time::sleep(Duration::try_from(left).unwrap_or_default());
        Ok::<_, Error>(consent_expire::handle(store, queue, now, until).await?)
    };
    telemetry::run(run).await
}
