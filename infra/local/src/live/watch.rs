//! The seams that are looked on from: the call of a function, and each call that it makes to AWS.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::Value;

use super::{By, Happening, Live, Outcome, lock};
use crate::invoke::{Function, Functions};

type Calls = Arc<Mutex<BTreeMap<String, u32>>>;

tokio::task_local! {
    /// The calls to AWS of the function that runs in this task.
    static CALLS: Calls;
}

impl Live {
    /// The same functions, and every call of one is told.
    pub fn watch(&self, functions: Functions) -> Functions {
        let watched = |(name, function): (String, Function)| (name.clone(), self.watched(name, function));
        Functions(functions.0.into_iter().map(watched).collect())
    }

    fn watched(&self, name: String, function: Function) -> Function {
        let live = self.clone();
        Arc::new(move |event, now| {
            let (live, function, name) = (live.clone(), function.clone(), name.clone());
            let (by, what) = asked(&event);
            live.tell(Happening::Called {
                function: name.clone(),
                by,
                what,
            });
            let running = Running::begin(live.clone());
            Box::pin(async move {
                let _until_the_end = running;
                let calls = Calls::default();
                let answer = CALLS.scope(calls.clone(), function(event, now)).await;
                let status = answer.as_ref().ok().and_then(|told| told["statusCode"].as_u64());
                live.tell(Happening::Ended {
                    function: name,
                    by,
                    outcome: outcome(&answer, status),
                    status,
                    calls: std::mem::take(&mut *lock(&calls)),
                });
                answer
            })
        })
    }
}

/// A function that runs, until this is dropped: at its end, or when it crashes.
struct Running(Live);

impl Running {
    fn begin(live: Live) -> Self {
        live.0.running.fetch_add(1, Ordering::SeqCst);
        Self(live)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Who calls, and what for, by the event alone.
fn asked(event: &Value) -> (By, String) {
    if let Some(route) = event["routeKey"].as_str() {
        return (By::FrontDoor, route.to_owned());
    }
    let Some(records) = event["Records"].as_array() else {
        return (By::Schedule, "see what has fallen due".to_owned());
    };
    let by = match records.first().and_then(|record| record["eventSource"].as_str()) {
        Some("aws:dynamodb") => By::Stream,
        _ => By::Queue,
    };
    let mut whats: BTreeMap<String, usize> = BTreeMap::new();
    for record in records {
        let what = if by == By::Stream {
            changed(record)
        } else {
            errand(record)
        };
        *whats.entry(what).or_default() += 1;
    }
    let worded = whats.into_iter().map(|(what, count)| match count {
        1 => what,
        _ => format!("{count} × {what}"),
    });
    (by, worded.collect::<Vec<_>>().join(", "))
}

/// The kind of the item that changed: the beginning of its partition key.
fn changed(record: &Value) -> String {
    let key = record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap_or_default();
    let what = match key.split('#').next() {
        Some("CHAIN") => "an act was written",
        Some("PROFILE") => "profile data changed",
        Some("RECIPIENT") => "a recipient's settings changed",
        _ => "an item changed",
    };
    what.to_owned()
}

fn errand(record: &Value) -> String {
    let body: Value = record["body"]
        .as_str()
        .and_then(|body| serde_json::from_str(body).ok())
        .unwrap_or_default();
    match (body["errand"].as_str(), body["recipient"].as_str()) {
        (Some("deliver"), Some(recipient)) => format!("bring {recipient} up to date"),
        (Some("walk"), Some(recipient)) => format!("look at everyone whom {recipient} knows"),
        _ if body.is_object() => "a report of the campaign service".to_owned(),
        _ => "a message that nobody can read".to_owned(),
    }
}

fn outcome(answer: &Result<Value, String>, status: Option<u64>) -> Outcome {
    let Ok(told) = answer else { return Outcome::Failed };
    let failures = told["batchItemFailures"].as_array();
    match status {
        Some(500..) => Outcome::Failed,
        Some(400..) => Outcome::Refused,
        _ if failures.is_some_and(|failures| !failures.is_empty()) => Outcome::Failed,
        _ => Outcome::Done,
    }
}

/// The client that carries a function's calls to AWS, and counts them for it.
#[derive(Clone, Debug)]
pub struct Wires(SharedHttpClient);

impl Wires {
    /// Before the client that really carries the calls.
    pub fn before(plain: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Self(plain))
    }
}

impl HttpClient for Wires {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Wire(self.0.http_connector(settings, components)))
    }
}

#[derive(Debug)]
struct Wire(SharedHttpConnector);

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        if let Some((_, operation)) = target.split_once('.') {
            // Outside of a function nobody counts.
            let _ = CALLS.try_with(|calls| *lock(calls).entry(operation.to_owned()).or_default() += 1);
        }
        self.0.call(request)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_says_who_calls_and_what_for_and_names_nobody() {
        let route = json!({ "routeKey": "POST /v1/decisions", "rawPath": "/v1/decisions" });
        assert_eq!(asked(&route), (By::FrontDoor, "POST /v1/decisions".to_owned()));

        let act = json!({ "eventSource": "aws:dynamodb", "dynamodb": { "Keys": { "pk": { "S": "CHAIN#sub_1" } } } });
        let stream = json!({ "Records": [act, act] });
        assert_eq!(asked(&stream), (By::Stream, "2 × an act was written".to_owned()));

        let errand = json!({ "errand": "deliver", "recipient": "bmw-ag", "subject": "sub_1", "version": 1 });
        let message = |body: &str| json!({ "eventSource": "aws:sqs", "body": body });
        let queue = json!({ "Records": [message(&errand.to_string()), message("poison")] });
        let (by, what) = asked(&queue);
        assert_eq!(by, By::Queue);
        assert_eq!(what, "a message that nobody can read, bring bmw-ag up to date");

        assert_eq!(
            asked(&json!({ "detail-type": "Scheduled Event" })).0,
            By::Schedule
        );
    }

    #[test]
    fn what_failed_or_was_refused_is_told_apart() {
        let of = |answer: Value| outcome(&Ok(answer.clone()), answer["statusCode"].as_u64());

        assert_eq!(of(json!({ "statusCode": 201 })), Outcome::Done);
        assert_eq!(of(json!({ "statusCode": 412 })), Outcome::Refused);
        assert_eq!(of(json!({ "statusCode": 503 })), Outcome::Failed);
        assert_eq!(of(json!({ "batchItemFailures": [] })), Outcome::Done);
        assert_eq!(
            of(json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] })),
            Outcome::Failed
        );
        assert_eq!(outcome(&Err("crashed".to_owned()), None), Outcome::Failed);
    }
}
