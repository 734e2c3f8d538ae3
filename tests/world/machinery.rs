//! What time and the machinery do: the stream, the queue, the schedule, the clock.

use std::sync::Arc;

use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use local::invoke::Function;
use local::recompute::recompute;
use local::scan::{Options, Progress};
use platform::store::{Mark, SHARDS, Store};

use crate::{Calls, World};

impl World {
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
        self.recipients.caught_up().await;
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

    /// Delete what has expired, as the engine does of itself within days, and let what follows happen.
    pub async fn collect(&self) {
        self.system.lock().await.sweep().await;
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

    /// An operator has the dates of all subjects noted anew.
    ///
    /// # Panics
    ///
    /// If the command fails.
    pub async fn recompute(&self, store: &Store, dry_run: bool) -> Progress {
        let options = Options {
            dry_run,
            per_second: 1_000,
            resume: None,
        };
        let bar = ProgressBar::hidden();
        let did = recompute(store, || self.now(), &None, &options, &bar).await;
        did.expect("a run to the end")
    }

    /// The schedule has run up to now, as it has each minute: the first sweep of a table looks back a month,
    /// day by day and shard by shard.
    pub(super) async fn is_swept(&self) {
        let (store, _) = self.table_and_queue(policies::all());
        let mark = Mark::after(self.now());
        for shard in 0..SHARDS {
            let moved = store.move_mark(shard, None, &mark).await;
            moved.expect("a mark that is moved");
        }
    }
}

/// A function that is invoked with the same event once more where a call of it was to be.
pub(super) fn delivered_again(function: Function, calls: Calls) -> Function {
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
