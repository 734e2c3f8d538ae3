//! Lambda's Runtime API: runs a function's own binary, and hands it events as Lambda does.
//!
//! Four small routes. The binary is the one that is deployed; nothing in it knows where it runs.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as Segment, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use local::clock::Clock;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// Longer than any run of a function may take, and than any of them takes under an instrument.
const DEADLINE: Duration = Duration::from_secs(900);

/// A running function.
pub struct Lambda {
    process: Child,
    events: Option<mpsc::Sender<Value>>,
    outcomes: mpsc::Receiver<Outcome>,
    serving: JoinHandle<()>,
}

/// What a function says.
#[derive(Debug)]
enum Outcome {
    Answered(Value),
    /// It asked for its first event: what comes before that is the init phase.
    Ready,
    Broke(String),
}

struct Api {
    events: Mutex<mpsc::Receiver<Value>>,
    outcomes: mpsc::Sender<Outcome>,
    /// Whether the function has asked for an event.
    ready: AtomicBool,
    clock: Clock,
}

/// Where a function's binary is: in `FUNCTIONS_DIR`, or else where cargo-lambda leaves it, or cargo.
///
/// # Panics
///
/// If it was not built.
pub fn binary(function: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let mut places = match std::env::var("FUNCTIONS_DIR") {
        Ok(folder) => vec![PathBuf::from(folder).join(function)],
        Err(_) => vec![
            target.join("lambda").join(function).join("bootstrap"),
            target.join("release").join(function),
        ],
    };
    // What has a workspace of its own has a target of its own.
    places.push(target.join(function).join("release").join(function));
    let found = places.iter().find(|place| place.exists());
    found
        .cloned()
        .unwrap_or_else(|| panic!("{function} is not built: see README.md, Measure"))
}

impl Lambda {
    /// Start a command that is a function, or that runs one.
    ///
    /// # Panics
    ///
    /// If it does not come as far as its first event.
    pub async fn start(mut command: Command, environment: &[(String, String)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        // Without this, each warm call would seem to take 40 ms.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let (events, waiting) = mpsc::channel(1);
        let (told, outcomes) = mpsc::channel(8);
        let api = Api {
            events: Mutex::new(waiting),
            outcomes: told,
            ready: AtomicBool::new(false),
            clock: Clock::system(),
        };
        let invocation = "/2018-06-01/runtime/invocation";
        let routes = Router::new()
            .route(&format!("{invocation}/next"), get(next))
            .route(&format!("{invocation}/{{id}}/response"), post(answered))
            .route(&format!("{invocation}/{{id}}/error"), post(broke))
            .route("/2018-06-01/runtime/init/error", post(broke_at_once))
            .with_state(Arc::new(api));
        let serving = tokio::spawn(async move { drop(axum::serve(listener, routes).await) });

        let process = command
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", &address)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let mut lambda = Self {
            process,
            events: Some(events),
            outcomes,
            serving,
        };
        match lambda.outcome().await {
            Outcome::Ready => lambda,
            outcome @ (Outcome::Answered(_) | Outcome::Broke(_)) => {
                panic!("the function did not start: {outcome:?}")
            }
        }
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Hand over an event, and wait for what the function makes of it.
    ///
    /// # Panics
    ///
    /// If the function fails, or says nothing.
    pub async fn invoke(&mut self, event: Value) -> Value {
        match self.try_invoke(event).await {
            Ok(answer) => answer,
            Err(error) => panic!("the function broke: {error}"),
        }
    }

    /// The same where the function may say that it failed.
    ///
    /// # Panics
    ///
    /// If it says nothing.
    pub async fn try_invoke(&mut self, event: Value) -> Result<Value, String> {
        let events = self.events.as_ref().expect("a running function");
        events.send(event).await.expect("a function that asks");
        match self.outcome().await {
            Outcome::Answered(answer) => Ok(answer),
            Outcome::Broke(error) => Err(error),
            Outcome::Ready => panic!("the function was started again"),
        }
    }

    /// Let the function come to its end by itself, so that an instrument can write down what it saw.
    ///
    /// # Panics
    ///
    /// If it does not end.
    pub async fn end(mut self) {
        self.events = None;
        for _ in 0..3_000 {
            if self.process.try_wait().expect("a process").is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the function does not end");
    }

    async fn outcome(&mut self) -> Outcome {
        let outcome = tokio::time::timeout(DEADLINE, self.outcomes.recv()).await;
        outcome.ok().flatten().expect("a function that says something")
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        self.serving.abort();
    }
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    let mut events = api.events.lock().await;
    if !api.ready.swap(true, Ordering::Relaxed) {
        drop(api.outcomes.send(Outcome::Ready).await);
    }
    let Some(event) = events.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = api.clock.now().as_millisecond() + DEADLINE.as_millis() as i64;
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, value: String| {
        headers.insert(name, HeaderValue::from_str(&value).expect("a header"));
    };
    add(
        "lambda-runtime-aws-request-id",
        "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
    );
    add("lambda-runtime-deadline-ms", deadline.to_string());
    let arn = "arn:aws:lambda:eu-south-1:000000000000:function:measured";
    add("lambda-runtime-invoked-function-arn", arn.to_owned());
    let trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1";
    add("lambda-runtime-trace-id", trace.to_owned());
    add("content-type", "application/json".to_owned());
    (headers, event.to_string()).into_response()
}

async fn answered(State(api): State<Arc<Api>>, Segment(_): Segment<String>, body: Bytes) -> StatusCode {
    let answer = serde_json::from_slice(&body).unwrap_or_default();
    drop(api.outcomes.send(Outcome::Answered(answer)).await);
    StatusCode::ACCEPTED
}

async fn broke(State(api): State<Arc<Api>>, Segment(_): Segment<String>, body: Bytes) -> StatusCode {
    let error = String::from_utf8_lossy(&body).into_owned();
    drop(api.outcomes.send(Outcome::Broke(error)).await);
    StatusCode::ACCEPTED
}

async fn broke_at_once(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    let error = String::from_utf8_lossy(&body).into_owned();
    drop(api.outcomes.send(Outcome::Broke(error)).await);
    StatusCode::ACCEPTED
}
