//! The live picture: what goes on in the runner, told to a page as it happens.
//!
//! It looks on from the runner's seams: where a function is called ([`Live::watch`]), where a function
//! calls AWS ([`Wires`]), and where a recipient is told. No function knows of it, and nothing waits for it.

mod page;
mod picture;
mod stories;
mod watch;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::demo::{Arrival, Demo};
use crate::sqs::Sqs;
use crate::system::System;
use crate::template::Template;
pub use picture::places;
pub use watch::Wires;

/// A page that comes later still sees so many.
const RECENT_MAX: usize = 60;
/// A page that is slower than this misses some.
const UNREAD_MAX: usize = 1_024;

/// Cheap to clone; all clones are the same picture.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    clock: Clock,
    /// Until the runner ends.
    told: Mutex<Option<broadcast::Sender<Told>>>,
    recent: Mutex<VecDeque<Told>>,
    last_at: Mutex<Instant>,
    /// How many functions run now.
    running: AtomicUsize,
    /// Set once, when everything has started.
    scene: OnceLock<Scene>,
    stage: stories::Stage,
}

/// What there is to look at and to play with.
struct Scene {
    template: Template,
    demo: Demo,
    sqs: Sqs,
    gateway: String,
    client: reqwest::Client,
}

/// Something that happened, and when by the runner's clock.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    at: Timestamp,
    #[serde(flatten)]
    what: Happening,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Happening {
    /// A function was called: by whom, and to do what.
    Called { function: String, by: By, what: String },
    /// It has ended; these are its calls to AWS, and how often it made each.
    Ended {
        function: String,
        by: By,
        outcome: Outcome,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u64>,
        calls: BTreeMap<String, u32>,
    },
    /// A recipient was told something.
    Arrived(Arrival),
    /// Somebody moved the clock, or switched a recipient off or on.
    Changed { what: String },
    /// A story goes on.
    Said(stories::Said),
}

/// What calls a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    FrontDoor,
    Stream,
    Queue,
    Schedule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Done,
    /// A problem of the caller's making.
    Refused,
    Failed,
}

impl Live {
    pub fn new(clock: Clock) -> Self {
        let (told, _) = broadcast::channel(UNREAD_MAX);
        Self(Arc::new(Inner {
            clock,
            told: Mutex::new(Some(told)),
            recent: Mutex::default(),
            last_at: Mutex::new(Instant::now()),
            running: AtomicUsize::new(0),
            scene: OnceLock::new(),
            stage: stories::Stage::default(),
        }))
    }

    /// From now on there is something to see.
    pub fn open(&self, system: &System, template: Template, client: reqwest::Client) {
        let scene = Scene {
            template,
            demo: system.demo.clone(),
            sqs: system.sqs.clone(),
            gateway: system.endpoints.gateway.clone(),
            client,
        };
        let mut arrivals = scene.demo.arrivals();
        if self.0.scene.set(scene).is_err() {
            return;
        }
        let live = self.clone();
        tokio::spawn(async move {
            loop {
                match arrivals.recv().await {
                    Ok(arrival) => live.tell(Happening::Arrived(arrival)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => break,
                }
            }
        });
    }

    /// How many pages follow.
    pub fn pages(&self) -> usize {
        lock(&self.0.told)
            .as_ref()
            .map_or(0, broadcast::Sender::receiver_count)
    }

    /// Every page is told that this is the end.
    pub fn close(&self) {
        *lock(&self.0.told) = None;
    }

    fn tell(&self, what: Happening) {
        let told = Told {
            at: self.0.clock.now(),
            what,
        };
        *lock(&self.0.last_at) = Instant::now();
        // Under one lock with `follow`, so that a new page misses nothing and sees nothing twice.
        let mut recent = lock(&self.0.recent);
        if recent.len() == RECENT_MAX {
            recent.pop_front();
        }
        recent.push_back(told.clone());
        if let Some(pages) = &*lock(&self.0.told) {
            // It fails where no page is open.
            let _ = pages.send(told);
        }
    }

    /// What happened last, and what happens from now on.
    fn follow(&self) -> Option<(Vec<Told>, broadcast::Receiver<Told>)> {
        let recent = lock(&self.0.recent);
        let pages = lock(&self.0.told);
        Some((recent.iter().cloned().collect(), pages.as_ref()?.subscribe()))
    }

    /// Whether no function runs, and nothing has happened for so long.
    fn is_quiet_for(&self, time: Duration) -> bool {
        self.0.running.load(Ordering::SeqCst) == 0 && lock(&self.0.last_at).elapsed() > time
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
