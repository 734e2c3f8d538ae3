//! What the recipients, the workers and the seam to the engine share with the simulation: what is to come, and what
//! is at work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use local::clock::Clock;
use serde_json::Value;
use tests::Call;
use tokio::sync::oneshot;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Lives,
    Refuses,
    Hangs,
}

pub(crate) enum Step {
    /// Lambda reads the stream.
    Read,
    /// The fan-out has done its work on these changes.
    FanOut(Vec<(String, String)>),
    /// A recipient answers.
    Answer { id: u64, acknowledges: bool },
    /// The schedule's minute.
    Tick,
}

/// What the recipients, the workers and the seam to the engine share with the simulation.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) is_running: bool,
    pub(crate) health: Option<Health>,
    pub(crate) agenda: BTreeMap<(Timestamp, u64), Step>,
    pub(crate) numbers: u64,
    /// Requests that a recipient is to answer: whose, about whom, and how to let the answer out.
    pub(crate) held: BTreeMap<u64, (Delivery, usize, oneshot::Sender<()>)>,
    /// Those of whom their recipient was not told, and when it was told of the others.
    pub(crate) waiting: BTreeSet<usize>,
    pub(crate) delivered: BTreeMap<usize, Timestamp>,
    pub(crate) requests_to_the_dead: usize,
    // What is at work now:
    pub(crate) calls_begun: usize,
    pub(crate) calls_ended: usize,
    /// Workers that receive, or delete.
    pub(crate) at_the_queue: usize,
    /// Deliveries that know what to do and have neither asked the recipient nor written down the outcome.
    pub(crate) deciding: BTreeSet<Delivery>,
    /// Recipients of whom everything is to be looked at again, as the stream would tell.
    pub(crate) changed: Vec<(String, String)>,
}

/// A subject and a recipient.
pub(crate) type Delivery = (String, String);

impl Shared {
    pub(crate) fn is_running(&self) -> bool {
        self.lock().is_running
    }

    /// A request has come; how the recipient that dies fares.
    pub(crate) fn asked(&self, dealer: &str) -> Health {
        let mut state = self.lock();
        let health = state.health.unwrap_or(Health::Lives);
        if dealer == "dealer-0" && health != Health::Lives {
            state.requests_to_the_dead += 1;
        }
        health
    }

    /// A request waits for its answer.
    pub(crate) fn hold(
        &self,
        delivery: Delivery,
        person: usize,
        span: SignedDuration,
        step: impl FnOnce(u64) -> Step,
    ) -> oneshot::Receiver<()> {
        let (letting_out, held) = oneshot::channel();
        let mut state = self.lock();
        state.deciding.remove(&delivery);
        let id = state.numbers;
        state.held.insert(id, (delivery, person, letting_out));
        state.after(self.clock.now(), span, step(id));
        held
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    pub(crate) fn after(&mut self, now: Timestamp, span: SignedDuration, step: Step) {
        self.agenda.insert((now + span, self.numbers), step);
        self.numbers += 1;
    }

    pub(crate) fn answer(&mut self, id: u64, acknowledged_at: Option<Timestamp>) {
        let (delivery, person, letting_out) = self.held.remove(&id).expect("a request");
        if let Some(at) = acknowledged_at
            && self.waiting.remove(&person)
        {
            self.delivered.insert(person, at);
        }
        self.deciding.insert(delivery);
        letting_out.send(()).expect("a recipient that waits");
    }

    /// A call is about to be made.
    pub(crate) fn notice(&mut self, call: &Call) {
        self.calls_begun += 1;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let request = &call.request;
        if call.is("BatchGetItem", "RECIPIENT") {
            let keys = request["RequestItems"].as_object().into_iter().flatten();
            let keys = keys.flat_map(|(_, of)| of["Keys"].as_array().into_iter().flatten());
            let keys: Vec<String> = keys.map(|key| text(&key["pk"]["S"])).collect();
            let after = |kind: &str| keys.iter().find_map(|key| key.strip_prefix(kind));
            if let (Some(subject), Some(recipient)) = (after("CHAIN#"), after("RECIPIENT#")) {
                self.deciding.insert((subject.to_owned(), recipient.to_owned()));
            }
        }
        // An outcome is written on condition that the claim stands.
        if call.is("UpdateItem", "LEDGER") && !request["ExpressionAttributeValues"][":mine"].is_null() {
            let (subject, recipient) = (text(&request["Key"]["pk"]["S"]), text(&request["Key"]["sk"]["S"]));
            let subject = subject.trim_start_matches("LEDGER#").to_owned();
            self.deciding.remove(&(subject, recipient));
        }
        // Alone, or together with other writes.
        let writes = request["TransactItems"].as_array().into_iter().flatten();
        let puts = writes
            .map(|write| &write["Put"]["Item"])
            .chain([&request["Item"]]);
        for item in puts {
            if item["pk"]["S"]
                .as_str()
                .is_some_and(|key| key.starts_with("AGAIN"))
            {
                self.changed
                    .push((text(&item["pk"]["S"]), text(&item["sk"]["S"])));
            }
        }
    }

    pub(crate) fn is_at_work(&self) -> bool {
        self.calls_begun > self.calls_ended || self.at_the_queue > 0 || !self.deciding.is_empty()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
