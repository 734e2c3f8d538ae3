//! Runs the function under Lambda.

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent};
use platform::aws::Aws;
use platform::queue::Queue;
use platform::store::Store;
use platform::stream::StreamEvent;
use platform::telemetry;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "the one clock of this function")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::connected().await?;
    let store = &Store::from_env(&aws, policies::all())?;
    let (queue, dead) = (&Queue::from_env(&aws)?, &Queue::dead_from_env(&aws)?);
    let run = async |event: LambdaEvent<StreamEvent>| {
        Ok::<_, Error>(partner_fanout::handle(store, queue, dead, Timestamp::now(), event.payload).await)
    };
    telemetry::run(run).await
}
