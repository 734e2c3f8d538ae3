//! The machinery around the functions, step by step: time stands still while anything is at work, and then goes on
//! to whatever comes next. Nothing waits for real time, so a run is the same on every computer.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use local::invoke::{Function, Functions};
use local::queue::Consumer;
use local::template::{DEPLOYED, Template};
use partner_sync::Parts;
use platform::courier::Courier;
use platform::endpoint::Reach;
use platform::inside::Inside;
use platform::queue::Queue;
use platform::store::Store;
use platform::token::{Links, Tokens};
use serde_json::{Value, json};
use tests::{ERRANDS, Fate, World};

use crate::people::People;
use crate::recipients;
use crate::shared::{Health, Shared, Step, lock};

pub(crate) const RECIPIENTS: usize = 10;
/// Lambda's base rate: each shard four times a second.
const READ_EVERY: SignedDuration = SignedDuration::from_millis(250);
/// The batch size of the stream in the template.
const CHANGES_MAX: usize = 100;
const FAN_OUT: SignedDuration = SignedDuration::from_millis(60);
const TICK_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Longer than the queue keeps a message that is under way invisible.
const UNTIL_AGAIN: SignedDuration = SignedDuration::from_mins(7);
/// So often everything else on this thread gets its turn before nothing is taken to be at work any more.
const TURNS: usize = 24;
/// The courier's own clock is the computer's, so it must have more patience than a run takes.
const FOR_EVER: Duration = Duration::from_secs(86_400);
const NOON: &str = "2026-03-02T12:00:00Z";

pub(crate) struct Simulation {
    world: World,
    store: Store,
    queue: Queue,
    people: People,
    shared: Arc<Shared>,
    free: Arc<Mutex<Vec<Consumer>>>,
    start: Timestamp,
    /// When each event was committed, by the number of its person.
    committed: Vec<Timestamp>,
    next_commit: Timestamp,
    fan_out_is_free: bool,
    unread: Vec<(String, String)>,
    queue_requests_before: u64,
}

impl Simulation {
    pub(crate) async fn begin() -> Self {
        let world = World::at(NOON).await;
        let shared = Arc::new(Shared {
            clock: world.clock.clone(),
            state: Mutex::default(),
        });
        let url = recipients::open(&shared).await;
        for number in 0..RECIPIENTS {
            let endpoint = format!("{url}/dealer-{number}");
            let dealer = json!({ "kind": "dealer", "role": "separate-controller", "endpoint": endpoint });
            world.register(&format!("dealer-{number}"), dealer).await.is(201);
        }
        let people = People::of(&world).await;
        let (store, queue) = world.table_and_queue(policies::all());
        let parts = Arc::new(Parts {
            store: store.clone(),
            courier: Courier::new(LOOPBACK, Inside::default(), FOR_EVER).expect("a client"),
            links: Links::new(Tokens::new(b"none is made"), url),
            errands: queue.clone(),
            // Nothing is put aside, or the test fails for what is left in the queue.
            dead: queue.clone(),
        });
        let free = workers(&world, &deliver(parts, &shared));
        world.calls.forget();
        let seam = Arc::clone(&shared);
        world.calls.judge(move |call| {
            seam.lock().notice(call);
            Fate::Answered
        });
        let start = world.now();
        let mut state = shared.lock();
        state.is_running = true;
        state.health = Some(Health::Lives);
        state.after(start, READ_EVERY, Step::Read);
        state.after(start, TICK_EVERY, Step::Tick);
        drop(state);
        Self {
            queue_requests_before: queue_requests(&world),
            world,
            store,
            queue,
            people,
            shared,
            free: Arc::new(Mutex::new(free)),
            start,
            committed: Vec::new(),
            next_commit: start,
            fan_out_is_free: true,
            unread: Vec::new(),
        }
    }

    /// How the first recipient fares from now on.
    pub(crate) fn set(&mut self, health: Health) {
        self.shared.lock().health = Some(health);
    }

