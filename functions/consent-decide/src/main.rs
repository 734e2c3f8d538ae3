//! Runs the function under Lambda.

use jiff::Timestamp;
use platform::aws::Aws;
use platform::http::{self, Edge};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::telemetry;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "the one clock of this function")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let aws = Aws::connected().await?;
    let store = Store::from_env(&aws, policies::all())?;
    let pseudonyms = Pseudonyms::from_env()?;
    http::serve(Edge::from_env(), async |request| {
        consent_decide::handle(&store, &pseudonyms, Timestamp::now(), request).await
    })
    .await
}
