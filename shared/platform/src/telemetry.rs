//! Logs: JSON lines that name ids and outcomes, and never a person.

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Write the log as JSON to standard output, which Lambda collects.
pub fn init() {
    log_to(std::io::stdout).init();
}

/// The same log to elsewhere.
pub fn log_to<W>(writer: W) -> impl Subscriber
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_target(false)
        .without_time()
        .with_writer(writer)
        .finish()
}
