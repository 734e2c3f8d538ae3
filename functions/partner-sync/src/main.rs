//! Runs the function under Lambda.

use aws_lambda_events::event::sqs::SqsEvent;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::aws::Aws;
use platform::courier::Courier;
use platform::endpoint::public_https;
use platform::store::Store;
use platform::telemetry;
use platform::token::Links;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "the one clock of this function")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::from_env()?;
    let (store, links) = (&Store::from_env(&aws, policies::all())?, &Links::from_env()?);
    let courier = &Courier::new(public_https)?;
    let run = async |event: LambdaEvent<SqsEvent>| {
        Ok::<_, Error>(partner_sync::handle(store, courier, links, Timestamp::now(), event.payload).await)
    };
    lambda_runtime::run(service_fn(run)).await
}
