//! The whole system as a test sees it: its front door, a clock to move, recipients that can be told to
//! misbehave, and the seam to the engine.
//!
//! Everything goes over HTTP, as people and recipients do it. A world that is dropped with messages left in
//! the queue, dead letters, or a recipient that refused a signature fails its test.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::AtomicU32;

pub use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::policy::Policies;
use local::clock::Clock;
use local::engine::Endpoints;
use local::functions;
use local::invoke::Functions;
use local::sqs::Sqs;
use local::system::{Options, System};
use local::template::Template;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use callers::Tokens;
use machinery::delivered_again;

#[path = "world/agreement.rs"]
mod agreement;
#[path = "world/answer.rs"]
mod answer;
#[path = "world/answered.rs"]
mod answered;
#[path = "world/asked.rs"]
mod asked;
#[path = "world/callers.rs"]
mod callers;
#[path = "world/calls.rs"]
mod calls;
#[path = "world/certified.rs"]
pub mod certified;
#[path = "world/edited.rs"]
mod edited;
#[path = "world/elsewhere.rs"]
mod elsewhere;
#[path = "world/given.rs"]
mod given;
#[path = "world/golden.rs"]
pub mod golden;
#[path = "world/interactions.rs"]
mod interactions;
#[path = "world/machinery.rs"]
mod machinery;
#[path = "world/notices.rs"]
pub mod notices;
#[path = "world/pages.rs"]
pub mod pages;
#[path = "world/parties.rs"]
mod parties;
#[path = "world/people.rs"]
mod people;
#[path = "world/recipients.rs"]
mod recipients;
#[path = "world/recorded.rs"]
pub mod recorded;
#[path = "world/roles.rs"]
mod roles;
#[path = "world/runtime.rs"]
pub mod runtime;
#[path = "world/said.rs"]
mod said;
#[path = "world/samples.rs"]
mod samples;
#[path = "world/visitors.rs"]
mod visitors;

pub use agreement::{Agreement, agreement};
pub use answer::Answer;
pub use answered::{allowed, denied, standings};
pub use callers::Caller;
pub use calls::{Call, Calls, Cost, Fate, Made};
pub use edited::{alone, edited};
pub use interactions::INTERACTIONS;
pub use recipients::{Change, Held, Letter, Manner, Recipients};
pub use roles::{granted, used};
pub use said::{UNSHARED, a_full_profile, verdict};
pub use samples::{a_consent, a_whole_profile, contacts, everything, instant, merged, names};
pub use visitors::ADDRESS;

/// The queue of errands in the template.
pub const ERRANDS: &str = "Errands";
pub const BUNDLED: &str = "bmw-italia-promotional";
pub const UNBUNDLED: &str = "bmw-italia-promotional-unbundled";
pub const PURPOSES: [&str; 3] = ["marketing", "care", "research"];
pub const CHANNELS: [&str; 5] = ["email", "phone", "sms", "post", "messaging"];

/// The eight base categories of the notice (S15).
pub const BASE: [&str; 8] = [
    "contact",
    "identifying",
    "vehicle",
    "vehicle-of-interest",
    "promotional-consent",
    "preferences",
    "campaigns",
    "programme-participation",
];
/// What a selling dealer gets on top for three years (S17).
pub const EXTENDED: [&str; 4] = [
    "customer-history",
    "vehicle-usage",
    "app-web-usage",
    "recommended-actions",
];
/// What a processor needs to send, and what it collects (S49).
pub const TO_SEND: [&str; 4] = ["contact", "promotional-consent", "campaigns", "email-interaction"];

const NOON: &str = "2026-03-02T12:00:00Z";
/// The runner's, so that a function in a process of its own knows people by the same names.
const DEVELOPMENT_KEY: &str = "a development key that guards nothing at all";
/// Read once: a test of disorder has thousands of worlds.
static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::deployed().expect("a template"));
/// Every queue of the template in which a message means that something was given up.
const DEAD: [&str; 2] = ["ErrandsDead", "StreamDead"];

/// Who is there from the start: those that the notice names.
const STANDING: [(&str, &str, &str); 3] = [
    ("bmw-ag", "group-company", "separate-controller"),
    ("marketing-platform", "processor", "processor"),
    ("campaign-service", "processor", "processor"),
];

/// An item as it is stored.
pub type Item = HashMap<String, AttributeValue>;

pub struct World {
    pub clock: Clock,
    pub sqs: Sqs,
    /// What the functions ask the engine and the queue.
    pub calls: Calls,
    pub recipients: Recipients,
    endpoints: Endpoints,
    client: Client,
    system: Mutex<System>,
    people: AtomicU32,
    keys: AtomicU32,
    tokens: Tokens,
}

