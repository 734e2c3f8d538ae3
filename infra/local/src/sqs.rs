//! Our own small SQS: the half dozen calls that Assenso uses, behind the protocol that the SDK speaks.
//!
//! The ready ones drop or refuse `MessageGroupId`, go by the computer's clock, and are never late, out
//! of order or twofold, which is what a consumer must be tested for.
//!
//! Absent: FIFO queues, policies, message moves, throttling. Nothing may rely on it to refuse a bad
//! request: it refuses what AWS refuses where that is cheap to check, and no more.

mod disorder;
mod message;
mod operations;
mod refusal;
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::state_file::StateFile;
use crate::template::Queue;
use disorder::Shuffle;
pub use disorder::{Disorder, Late};
pub use message::Letter;
use message::Message;

/// The account that everything in the runner belongs to.
pub(crate) const ACCOUNT: &str = "000000000000";

pub(crate) fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{}:{ACCOUNT}:{name}", crate::sdk::REGION)
}

/// All queues of the template. Cheap to clone; tests look inside and stir through the same handle that
/// the server answers from.
#[derive(Clone)]
pub struct Sqs(Arc<Inner>);

struct Inner {
    clock: Clock,
    queues: Vec<Queue>,
    file: StateFile<Kept>,
    desk: Mutex<Desk>,
    sent: Notify,
}

/// What a restart must not lose.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    /// How many messages were ever stored; the last one's number.
    numbers: u64,
    /// By the logical id of the queue.
    messages: BTreeMap<String, Vec<Message>>,
}

#[derive(Default)]
struct Desk {
    kept: Kept,
    disorder: Disorder,
    shuffle: Shuffle,
    /// How often each operation was asked for.
    requests: BTreeMap<String, u64>,
}

impl Sqs {
    pub fn open(queues: Vec<Queue>, clock: Clock, data: Option<&Path>) -> io::Result<Self> {
        let (file, kept) = StateFile::open(data, "sqs.json")?;
        let desk = Mutex::new(Desk {
            kept,
            ..Desk::default()
        });
        let sent = Notify::new();
        Ok(Self(Arc::new(Inner {
            clock,
            queues,
            file,
            desk,
            sent,
        })))
    }

    /// The service itself, as an unmodified SDK speaks to it.
    pub fn router(&self) -> axum::Router {
        wire::router(self.clone())
    }

    /// From now on, deliver in this disorder; `Disorder::default()` restores order.
    pub fn disorder(&self, disorder: Disorder) {
        let mut desk = self.desk();
        desk.shuffle = Shuffle::seeded(disorder.shuffle_seed);
        desk.disorder = disorder;
    }

    /// The bodies of all messages of a queue, received or not, in the order they were sent.
    pub fn bodies(&self, queue: &str) -> Vec<String> {
        let body = |message: &Message| message.body.clone();
        self.messages(queue, |messages| messages.iter().map(body).collect())
    }

    /// The bodies of those messages of a queue that are kept back until their time has come.
    pub fn kept_back(&self, queue: &str) -> Vec<String> {
        let now = self.0.clock.now();
        self.messages(queue, |messages| {
            let kept_back = messages.iter().filter(|message| message.is_kept_back(now));
            kept_back.map(|message| message.body.clone()).collect()
        })
    }

    /// The bodies of all others.
    pub fn at_hand(&self, queue: &str) -> Vec<String> {
        let now = self.0.clock.now();
        self.messages(queue, |messages| {
            let at_hand = messages.iter().filter(|message| !message.is_kept_back(now));
            at_hand.map(|message| message.body.clone()).collect()
        })
    }

    /// The bodies of those messages of a queue that were given up.
    pub fn dead_letters(&self, queue: &str) -> Vec<String> {
        match self.queue(queue).and_then(|queue| queue.redrive.as_ref()) {
            Some(redrive) => self.bodies(&redrive.to),
            None => Vec::new(),
        }
    }

    /// Every message of a queue as an operator sees it who looks into it.
    pub fn letters(&self, queue: &str) -> Vec<Letter> {
        self.messages(queue, |messages| messages.iter().map(Letter::of).collect())
    }

    /// Put a message into a queue as it is, from whoever may write to it.
    ///
    /// # Panics
    ///
    /// If the queue is not there or does not take it.
    pub fn put(&self, queue: &str, body: &str) {
        let Some(queue) = self.queue(queue) else {
            panic!("the template has no queue {queue}");
        };
        let sent = self.send(queue, wire::Entry::plain(body));
        assert!(sent.is_ok(), "the queue takes it");
    }

    /// Drop all messages of a queue, as an operator who has looked at its dead letters does.
    pub fn forget(&self, queue: &str) {
        self.messages(queue, Vec::clear);
    }

    /// How many messages could be received now.
    pub fn visible(&self, queue: &str) -> usize {
        let now = self.0.clock.now();
        self.messages(queue, |messages| {
            messages
                .iter()
                .filter(|message| message.visible_at <= now)
                .count()
        })
    }

    /// How often an operation was asked for, for example `SendMessageBatch`.
    pub fn requests(&self, operation: &str) -> u64 {
        self.desk().requests.get(operation).copied().unwrap_or(0)
    }

    /// Let all messages of a queue that are in flight, delayed or late be received at once, for a test
    /// that does not want to move its clock past their time.
    pub fn make_visible(&self, queue: &str) {
        let now = self.0.clock.now();
        self.messages(queue, |messages| {
            for message in messages {
                message.visible_at = message.visible_at.min(now);
            }
        });
    }

    pub(crate) fn queue_url(endpoint: &str, queue: &Queue) -> String {
        format!("{endpoint}/{ACCOUNT}/{}", queue.name)
    }

    /// A queue by its logical id or its name.
    fn queue(&self, queue: &str) -> Option<&Queue> {
        self.0
            .queues
            .iter()
            .find(|known| known.id == queue || known.name == queue)
    }

    /// # Panics
    ///
    /// If the template has no such queue: the test that looks into it has a typing error.
    fn messages<T>(&self, queue: &str, look: impl FnOnce(&mut Vec<Message>) -> T) -> T {
        let Some(queue) = self.queue(queue) else {
            panic!("the template has no queue {queue}");
        };
        look(self.desk().kept.messages.entry(queue.id.clone()).or_default())
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
