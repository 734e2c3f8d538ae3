//! What time it is, for everything in the runner: the computer's time, or one that somebody moves.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::state_file::StateFile;

/// Cheap to clone; all clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    hands: Mutex<Hands>,
    /// How far a running clock is ahead, for the next start.
    file: StateFile<SignedDuration>,
}

#[derive(Clone, Copy, Debug)]
enum Hands {
    /// Runs with the computer's clock, this far away from it.
    Running { ahead: SignedDuration },
    /// Moves only when it is told to.
    Held { at: Timestamp },
}

impl Clock {
    pub fn system() -> Self {
        let ahead = SignedDuration::ZERO;
        Self::of(Hands::Running { ahead }, StateFile::nowhere())
    }

    /// The computer's clock, as far ahead as it was left in this folder.
    pub fn kept(data: Option<&Path>) -> io::Result<Self> {
        let (file, ahead) = StateFile::open(data, "clock.json")?;
        Ok(Self::of(Hands::Running { ahead }, file))
    }

    /// A clock that stands still at `at` until it is moved.
    pub fn at(at: Timestamp) -> Self {
        Self::of(Hands::Held { at }, StateFile::nowhere())
    }

    fn of(hands: Hands, file: StateFile<SignedDuration>) -> Self {
        let hands = Mutex::new(hands);
        Self(Arc::new(Inner { hands, file }))
    }

    pub fn now(&self) -> Timestamp {
        match *self.hands() {
            Hands::Running { ahead } => computers_time() + ahead,
            Hands::Held { at } => at,
        }
    }

    /// What it would show if nobody had moved it on. Tokens go by this: whoever moves the clock is not locked
    /// out, and what `token` prints beside a running runner is good at once.
    pub fn unmoved(&self) -> Timestamp {
        match *self.hands() {
            Hands::Running { .. } => computers_time(),
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
        let mut hands = self.hands();
        match &mut *hands {
            Hands::Running { ahead } => *ahead += by,
            Hands::Held { at } => *at += by,
        }
        self.keep(*hands);
    }

    pub fn set(&self, to: Timestamp) {
        let mut hands = self.hands();
        match &mut *hands {
            Hands::Running { ahead } => *ahead = to.duration_since(computers_time()),
            Hands::Held { at } => *at = to,
        }
        self.keep(*hands);
    }

    fn keep(&self, hands: Hands) {
        let Hands::Running { ahead } = hands else { return };
        if let Err(error) = self.0.file.keep(&ahead) {
            tracing::error!(%error, "how far the clock is ahead could not be written to disk");
        }
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.hands.lock().unwrap_or_else(PoisonError::into_inner)
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
    #[test]
    fn a_clock_that_was_moved_goes_on_from_there_after_a_restart_and_tokens_do_not_notice() {
        let folder = std::env::temp_dir().join(format!("runner-clock-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let day = SignedDuration::from_hours(24);

        let first = Clock::kept(Some(&folder)).unwrap();
        first.advance(day);
        let again = Clock::kept(Some(&folder)).unwrap();
        assert_eq!(again.ahead_s(), day.as_secs());
        let unmoved = again.unmoved();
        assert!(again.now() >= unmoved + day);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