    /// Let time pass, with an event every so often.
    pub(crate) async fn run(&mut self, time: SignedDuration, every: SignedDuration) {
        let end = self.world.now() + time;
        while let Some(at) = self.next_before(end) {
            self.world.clock.set(at);
            self.commit(every).await;
            self.step().await;
        }
        self.world.clock.set(end);
    }

    /// Let time pass, with an event every so often, until all were told who wait now; how long it took. Then let
    /// everything come to rest.
    ///
    /// # Panics
    ///
    /// If it takes longer than that.
    pub(crate) async fn run_until_told(
        &mut self,
        most: SignedDuration,
        every: SignedDuration,
    ) -> SignedDuration {
        let (begun, end) = (self.world.now(), self.world.now() + most);
        let last = self.shared.lock().waiting.last().copied();
        self.next_commit = begun;
        while self.longest_waiting().is_some_and(|first| Some(first) <= last) {
            let Some(at) = self.next_before(end) else {
                panic!("{} are not told by then", self.waiting())
            };
            self.world.clock.set(at);
            self.commit(every).await;
            self.step().await;
        }
        let took = self.world.now().duration_since(begun);
        self.next_commit = Timestamp::MAX;
        // Until errands that came while another delivery was under way have come again, and found nothing to do.
        self.run(UNTIL_AGAIN, SignedDuration::MAX).await;
        took
    }

    /// Of how many their recipient was not told.
    pub(crate) fn waiting(&self) -> usize {
        self.shared.lock().waiting.len()
    }

    fn longest_waiting(&self) -> Option<usize> {
        self.shared.lock().waiting.first().copied()
    }

    pub(crate) fn requests_to_the_dead(&self) -> usize {
        self.shared.lock().requests_to_the_dead
    }

    /// Of the events in this span of the run, in milliseconds.
    pub(crate) fn p99_of_the_nine(&self, from: SignedDuration, to: SignedDuration) -> f64 {
        let (from, to) = (self.start + from, self.start + to);
        let state = self.shared.lock();
        let others = self.committed.iter().enumerate();
        let others = others.filter(|(person, at)| person % RECIPIENTS != 0 && (from..to).contains(*at));
        let mut took: Vec<f64> = others
            .map(|(person, at)| match state.delivered.get(&person) {
                Some(delivered) => delivered.duration_since(*at).as_secs_f64() * 1e3,
                // It is under way as the load ends.
                None => self.world.now().duration_since(*at).as_secs_f64() * 1e3,
            })
            .collect();
        took.sort_by(f64::total_cmp);
        took[took.len() * 99 / 100]
    }

    pub(crate) fn queue_requests_per_delivery(&self) -> f64 {
        let requests = queue_requests(&self.world) - self.queue_requests_before;
        requests as f64 / self.shared.lock().delivered.len() as f64
    }

    fn next_before(&self, end: Timestamp) -> Option<Timestamp> {
        let next = self.shared.lock().agenda.keys().next().map(|(at, _)| *at);
        next.filter(|at| *at <= end)
    }

    /// What was committed by now: nobody looks before the stream is read.
    async fn commit(&mut self, every: SignedDuration) {
        let mut people = Vec::new();
        while self.next_commit <= self.world.now() {
            people.push(self.committed.len());
            self.committed.push(self.next_commit);
            self.next_commit = self.next_commit.saturating_add(every).unwrap_or(Timestamp::MAX);
        }
        self.shared.lock().waiting.extend(&people);
        self.unread.extend(self.people.commit(&people, RECIPIENTS).await);
    }

    /// What comes next, and all that it leads to at once.
    async fn step(&mut self) {
        let Some((_, step)) = self.shared.lock().agenda.pop_first() else {
            return;
        };
        let now = self.world.now();
        match step {
            Step::Read => {
                self.unread.append(&mut self.shared.lock().changed);
                if self.fan_out_is_free && !self.unread.is_empty() {
                    let changes = self.unread.drain(..self.unread.len().min(CHANGES_MAX)).collect();
                    self.fan_out_is_free = false;
                    self.shared.lock().after(now, FAN_OUT, Step::FanOut(changes));
                }
                self.shared.lock().after(now, READ_EVERY, Step::Read);
            }
            Step::FanOut(changes) => {
                let event = serde_json::from_value(told(&changes)).expect("an event of the stream");
                let response =
                    partner_fanout::handle(&self.store, &self.queue, &self.queue, now, event).await;
                assert_eq!(response.failures(), 0, "what follows, follows");
                self.fan_out_is_free = true;
            }
            Step::Answer { id, acknowledges } => self.shared.lock().answer(id, acknowledges.then_some(now)),
            Step::Tick => {
                let swept = consent_expire::handle(&self.store, &self.queue, now, pending()).await;
                swept.expect("a sweep");
                self.shared.lock().after(now, TICK_EVERY, Step::Tick);
            }
        }
        self.rest().await;
        self.start_workers().await;
    }

