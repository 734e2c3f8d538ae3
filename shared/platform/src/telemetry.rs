//! Logs: JSON lines on standard output, which Lambda collects. They name ids and outcomes, and never a person.
//!
//! Every line that is written during an invocation carries the function, the request's id and its trace's.
//! The last says how it ended. Metrics are lines of their own kind beside them ([`crate::metric`]).

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::time::Instant;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use lambda_http::{Error, LambdaEvent, lambda_runtime, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::{Event, Instrument, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt as lines;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

use crate::metric;
use crate::stream::StreamResponse;

/// Write logs and metrics to standard output.
pub fn init() {
    log_to(std::io::stdout).init();
}

/// The same to elsewhere: logs, as far as `RUST_LOG` asks for them, and every metric.
pub fn log_to<W>(writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Clone + Send + Sync + 'static,
{
    // By target and level: filters by the fields of a span would bring an engine of regular expressions.
    let asked = std::env::var("RUST_LOG")
        .ok()
        .and_then(|asked| asked.parse().ok());
    let asked = asked.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let logs = lines::layer()
        .json()
        .with_span_list(false)
        .with_target(false)
        .without_time()
        .with_writer(writer.clone())
        .with_filter(filter_fn(|about| about.target() != metric::TARGET))
        .with_filter(asked);
    let metrics = lines::layer()
        .event_format(Bare)
        .with_writer(writer)
        .with_filter(filter_fn(|about| about.target() == metric::TARGET));
    tracing_subscriber::registry().with(logs).with(metrics)
}

/// The message, and nothing around it.
struct Bare;

impl<S, N> FormatEvent<S, N> for Bare
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        context.field_format().format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}

/// Run a function under Lambda, on its events.
pub async fn run<E, R, H, F>(handle: H) -> Result<(), Error>
where
    E: DeserializeOwned,
    R: Serialize + Outcome,
    H: Fn(LambdaEvent<E>) -> F,
    F: Future<Output = Result<R, Error>>,
{
    let handle = &handle;
    // Boxed, because the compiler gives up on the type of so many futures inside each other.
    let invoke = |event: LambdaEvent<E>| {
        let invocation = Invocation {
            function: event.context.env_config.function_name.clone(),
            request_id: event.context.request_id.clone(),
            trace_id: event.context.xray_trace_id.clone(),
        };
        Box::pin(async move { invocation.log(handle(event)).await })
    };
    lambda_runtime::run(service_fn(invoke)).await
}

/// One call of a function.
pub struct Invocation {
    pub function: String,
    pub request_id: String,
    pub trace_id: Option<String>,
}

impl Invocation {
    /// Name this invocation on every line that is logged on the way, and log how it ended.
    pub async fn log<R, E>(self, run: impl Future<Output = Result<R, E>>) -> Result<R, E>
    where
        R: Outcome,
    {
        let span = tracing::info_span!(
            "invocation",
            function = self.function,
            request_id = self.request_id,
            trace_id = self.trace_id,
        );
        let logged = async {
            let started = Instant::now();
            let ended = run.await;
            let outcome = ended.as_ref().map_or(Cow::Borrowed("failed"), Outcome::outcome);
            let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(outcome = %outcome, duration_ms, "ended");
            ended
        };
        logged.instrument(span).await
    }
}

/// How an invocation ended, in a word for the log.
pub trait Outcome {
    fn outcome(&self) -> Cow<'static, str>;
}

impl Outcome for () {
    fn outcome(&self) -> Cow<'static, str> {
        "done".into()
    }
}

impl Outcome for SqsBatchResponse {
    fn outcome(&self) -> Cow<'static, str> {
        again(self.batch_item_failures.len())
    }
}

impl Outcome for StreamResponse {
    fn outcome(&self) -> Cow<'static, str> {
        again(self.failures())
    }
}

fn again(failures: usize) -> Cow<'static, str> {
    match failures {
        0 => "done".into(),
        failures => format!("{failures} to come again").into(),
    }
}
