//! Who tells a story: says the sentences, makes the requests, and waits until everything has come to rest.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Part, Said};
use crate::issuer::{self, Bearer};
use crate::live::{Happening, Live, Scene};

/// Nothing has moved for so long: longer than the pause between two polls.
const QUIET: Duration = Duration::from_millis(350);
/// A step that has not come to rest by then is waited for no longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is due is announced a little later than it falls due.
const MINUTES_MAX: usize = 10;
const LOOKING: Duration = Duration::from_millis(50);

pub(super) struct Teller<'a> {
    pub(super) scene: &'a Scene,
    live: Live,
    story: &'static str,
    pace: Duration,
    /// How the caller names the data subject.
    id: String,
    /// How everybody else does, once it is known.
    subject: Option<String>,
}

/// What the ledger says of one recipient.
pub(super) struct Entry {
    pub(super) recipient: String,
    pub(super) is_up_to_date: bool,
    attempts: u64,
    next_attempt_at: Option<Timestamp>,
}

/// Why a story could not go on, in a sentence.
pub(super) struct Broken(pub(super) String);

impl Broken {
    fn unknown(recipient: &str) -> Self {
        Self(format!("The ledger does not know {recipient}."))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'a> Teller<'a> {
    pub(super) fn new(live: Live, scene: &'a Scene, story: &'static str, pace: Duration) -> Self {
        let id = format!("{story}-{}", live.0.clock.now().as_millisecond());
        Self {
            scene,
            live,
            story,
            pace,
            id,
            subject: None,
        }
    }

    /// Say a sentence, and leave time to read it.
    pub(super) async fn say(&self, text: &str) {
        self.said(text, Part::Middle);
        tokio::time::sleep(self.pace).await;
    }

    pub(super) fn said(&self, text: &str, part: Part) {
        self.live.tell(Happening::Said(Said {
            story: self.story,
            text: text.to_owned(),
            part,
            subject: self.subject.clone(),
        }));
    }

    /// `PUT` a relation to a dealer.
    pub(super) async fn relate(&mut self, relation: &str, dates: Value) -> Result<(), Broken> {
        let path = format!("/relations/{relation}");
        self.ask(Method::PUT, &path, dates).await?;
        self.settle().await;
        Ok(())
    }

    /// The form, with these controls and channels ticked.
    pub(super) async fn grant(&mut self, controls: &[&str], channels: &[&str]) -> Result<(), Broken> {
        let form = json!({
            "notice": { "id": "bmw-italia-promotional", "version": 1, "language": "it" },
            "brand": "bmw",
            "source": "form",
            "controls": controls,
            "channels": channels,
            "evidence": { "kind": "signed-in" },
        });
        self.ask(Method::POST, "/consents", form).await?;
        let record = self.ask(Method::GET, "", Value::Null).await?;
        self.subject = record["subject"].as_str().map(ToOwned::to_owned);
        self.settle().await;
        Ok(())
    }

    /// What is known of the data subject, category by category.
    pub(super) async fn profile(&mut self, source: &str, categories: Value) -> Result<(), Broken> {
        let path = format!("/profile?source={source}");
        self.ask(Method::PATCH, &path, categories).await?;
        self.settle().await;
        Ok(())
    }

    pub(super) async fn withdraw(&mut self, what: Value) -> Result<(), Broken> {
        self.ask(Method::POST, "/withdrawals", what).await?;
        self.settle().await;
        Ok(())
    }

    /// What the ledger says of each recipient.
    pub(super) async fn ledger(&self) -> Result<Vec<Entry>, Broken> {
        let told = self.ask(Method::GET, "/recipients", Value::Null).await?;
        let entries = told["recipients"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let entry = |entry: &Value| Entry {
            recipient: text(&entry["recipient"]),
            is_up_to_date: entry["state"] == "up-to-date",
            attempts: entry["attempts"].as_u64().unwrap_or_default(),
            next_attempt_at: entry["next_attempt_at"].as_str().and_then(|at| at.parse().ok()),
        };
        Ok(entries.map(entry).collect())
    }

    /// The clock moves on until the ledger says that this recipient was told once more.
    pub(super) async fn advance_until_told(&self, recipient: &str) -> Result<(), Broken> {
        let entry = |ledger: Vec<Entry>| ledger.into_iter().find(|entry| entry.recipient == recipient);
        let before = entry(self.ledger().await?).ok_or_else(|| Broken::unknown(recipient))?;
        if let Some(at) = before.next_attempt_at {
            self.advance_to(at).await;
        }
        for _ in 0..MINUTES_MAX {
            self.advance(SignedDuration::from_mins(1)).await;
            let now = entry(self.ledger().await?).ok_or_else(|| Broken::unknown(recipient))?;
            if now.attempts != before.attempts || now.is_up_to_date {
                return Ok(());
            }
        }
        Err(Broken(format!("{recipient} was not told again.")))
    }

    /// Whether a dealer may phone, as anybody would ask.
    pub(super) async fn may_phone(&self, who: &str) -> Result<bool, Broken> {
        let question = json!({ "subject": self.id, "who": who, "purpose": "marketing", "channel": "phone" });
        let body = json!({ "questions": [question] });
        let told = self
            .request(Method::POST, "/v1/decisions".to_owned(), body)
            .await?;
        Ok(told["answers"][0]["allowed"] == true)
    }

    /// The clock moves on to this instant, and what falls due until then happens.
    pub(super) async fn advance_to(&self, to: Timestamp) {
        let by = to.duration_since(self.live.0.clock.now());
        if by.is_positive() {
            self.live.0.clock.advance(by);
        }
        // The schedule looks at the clock as often as the streams and queues are polled.
        tokio::time::sleep(QUIET).await;
        self.settle().await;
    }

    pub(super) async fn advance(&self, by: SignedDuration) {
        self.advance_to(self.live.0.clock.now() + by).await;
    }

    /// The day so many years ago, and one day later: its anniversary is tomorrow, in the notice's own zone.
    pub(super) fn almost_years_ago(&self, years: i64) -> String {
        let today = self.live.0.clock.now().in_tz("Europe/Rome");
        let then = today.map(|today| today.date().saturating_sub(years.years()).saturating_add(1.day()));
        then.map(|day| day.to_string()).unwrap_or_default()
    }

    pub(super) fn today(&self) -> String {
        let today = self.live.0.clock.now().in_tz("Europe/Rome");
        today.map(|today| today.date().to_string()).unwrap_or_default()
    }

    /// Until nothing moves, and the queues of work hold nothing but what they keep back for later.
    async fn settle(&self) {
        let rest = async {
            loop {
                tokio::time::sleep(LOOKING).await;
                let mut queues = self.scene.template.consumers.iter();
                let is_idle = queues.all(|mapping| self.scene.sqs.at_hand(&mapping.queue).is_empty());
                if is_idle && self.live.is_quiet_for(QUIET) {
                    break;
                }
            }
        };
        // What does not come to rest is seen in the picture; the story goes on.
        let _ = tokio::time::timeout(PATIENCE, rest).await;
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Result<Value, Broken> {
        self.request(method, format!("/v1/subjects/{}{path}", self.id), body)
            .await
    }

    async fn request(&self, method: Method, path: String, body: Value) -> Result<Value, Broken> {
        let kind = match method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        let url = format!("{}{path}", self.scene.gateway);
        let mut request = self.scene.client.request(method, url).bearer_auth(self.token()?);
        if path.ends_with("/consents") {
            request = request.header("idempotency-key", format!("\"{}\"", self.id));
        }
        if !body.is_null() {
            request = request.header("content-type", kind).body(body.to_string());
        }
        let answer = request.send().await;
        let answer = answer.map_err(|_| Broken("The front door did not answer.".to_owned()))?;
        let status = answer.status();
        let told = answer.bytes().await.unwrap_or_default();
        let told: Value = serde_json::from_slice(&told).unwrap_or_default();
        if status.is_success() {
            return Ok(told);
        }
        let why = told["detail"].as_str().or(told["title"].as_str());
        let why = why.unwrap_or("it did not say why");
        Err(Broken(format!("The front door refused with {status}: {why}.")))
    }

    fn token(&self) -> Result<String, Broken> {
        let back_office = Bearer {
            scope: "service".to_owned(),
            ..Bearer::default()
        };
        issuer::token(&back_office, self.live.0.clock.unmoved())
            .map_err(|_| Broken("There is no token to enter with.".to_owned()))
    }
}