    /// Each free worker takes a batch, while there is one.
    async fn start_workers(&mut self) {
        while self.world.sqs.visible(ERRANDS) > 0 {
            let Some(mut worker) = lock(&self.free).pop() else {
                return;
            };
            let (free, shared) = (Arc::clone(&self.free), Arc::clone(&self.shared));
            shared.lock().at_the_queue += 1;
            tokio::spawn(async move {
                worker.poll().await.expect("a queue");
                lock(&free).push(worker);
                shared.lock().at_the_queue -= 1;
            });
            self.rest().await;
        }
    }

    /// Until nothing is at work: every delivery has ended or waits for its recipient.
    async fn rest(&self) {
        let mut turns = 0;
        while turns < TURNS {
            tokio::task::yield_now().await;
            let ended = self.world.calls.take().len();
            let mut state = self.shared.lock();
            state.calls_ended += ended;
            turns = if state.is_at_work() { 0 } else { turns + 1 };
        }
    }
}

const LOOPBACK: Reach = Reach {
    url: |_| Ok(()),
    address: |address| address.is_loopback(),
};

/// `partner-sync`, as a worker invokes it.
fn deliver(parts: Arc<Parts>, shared: &Arc<Shared>) -> Function {
    let shared = Arc::clone(shared);
    Arc::new(move |event, _| {
        let (parts, shared) = (Arc::clone(&parts), Arc::clone(&shared));
        Box::pin(async move {
            let event = serde_json::from_value(event).map_err(|error| error.to_string())?;
            shared.lock().at_the_queue -= 1;
            let response = partner_sync::handle(&parts, || shared.clock.now(), event).await;
            shared.lock().at_the_queue += 1;
            serde_json::to_value(response).map_err(|error| error.to_string())
        })
    })
}

/// As many as Lambda is allowed to have.
pub(crate) fn workers_max() -> u64 {
    let template: yaml_serde::Value = yaml_serde::from_str(DEPLOYED).expect("YAML");
    let scaling = &template["Resources"]["PartnerSyncQueue"]["Properties"]["ScalingConfig"];
    scaling["MaximumConcurrency"].as_u64().expect("a number")
}

fn workers(world: &World, deliver: &Function) -> Vec<Consumer> {
    let consumers = Template::deployed().expect("a template").consumers;
    let mapping = consumers.iter().find(|mapping| mapping.queue == ERRANDS);
    let mapping = mapping.expect("a consumer of the errands");
    let functions = Functions([(mapping.function.clone(), Arc::clone(deliver))].into());
    let worker = |_| {
        let (mapping, functions) = (mapping.clone(), functions.clone());
        Consumer::open(mapping, functions, world.clock.clone(), world.endpoints()).expect("a queue")
    };
    (0..workers_max()).map(worker).collect()
}

/// Changes as Lambda tells them.
fn told(changes: &[(String, String)]) -> Value {
    let record = |(pk, sk): &(String, String)| {
        let keys = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        json!({ "eventName": "INSERT", "dynamodb": { "Keys": keys, "SequenceNumber": "1" } })
    };
    json!({ "Records": changes.iter().map(record).collect::<Vec<_>>() })
}

/// What AWS bills for the queue: sending, and what Lambda does to receive and delete.
fn queue_requests(world: &World) -> u64 {
    let billed = ["SendMessageBatch", "ReceiveMessage", "DeleteMessageBatch"];
    billed.iter().map(|operation| world.sqs.requests(operation)).sum()
}
