//! Where nobody may be named, and the search for who is.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;
use tests::{Answer, ERRANDS, INTERACTIONS, World};
use tracing::subscriber::DefaultGuard;

use crate::{NAME, NUMBER};

const QUEUES: [&str; 5] = [
    ERRANDS,
    "ErrandsDead",
    "StreamDead",
    INTERACTIONS,
    "InteractionsDead",
];

/// Texts, each with the place where it stood.
#[derive(Default)]
pub(crate) struct Sinks {
    log: Log,
    texts: Vec<(String, String)>,
}

impl Sinks {
    /// Logs and metrics of this thread, and so of this test, until the guard is dropped.
    pub(crate) fn open() -> (Self, DefaultGuard) {
        let sinks = Self::default();
        let writer = sinks.log.clone();
        let subscriber = platform::telemetry::log_to(move || writer.clone());
        (sinks, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn read(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.texts.push((place.into(), text.into()));
    }

    /// Everything that a refused caller is told.
    pub(crate) fn read_refusal(&mut self, request: &str, answer: &Answer) {
        self.read(format!("{request}: the error"), answer.text.clone());
        self.read(format!("{request}: its headers"), format!("{:?}", answer.headers));
    }

    /// What was logged, every call to a queue, every key, and what lies in the queues.
    pub(crate) async fn look_at(&mut self, world: &World) {
        self.read("the log", self.log.text());
        for made in world.calls.take() {
            let (operation, request) = (&made.call.operation, &made.call.request);
            if made.call.service == "AmazonSQS" {
                self.read(operation, request.to_string());
            }
            let mut keys = Vec::new();
            keys_of(request, &mut keys);
            for key in keys {
                self.read(format!("a key of {operation}"), key);
            }
        }
        for queue in QUEUES {
            for body in world.sqs.bodies(queue) {
                self.read(format!("the queue {queue}"), body);
            }
        }
    }

    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        self.texts.clone()
    }

    /// The same, and forget them, with the log.
    pub(crate) fn take(&mut self) -> Vec<(String, String)> {
        self.log.lock().clear();
        std::mem::take(&mut self.texts)
    }

    /// Every line that was logged.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = self.log.text();
        let line = |line| serde_json::from_str(line).expect("a line of JSON");
        text.lines().map(line).collect()
    }

    /// What CloudWatch takes from the log as values of this metric.
    pub(crate) fn measured(&self, metric: &str) -> Vec<Value> {
        let names = |line: &Value| line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"] == metric;
        let lines = self.log().into_iter().filter(names);
        lines.map(|line| line[metric].clone()).collect()
    }
}

/// The partition and sort keys that a call names: they are what the stream carries.
fn keys_of(value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value["S"].as_str() {
                    Some(key) if ["pk", "sk", ":pk"].contains(&name.as_str()) => keys.push(key.to_owned()),
                    _ => keys_of(value, keys),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| keys_of(value, keys)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Where somebody is named: plainly, in other letters, or as Base64.
pub(crate) fn hits(texts: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let needles = needles();
    let named = |text: &str| {
        let small = text.to_lowercase();
        let plainly = [NAME, NUMBER]
            .iter()
            .any(|needle| small.contains(&needle.to_lowercase()));
        plainly || needles.iter().any(|needle| text.contains(needle))
    };
    let hits = texts.into_iter().filter(|(_, text)| named(text));
    hits.map(|(place, text)| format!("{place}: {text}")).collect()
}

/// What a name looks like inside Base64, wherever in a group of three bytes it begins.
fn needles() -> Vec<String> {
    let mut needles = Vec::new();
    for needle in [NAME.to_owned(), NAME.to_lowercase(), NUMBER.to_owned()] {
        for before in 0..3 {
            let encoded = STANDARD_NO_PAD.encode(format!("{}{needle}", "-".repeat(before)));
            // The letters at both ends depend on what stands beside the name.
            let (first, last) = ([0, 2, 3][before], encoded.len() - 1);
            needles.push(encoded[first..last].to_owned());
        }
    }
    needles
}

#[test]
fn a_name_is_found_however_it_is_written() {
    let found = |text: String| !hits([("here".to_owned(), text)]).is_empty();
    for before in ["", "a", "ab", "abc"] {
        for name in [NAME.to_owned(), NAME.to_lowercase(), NUMBER.to_owned()] {
            assert!(found(format!("{before}{name}!")));
            assert!(
                found(STANDARD_NO_PAD.encode(format!("{before}{name}!?"))),
                "{before}{name}"
            );
        }
    }
    assert!(found(NAME.to_uppercase()));
    assert!(!found("nobody".to_owned()) && !found(STANDARD_NO_PAD.encode("nobody")));
}

/// What the functions of a test have logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
