//! Runs the function under Lambda.

use aws_lambda_events::event::sqs::SqsEvent;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent};
use partner_sync::Parts;
use platform::aws::Aws;
use platform::courier::{Courier, PATIENCE};
use platform::inside::Inside;
use platform::queue::Queue;
use platform::store::Store;
use platform::token::Links;
use platform::{endpoint, telemetry};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "the one clock of this function")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::connected().await?;
    let parts = &Parts {
        store: Store::from_env(&aws, policies::all())?,
        courier: Courier::new(endpoint::PUBLIC, Inside::from_env()?, PATIENCE)?,
        links: Links::from_env()?,
        errands: Queue::from_env(&aws)?,
        dead: Queue::dead_from_env(&aws)?,
    };
    let run = async |event: LambdaEvent<SqsEvent>| {
        Ok::<_, Error>(partner_sync::handle(parts, Timestamp::now, event.payload).await)
    };
    telemetry::run(run).await
}
