//! Demo recipients, for people to look at: they hold what they are sent and show it on a page.
//!
//! They do what a real recipient must: check the signature (Standard Webhooks), take each message once,
//! never go back to an older event about a subject, and acknowledge. What an event of ours looks like is
//! known to `demo/held.rs` alone.

mod held;
mod page;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as InPath, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::{get, post};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::sync::broadcast;

use crate::clock::Clock;
use crate::state_file::StateFile;
use held::Held;

/// Who is there from the start: one of each kind, with its role.
const RECIPIENTS: [(&str, &str, &str); 4] = [
    ("bmw-ag", "group-company", "separate-controller"),
    ("dealer-sales", "dealer", "separate-controller"),
    ("dealer-local", "dealer", "separate-controller"),
    ("campaign-service", "processor", "processor"),
];
/// How far a signature's time may be from the clock, as the specification advises.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// So many message ids are remembered for each recipient; far more than a demo sends.
const SEEN_MAX: usize = 10_000;

#[derive(Clone)]
pub struct Demo(Arc<Inner>);

struct Inner {
    clock: Clock,
    file: StateFile<Recipients>,
    recipients: Mutex<Recipients>,
    arrivals: broadcast::Sender<Arrival>,
}

type Recipients = BTreeMap<String, Recipient>;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Recipient {
    kind: String,
    /// What it was given when it was registered; more than one while a secret is being changed.
    secrets: Vec<String>,
    subjects: BTreeMap<String, Held>,
    /// Ids of the messages taken so far, oldest first.
    seen: VecDeque<String>,
    /// Messages turned away for their signature.
    refused: u64,
    /// Whether it answers nobody, because somebody wants to see what happens then.
    #[serde(skip)]
    down: bool,
    /// Messages that it did not answer since it last took one.
    #[serde(skip)]
    missed: u64,
}

/// A message that came to a recipient, and what it did with it.
#[derive(Clone, Debug, Serialize)]
pub struct Arrival {
    pub recipient: String,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Taken,
    /// It was down.
    Unanswered,
    /// Badly signed, or no event of ours.
    TurnedAway,
}

/// So many arrivals may wait to be looked at.
const ARRIVALS_MAX: usize = 256;

impl Demo {
    pub fn open(clock: Clock, data: Option<&Path>) -> io::Result<Self> {
        let (file, mut recipients): (_, Recipients) = StateFile::open(data, "demo.json")?;
        for (name, kind, _) in RECIPIENTS {
            recipients.entry(name.to_owned()).or_default().kind = kind.to_owned();
        }
        let recipients = Mutex::new(recipients);
        let (arrivals, _) = broadcast::channel(ARRIVALS_MAX);
        Ok(Self(Arc::new(Inner {
            clock,
            file,
            recipients,
            arrivals,
        })))
    }

    /// Register the demo recipients as anybody would: through the gateway. The secret comes with the first
    /// registration and is kept with what the recipient holds.
    pub async fn register(
        &self,
        client: &reqwest::Client,
        gateway: &str,
        token: &str,
    ) -> Result<(), reqwest::Error> {
        for (name, kind, role) in RECIPIENTS {
            let endpoint = format!("{gateway}/demo/recipients/{name}/events");
            let settings = json!({ "kind": kind, "role": role, "authorised": true, "endpoint": endpoint });
            let put = client.put(format!("{gateway}/v1/recipients/{name}"));
            let put = put
                .bearer_auth(token)
                .header(header::CONTENT_TYPE, "application/json")
                .body(settings.to_string());
            let told = put.send().await?.error_for_status()?.bytes().await?;
            let told: Value = serde_json::from_slice(&told).unwrap_or_default();
            if let Some(secret) = told["signing_secret"].as_str() {
                self.secret(name, secret);
            }
        }
        Ok(())
    }

    /// From now on, `name` takes what is signed with this secret (`whsec_...`) too.
    pub fn secret(&self, name: &str, secret: &str) {
        self.recipients()
            .entry(name.to_owned())
            .or_default()
            .secrets
            .push(secret.to_owned());
    }

    /// What was only held until now is held no more.
    fn let_go(&self) {
        let now = self.0.clock.now();
        for recipient in self.recipients().values_mut() {
            recipient.subjects.values_mut().for_each(|held| held.let_go(now));
        }
    }

    /// What all recipients hold now: recipient, subject, then `sequence`, `holds`, `content`, `changes`.
    pub fn told(&self) -> Value {
        let recipients = self.recipients();
        let told = recipients.iter().map(|(name, recipient)| {
            let subjects = recipient.subjects.iter();
            let subjects = subjects.map(|(subject, held)| (subject.clone(), held.told()));
            (name.clone(), Value::Object(subjects.collect()))
        });
        Value::Object(told.collect())
    }

