//! Runs the function under Lambda.

use aws_lambda_events::event::sqs::SqsEvent;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent};
use platform::aws::Aws;
use platform::pseudonym::Pseudonyms;
use platform::queue::Queue;
use platform::store::Store;
use platform::telemetry;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "the one clock of this function")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::connected().await?;
    let store = &Store::from_env(&aws, policies::all())?;
    let (pseudonyms, dead) = (&Pseudonyms::from_env()?, &Queue::dead_from_env(&aws)?);
    let run = async |event: LambdaEvent<SqsEvent>| {
        Ok::<_, Error>(
            interaction_track::handle(store, pseudonyms, dead, Timestamp::now(), event.payload).await,
        )
    };
    telemetry::run(run).await
}
