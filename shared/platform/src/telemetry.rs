//! Logs: JSON lines that name ids and outcomes, and never a person.

use tracing_subscriber::EnvFilter;

/// Write the log as JSON to standard output, which Lambda collects.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_target(false)
        .without_time()
        .init();
}