/// A data subject: how the caller names it, and how everybody else knows it.
#[derive(Clone, Debug)]
pub struct Someone {
    pub id: String,
    pub pseudonym: String,
}

impl World {
    pub async fn at_noon() -> Self {
        Self::at(NOON).await
    }

    /// # Panics
    ///
    /// If the system does not start: then no test can.
    pub async fn at(now: &str) -> Self {
        Self::under(policies::all(), now).await
    }

    /// The same under other policies than those that are shipped.
    ///
    /// # Panics
    ///
    /// If the system does not start: then no test can.
    pub async fn under(policies: &'static Policies, now: &str) -> Self {
        let clock = Clock::at(instant(now));
        let options = elsewhere::if_asked(Options::in_memory(TEMPLATE.clone(), clock.clone()));
        let calls = Calls::before(aws_smithy_http_client::Builder::new().build_http());
        let http = SharedHttpClient::new(calls.clone());
        let repeating = calls.clone();
        let system = System::start(options, |endpoints| {
            let Functions(mut functions) = functions::all(endpoints, policies, http, clock.clone())?;
            for (name, function) in &mut functions {
                let function_in_role = roles::in_role(name, function.clone());
                *function = delivered_again(function_in_role, repeating.clone());
            }
            Ok(Functions(functions))
        })
        .await;
        let system = system.expect("a system that starts");

        let world = Self {
            recipients: Recipients::open(clock.clone()).await.expect("a port"),
            clock,
            sqs: system.sqs.clone(),
            calls,
            endpoints: system.endpoints.clone(),
            client: platform::courier::client().expect("a client"),
            system: Mutex::new(system),
            people: AtomicU32::new(0),
            keys: AtomicU32::new(0),
            tokens: Tokens::default(),
        };
        for (name, kind, role) in STANDING {
            world
                .register(name, json!({ "kind": kind, "role": role }))
                .await
                .is(201);
        }
        world.settle().await;
        world.is_swept().await;
        world.replay_from_here().await;
        world.calls.forget();
        world
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Vec::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(
            "POST",
            path,
            &[("Content-Type", "application/json")],
            body.to_string().into(),
        )
        .await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(
            "PUT",
            path,
            &[("Content-Type", "application/json")],
            body.to_string().into(),
        )
        .await
    }

    /// A token of somebody, that is good now.
    pub fn token(&self, caller: Caller<'_>) -> String {
        self.tokens.of(caller, self.now()).unwrap_or_default()
    }

    /// Any request at all, as a back end of the controller.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        self.send_as(Caller::Service, method, path, headers, body).await
    }

    /// The same as somebody else; a header `authorization` that is given goes before it.
    ///
    /// # Panics
    ///
    /// If a function crashed or broke, which nothing that a caller sends and no fault may do; or if what was
    /// taken or answered is not as the contract says.
    pub async fn send_as(
        &self,
        caller: Caller<'_>,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let url = format!("{}{path}", self.endpoints.gateway);
        let mut request = self
            .client
            .request(method.parse::<Method>().expect("a method"), url)
            .body(body.clone());
        let given = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if let Some(token) = self.tokens.of(caller, self.now())
            && !given
        {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answered = request.send().await.expect("a gateway that answers");
        let (status, told) = (answered.status().as_u16(), answered.headers().clone());
        let text = answered.text().await.expect("an answer in full");
        let is_meant = self.calls.killed();
        assert!(status != 500 || is_meant, "{path} broke: {text}");
        let answer = Answer {
            status,
            headers: told,
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        };
        let breaches = agreement::breaches(&agreement::Exchange {
            method,
            path,
            headers,
            body: &body,
            answer: &answer,
        });
        assert!(breaches.is_empty(), "not as the contract says: {breaches:#?}");
        answer
    }

    /// What must not be when a test ends.
    fn left_over(&self) -> Vec<String> {
        let mut left: Vec<String> = Vec::new();
        // What waits for its time is no more left over than what falls due one day.
        for message in self.sqs.at_hand(ERRANDS) {
            left.push(format!("an errand was never run: {message}"));
        }
        for queue in DEAD {
            left.extend(
                self.sqs
                    .bodies(queue)
                    .into_iter()
                    .map(|message| format!("{queue}: {message}")),
            );
        }
        left.extend(self.calls.denied());
        for name in self.recipients.refused() {
            left.push(format!("{name} refused a signature"));
        }
        left.extend(self.recipients.breaches());
        if self.recipients.redirected() > 0 {
            left.push("a redirect was followed".to_owned());
        }
        left
    }
}

impl Drop for World {
    fn drop(&mut self) {
        roles::leave_used();
        let left = self.left_over();
        // A test that failed already has said what is wrong.
        if !std::thread::panicking() {
            assert!(
                left.is_empty(),
                "the world did not come to rest:\n{}",
                left.join("\n")
            );
        }
    }
}