    /// The same for the live picture: who is there, in which state, and what each holds, without any content.
    pub fn shown(&self) -> Value {
        let recipients = self.recipients();
        let shown = recipients.iter().map(|(name, recipient)| {
            let subjects = recipient.subjects.iter();
            let subjects = subjects.map(|(subject, held)| (subject.clone(), held.shown()));
            json!({
                "name": name,
                "kind": recipient.kind,
                "down": recipient.down,
                "missed": recipient.missed,
                "subjects": Value::Object(subjects.collect()),
            })
        });
        shown.collect()
    }

    /// Who is there.
    pub fn names(&self) -> BTreeSet<String> {
        self.recipients().keys().cloned().collect()
    }

    /// Let a recipient answer nobody, or answer again. Returns whether there is such a recipient.
    pub fn set_down(&self, name: &str, down: bool) -> bool {
        let mut recipients = self.recipients();
        let recipient = recipients.get_mut(name);
        recipient.map(|recipient| recipient.down = down).is_some()
    }

    /// Let all answer.
    pub fn all_up(&self) {
        for recipient in self.recipients().values_mut() {
            recipient.down = false;
        }
    }

    /// Every message that comes to a recipient from now on.
    pub fn arrivals(&self) -> broadcast::Receiver<Arrival> {
        self.0.arrivals.subscribe()
    }

    /// Beside the gateway's routes, or on a server of its own.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/demo/recipients", get(show))
            .route("/demo/recipients/{name}/events", post(arrive))
            .with_state(self.clone())
    }

    fn is_signed(&self, name: &str, headers: &HeaderMap, body: &[u8]) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(id), Some(signatures)) = (text("webhook-id"), text("webhook-signature")) else {
            return false;
        };
        let Some(sent) = text("webhook-timestamp").and_then(|sent| sent.parse::<i64>().ok()) else {
            return false;
        };
        // The crate's own check of the time knows the computer's clock only.
        let age = Timestamp::from_second(sent).map(|at| self.0.clock.now().duration_since(at).abs());
        if age.is_err() || age.is_ok_and(|age| age > TOLERANCE) {
            return false;
        }
        let recipients = self.recipients();
        let secrets = recipients.get(name).map(|recipient| &recipient.secrets);
        let signature = |secret: &String| Webhook::new(secret).ok()?.sign(id, sent, body).ok();
        let mut expected = secrets.into_iter().flatten().filter_map(signature);
        // Loopback and a demo: a comparison in constant time would guard nothing here.
        expected.any(|expected| signatures.split(' ').any(|signature| signature == expected))
    }

    fn recipients(&self) -> MutexGuard<'_, Recipients> {
        self.0.recipients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn arrive(
    State(demo): State<Demo>,
    InPath(recipient): InPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let status = take(&demo, &recipient, &headers, &body);
    let outcome = match status {
        StatusCode::NO_CONTENT => Outcome::Taken,
        StatusCode::SERVICE_UNAVAILABLE => Outcome::Unanswered,
        _ => Outcome::TurnedAway,
    };
    // It fails where nobody looks, which is the usual case.
    let _ = demo.0.arrivals.send(Arrival { recipient, outcome });
    status
}

/// A repeated message is acknowledged again: the sender only missed the first answer.
fn take(demo: &Demo, name: &str, headers: &HeaderMap, body: &[u8]) -> StatusCode {
    let is_signed = demo.is_signed(name, headers, body);
    let now = demo.0.clock.now();
    let mut recipients = demo.recipients();
    let Some(recipient) = recipients.get_mut(name) else {
        return StatusCode::NOT_FOUND;
    };
    if recipient.down {
        recipient.missed += 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    if !is_signed {
        recipient.refused += 1;
        return StatusCode::UNAUTHORIZED;
    }
    let Some((subject, news)) = held::read(body) else {
        return StatusCode::BAD_REQUEST;
    };
    let id = headers
        .get("webhook-id")
        .map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let id = id.unwrap_or_default();
    if !recipient.seen.contains(&id) {
        recipient.subjects.entry(subject).or_default().take(news, now);
        recipient.seen.push_back(id);
    }
    recipient.missed = 0;
    if recipient.seen.len() > SEEN_MAX {
        recipient.seen.pop_front();
    }

    match demo.0.file.keep(&recipients) {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(error) => {
            tracing::error!(%error, "what a demo recipient holds could not be written to disk");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

async fn show(State(demo): State<Demo>, headers: HeaderMap) -> Response {
    demo.let_go();
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    if accepted.contains("application/json") && !accepted.contains("text/html") {
        return Json(demo.told()).into_response();
    }
    Html(page::of(&demo.recipients(), demo.0.clock.now())).into_response()
}
