//! The whole system as a test sees it: its front door, a clock to move, recipients that can be told to
//! misbehave, and the seam to the engine.
//!
//! Everything goes over HTTP, as people and recipients do it. A world that is dropped with messages left in
//! the queue, dead letters, or a recipient that refused a signature fails its test.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::policy::Policies;
use jiff::{SignedDuration, Timestamp};
use local::clock::Clock;
use local::engine::Endpoints;
use local::functions;
use local::invoke::{Function, Functions};
use local::sdk;
use local::sqs::Sqs;
use local::system::{Options, System};
use local::template::Template;
use platform::queue::Queue;
use platform::store::{Mark, SHARDS, Store};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use callers::Tokens;

#[path = "world/agreement.rs"]
mod agreement;
#[path = "world/answer.rs"]
mod answer;
#[path = "world/answered.rs"]
mod answered;
#[path = "world/callers.rs"]
mod callers;
#[path = "world/calls.rs"]
mod calls;
#[path = "world/edited.rs"]
mod edited;
#[path = "world/elsewhere.rs"]
mod elsewhere;
#[path = "world/golden.rs"]
pub mod golden;
#[path = "world/interactions.rs"]
mod interactions;
#[path = "world/notices.rs"]
pub mod notices;
#[path = "world/pages.rs"]
pub mod pages;
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
pub use roles::granted;
pub use said::{UNSHARED, a_full_profile, verdict};
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
        let template = Template::deployed().expect("a template");
        let options = elsewhere::if_asked(Options::in_memory(template, clock.clone()));
        let calls = Calls::before(aws_smithy_http_client::Builder::new().build_http());
        let http = SharedHttpClient::new(calls.clone());
        let repeating = calls.clone();
        let system = System::start(options, |endpoints| {
            let Functions(mut functions) = functions::all(endpoints, policies, http)?;
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

    /// The schedule has run up to now, as it has each minute: the first sweep of a table looks back a month,
    /// day by day and shard by shard.
    async fn is_swept(&self) {
        let (store, _) = self.table_and_queue(policies::all());
        let mark = Mark::after(self.now());
        for shard in 0..SHARDS {
            let moved = store.move_mark(shard, None, &mark).await;
            moved.expect("a mark that is moved");
        }
    }

    // ---- who is there

    /// Somebody of whom nothing is known yet.
    pub async fn someone(&self) -> Someone {
        let id = format!("customer-{}", self.people.fetch_add(1, Ordering::Relaxed) + 1);
        let told = self.get(&format!("/v1/subjects/{id}")).await.is(200);
        let pseudonym = told.body["subject"].as_str().unwrap_or_default().to_owned();
        Someone { id, pseudonym }
    }

    /// Somebody who ticked every box of the bundled notice and every channel.
    pub async fn someone_who_granted_everything(&self) -> Someone {
        let someone = self.someone().await;
        self.grant(&someone, everything()).await.is(201);
        someone
    }

    /// Register a recipient, or change it: `{"kind", "role", "authorised", "sharing", "endpoint"}`.
    pub async fn register(&self, name: &str, settings: Value) -> Answer {
        let usual = json!({ "authorised": true, "endpoint": self.recipients.endpoint(name) });
        let settings = merged(usual, settings);
        let answer = self.put(&format!("/v1/recipients/{name}"), settings).await;
        if let Some(secret) = answer.body["signing_secret"].as_str() {
            self.recipients.admit(name, secret);
        }
        answer
    }

    /// An authorised dealer.
    pub async fn dealer(&self, name: &str) {
        let dealer = json!({ "kind": "dealer", "role": "separate-controller" });
        self.register(name, dealer).await.is(201);
    }

    /// A recipient passes on a withdrawal that it was told, as itself.
    pub async fn pass_on_withdrawal(&self, recipient: &str, someone: &Someone, asked: Value) -> Answer {
        let path = format!(
            "/v1/recipients/{recipient}/subjects/{}/withdrawals",
            someone.pseudonym
        );
        self.as_recipient(recipient, "POST", &path, "application/json", asked)
            .await
    }

    /// A recipient tells what it learnt of somebody, as itself.
    pub async fn tell_update(
        &self,
        recipient: &str,
        someone: &Someone,
        source: &str,
        patch: Value,
    ) -> Answer {
        let subject = &someone.pseudonym;
        let path = format!("/v1/recipients/{recipient}/subjects/{subject}/profile?source={source}");
        self.as_recipient(recipient, "PATCH", &path, "application/merge-patch+json", patch)
            .await
    }

    async fn as_recipient(
        &self,
        recipient: &str,
        method: &str,
        path: &str,
        media: &str,
        asked: Value,
    ) -> Answer {
        let (headers, body) = ([("content-type", media)], asked.to_string().into_bytes());
        self.send_as(Caller::Partner(recipient), method, path, &headers, body)
            .await
    }

    // ---- what people do

    /// Capture a consent of a signed-in person under the bundled notice, with what `asked` says otherwise.
    pub async fn grant(&self, someone: &Someone, asked: Value) -> Answer {
        let key = format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed) + 1);
        self.grant_keyed(someone, &key, asked).await
    }

    pub async fn grant_keyed(&self, someone: &Someone, key: &str, asked: Value) -> Answer {
        let asked = merged(a_consent(), asked).to_string();
        let path = format!("/v1/subjects/{}/consents", someone.id);
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
        self.send("POST", &path, &headers, asked.into_bytes()).await
    }

    pub async fn withdraw(&self, someone: &Someone, asked: Value) -> Answer {
        self.post(&format!("/v1/subjects/{}/withdrawals", someone.id), asked)
            .await
    }

    pub async fn withdraw_all(&self, someone: &Someone) -> Answer {
        self.withdraw(someone, json!({ "all": true })).await
    }

    pub async fn object(&self, someone: &Someone) -> Answer {
        self.withdraw(someone, json!({ "objection": true })).await
    }

    /// Tie somebody to a dealer.
    pub async fn relate(
        &self,
        someone: &Someone,
        dealer: &str,
        kind: &str,
        relation: &str,
        facts: Value,
    ) -> Answer {
        self.put(&relation_path(someone, dealer, kind, relation), facts)
            .await
    }

    pub async fn part(&self, someone: &Someone, dealer: &str, kind: &str, relation: &str) -> Answer {
        self.send(
            "DELETE",
            &relation_path(someone, dealer, kind, relation),
            &[],
            Vec::new(),
        )
        .await
    }

    /// Change the profile with what the subject itself says.
    pub async fn patch_profile(&self, someone: &Someone, patch: Value) -> Answer {
        self.patch_profile_from(someone, "subject", patch).await
    }

    /// Change the profile with what comes from some source.
    pub async fn patch_profile_from(&self, someone: &Someone, source: &str, patch: Value) -> Answer {
        let path = format!("/v1/subjects/{}/profile?source={source}", someone.id);
        let headers = [("Content-Type", "application/merge-patch+json")];
        self.send("PATCH", &path, &headers, patch.to_string().into_bytes())
            .await
    }

    // ---- what is asked

    /// One question: `{"who", "purpose", "channel", "category", "at", "known_at"}`. Returns the answer to it.
    pub async fn decide(&self, someone: &Someone, question: Value) -> Value {
        let question = merged(json!({ "subject": someone.id, "purpose": "marketing" }), question);
        self.decisions(vec![question]).await.remove(0)
    }

    /// Whether a party may use a channel for marketing, now.
    pub async fn may(&self, someone: &Someone, who: &str, channel: &str) -> bool {
        self.decide(someone, json!({ "who": who, "channel": channel }))
            .await["allowed"]
            == true
    }

    /// Any number of whole questions, in as many calls as they need.
    pub async fn decisions(&self, questions: Vec<Value>) -> Vec<Value> {
        let mut answers = Vec::new();
        for questions in questions.chunks(100) {
            let told = self
                .post("/v1/decisions", json!({ "questions": questions }))
                .await
                .is(200);
            let told = told.body["answers"].as_array().cloned().unwrap_or_default();
            assert_eq!(told.len(), questions.len(), "an answer to each question");
            answers.extend(told);
        }
        answers
    }

    pub async fn state(&self, someone: &Someone) -> Value {
        self.get(&format!("/v1/subjects/{}", someone.id))
            .await
            .is(200)
            .body
    }

    pub async fn state_at(&self, someone: &Someone, at: Timestamp) -> Value {
        self.get(&format!("/v1/subjects/{}?at={at}", someone.id))
            .await
            .is(200)
            .body
    }

    /// Every act, oldest first.
    pub async fn history(&self, someone: &Someone) -> Vec<Value> {
        let told = self
            .get(&format!("/v1/subjects/{}/history", someone.id))
            .await
            .is(200);
        told.body["acts"].as_array().cloned().unwrap_or_default()
    }

    pub async fn view_as(&self, someone: &Someone, recipient: &str) -> Value {
        self.get(&format!("/v1/subjects/{}/view-as/{recipient}", someone.id))
            .await
            .is(200)
            .body
    }

    // ---- what recipients know

    /// What a recipient was told of somebody, in order.
    pub fn told(&self, recipient: &str, someone: &Someone) -> Vec<Change> {
        self.recipients.told(recipient, &someone.pseudonym)
    }

    /// The same in short: `granted`, `entitlement-ended: three-years`.
    pub fn heard(&self, recipient: &str, someone: &Someone) -> Vec<String> {
        let short = |change: Change| match change.reason.as_str() {
            "" => change.change,
            reason => format!("{}: {reason}", change.change),
        };
        self.told(recipient, someone).into_iter().map(short).collect()
    }

    /// What a recipient holds of somebody now.
    pub fn holds(&self, recipient: &str, someone: &Someone) -> Held {
        self.recipients.holds(recipient, &someone.pseudonym)
    }

    /// Everybody whom some recipient was told of, and every recipient that was: what each holds must be what
    /// the system says that it may hold.
    ///
    /// # Panics
    ///
    /// If somebody holds more, or less.
    pub async fn everyone_is_in_step(&self, people: &[Someone], recipients: &[&str]) {
        for someone in people {
            for recipient in recipients {
                let view = self.view_as(someone, recipient).await;
                let categories = view["categories"].as_object().into_iter().flatten();
                let may_hold = categories.filter(|(_, decision)| decision["allowed"] == true);
                let may_hold = names(may_hold.map(|(category, _)| category.as_str()));
                let held = self.holds(recipient, someone);
                assert_eq!(held.categories, may_hold, "{recipient} of {}", someone.id);
                assert_eq!(
                    json!(held.facets),
                    view["facets"],
                    "{recipient} of {}",
                    someone.id
                );
            }
        }
    }

    /// What is stored of somebody: each item of the chain must hold the hash of the one before.
    ///
    /// # Panics
    ///
    /// If the chain is broken.
    pub async fn chain_is_unbroken(&self, someone: &Someone) {
        let mut before: Option<Vec<u8>> = None;
        for item in self.chain(someone).await {
            let text = |name: &str| item[name].as_s().expect("text").as_bytes();
            let bytes = |name: &str| item.get(name).map(|value| value.as_b().expect("bytes").as_ref());
            let prev = bytes("prev");
            assert_eq!(
                prev,
                before.as_deref(),
                "at version {}",
                item["sk"].as_s().expect("text")
            );
            let keys = bytes("keys").unwrap_or_default();
            let parts = [
                text("pk"),
                text("sk"),
                prev.unwrap_or_default(),
                text("act"),
                text("after"),
                keys,
            ];
            before = Some(platform::digest::sha256(&parts).to_vec());
        }
    }

    /// The items of somebody's chain as they are stored, oldest first.
    pub async fn chain(&self, someone: &Someone) -> Vec<Item> {
        self.stored(&format!("CHAIN#{}", someone.pseudonym)).await
    }

    /// The items under a partition key as they are stored.
    ///
    /// # Panics
    ///
    /// If the engine does not answer.
    pub async fn stored(&self, key: &str) -> Vec<Item> {
        let query = sdk::dynamodb(&self.endpoints.dynamodb)
            .query()
            .table_name(&self.endpoints.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(key.to_owned()));
        query.send().await.expect("the engine").items.unwrap_or_default()
    }

    // ---- what a function is given

    /// The table and the queue, as a function under these policies has them.
    pub fn table_and_queue(&self, policies: &'static Policies) -> (Store, Queue) {
        let http = SharedHttpClient::new(self.calls.clone());
        functions::table_and_queue(&self.endpoints, policies, http)
    }

    /// What a function finds in its environment: all that any of them asks for.
    pub fn environment(&self) -> Vec<(String, String)> {
        let queue = |id: &str| self.endpoints.queues.get(id).cloned().unwrap_or_default();
        let pairs = [
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_REGION", sdk::REGION.to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", "measured".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "none".to_owned()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "none".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.endpoints.dynamodb.clone()),
            ("AWS_ENDPOINT_URL_SQS", self.endpoints.sqs.clone()),
            ("TABLE_NAME", self.endpoints.table.clone()),
            ("QUEUE_URL", queue(ERRANDS)),
            ("DEAD_LETTER_URL", queue("ErrandsDead")),
            ("PUBLIC_URL", self.endpoints.gateway.clone()),
            ("SUBJECT_KEY", DEVELOPMENT_KEY.to_owned()),
            ("TOKEN_KEY", DEVELOPMENT_KEY.to_owned()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// The engine itself, behind the back of every function; and the name of the table.
    pub fn engine(&self) -> (aws_sdk_dynamodb::Client, String) {
        let engine = sdk::dynamodb(&self.endpoints.dynamodb);
        (engine, self.endpoints.table.clone())
    }

    // ---- what time and the machinery do

    /// Until nothing moves any more: every change fanned out, every message handed over.
    ///
    /// # Panics
    ///
    /// If it never comes to rest.
    pub async fn settle(&self) {
        self.system
            .lock()
            .await
            .settle()
            .await
            .expect("a system that settles");
    }

    /// Fan every change out, and deliver nothing yet.
    ///
    /// # Panics
    ///
    /// If the stream cannot be read.
    pub async fn fan_out(&self) {
        let mut system = self.system.lock().await;
        for stream in &mut system.streams {
            while stream.poll().await.expect("a stream") > 0 {}
        }
    }

    /// The stream drops all that was not fanned out: an outage of more than a day.
    ///
    /// # Panics
    ///
    /// If the stream cannot be read.
    pub async fn lose_the_stream(&self) {
        for stream in &mut self.system.lock().await.streams {
            stream.forget().await.expect("a stream");
        }
    }

    /// What was fanned out so far is never replayed.
    pub async fn replay_from_here(&self) {
        for stream in &mut self.system.lock().await.streams {
            stream.begin_here();
        }
    }

    /// Deliver the stream from its beginning once more.
    pub async fn replay(&self) {
        for stream in &mut self.system.lock().await.streams {
            stream.replay();
        }
        self.settle().await;
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    /// Call what is scheduled, and let nothing follow from it yet.
    pub async fn schedule(&self) {
        self.system.lock().await.tick().await;
    }

    /// Call what is scheduled, and let what follows from it happen.
    pub async fn tick(&self) {
        self.schedule().await;
        self.settle().await;
    }

    // ---- the front door

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
        for message in self.sqs.bodies(ERRANDS) {
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

/// Every box of the bundled notice, over every channel.
pub fn everything() -> Value {
    let controls = [
        "promotional",
        "vehicle-usage",
        "app-web-usage",
        "cooperation-partner",
    ];
    json!({ "controls": controls, "channels": CHANNELS })
}

/// A consent of a signed-in person under the bundled notice, but for what was ticked.
pub fn a_consent() -> Value {
    json!({
        "notice": { "id": BUNDLED, "version": 1, "language": "it" },
        "brand": "bmw",
        "source": "form",
        "evidence": { "kind": "signed-in" },
    })
}

/// Something in each category that a profile update may write.
pub fn a_whole_profile() -> Value {
    json!({
        "contact": { "email": "ada@example.com", "mobile": "+39 333 0000000" },
        "identifying": { "customer-number": "C-1" },
        "vehicle": { "model": "i4" },
        "vehicle-of-interest": { "model": "iX" },
        "preferences": { "interests": ["racing"] },
        "campaigns": { "campaign": "spring" },
        "programme-participation": { "programmes": ["club"] },
        "customer-history": { "purchases": ["i3"] },
        "vehicle-usage": { "mileage": 12_345 },
        "app-web-usage": { "app-usage": "daily" },
        "recommended-actions": { "action": "test-drive" },
        "cooperation-partner": { "partner": "charging" },
    })
}

pub fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// The facets of some purposes over some channels.
pub fn contacts(purposes: &[&str], channels: &[&str]) -> BTreeSet<String> {
    let over = |purpose: &&str| {
        channels
            .iter()
            .map(move |channel| format!("{purpose}/{channel}"))
            .collect::<Vec<_>>()
    };
    purposes.iter().flat_map(over).collect()
}

/// # Panics
///
/// If the text is no instant.
pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// One object over another, field by field.
pub fn merged(mut under: Value, over: Value) -> Value {
    if let (Value::Object(under), Value::Object(over)) = (&mut under, over) {
        under.extend(over);
    }
    under
}

fn relation_path(someone: &Someone, dealer: &str, kind: &str, relation: &str) -> String {
    format!("/v1/subjects/{}/relations/{dealer}/{kind}/{relation}", someone.id)
}

/// A function that is invoked with the same event once more where a call of it was to be.
fn delivered_again(function: Function, calls: Calls) -> Function {
    Arc::new(move |event, now| {
        let (function, calls) = (function.clone(), calls.clone());
        Box::pin(async move {
            let answer = function(event.clone(), now).await;
            if calls.again() {
                return function(event, now).await;
            }
            answer
        })
    })
}
