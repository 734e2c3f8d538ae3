//! Runs the function under Lambda.

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::aws::Aws;
use platform::queue::Queue;
use platform::store::Store;
use platform::telemetry;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "the one clock of this function")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::from_env()?;
    let (store, queue) = (&Store::from_env(&aws, policies::all())?, &Queue::from_env(&aws)?);
    // What the schedule sends says nothing that counts: the sweep goes on from its own marks.
    let run = async |_: LambdaEvent<Value>| {
        Ok::<_, Error>(consent_expire::handle(store, queue, Timestamp::now()).await?)
    };
    lambda_runtime::run(service_fn(run)).await
}
