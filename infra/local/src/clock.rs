//! What time it is, for everything in the runner: the computer's time, or one that a test moves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Cheap to clone; all clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Hands>>);

#[derive(Clone, Copy, Debug)]
enum Hands {
    /// Runs with the computer's clock, this far away from it.
    Running { ahead: SignedDuration },
    /// Moves only when it is told to.
    Held { at: Timestamp },
}

impl Clock {
    pub fn system() -> Self {
        Self(Arc::new(Mutex::new(Hands::Running {
            ahead: SignedDuration::ZERO,
        })))
    }

    /// A clock that stands still at `at` until it is moved.
    pub fn at(at: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Hands::Held { at })))
    }

    pub fn now(&self) -> Timestamp {
        match *self.hands() {
            Hands::Running { ahead } => computers_time() + ahead,
            Hands::Held { at } => at,
        }
    }

    /// How far it is from the computer's time, in whole seconds.
    pub fn ahead_s(&self) -> i64 {
        let away = match *self.hands() {
            Hands::Running { ahead } => ahead,
            Hands::Held { at } => at.duration_since(computers_time()),
        };
        away.as_secs()
    }

    /// Move on (or back, with a negative span); a running clock runs on from there.
    pub fn advance(&self, by: SignedDuration) {
        match &mut *self.hands() {
            Hands::Running { ahead } => *ahead += by,
            Hands::Held { at } => *at += by,
        }
    }

    pub fn set(&self, to: Timestamp) {
        match &mut *self.hands() {
            Hands::Running { ahead } => *ahead = to.duration_since(computers_time()),
            Hands::Held { at } => *at = to,
        }
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the runner asks the computer for the time"
)]
fn computers_time() -> Timestamp {
    Timestamp::now()
}

/// The engine stamps stream records and sweeps expired items by this.
impl dynoxide::storage_backend::Clock for Clock {
    fn now_unix_secs(&self) -> u64 {
        self.now().as_second().max(0).unsigned_abs()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.now().as_microsecond() as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_clock_moves_only_when_told_and_for_all_clones() {
        let noon: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let clock = Clock::at(noon);
        let other = clock.clone();

        clock.advance(SignedDuration::from_secs(90));
        assert_eq!(other.now().to_string(), "2026-03-01T12:01:30Z");

        other.set(noon);
        assert_eq!(clock.now(), noon);
    }

    #[test]
    fn a_running_clock_that_was_moved_runs_on_from_there() {
        let clock = Clock::system();
        let before = clock.now();

        clock.advance(SignedDuration::from_hours(24));
        assert!(clock.now() >= before + SignedDuration::from_hours(24));
    }
}
