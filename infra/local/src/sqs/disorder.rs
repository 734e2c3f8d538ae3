//! Disorder on demand: what SQS is allowed to do and seldom does. Drawn from counts and a seed, so that
//! a test that fails once fails again.

use jiff::SignedDuration;

#[derive(Clone, Copy, Debug, Default)]
pub struct Disorder {
    /// Every n-th message is stored twice, under the same message id; 0 is never.
    pub twice_every: u64,
    /// Receive in an order drawn from this seed instead of the order of sending.
    pub shuffle_seed: Option<u64>,
    pub late: Option<Late>,
}

/// Every n-th message is held back for a while.
#[derive(Clone, Copy, Debug)]
pub struct Late {
    pub every: u64,
    pub by: SignedDuration,
}

impl Disorder {
    pub(super) fn is_twice(&self, number: u64) -> bool {
        self.twice_every != 0 && number.is_multiple_of(self.twice_every)
    }

    pub(super) fn late_by(&self, number: u64) -> SignedDuration {
        match self.late {
            Some(late) if late.every != 0 && number.is_multiple_of(late.every) => late.by,
            _ => SignedDuration::ZERO,
        }
    }
}

/// A xorshift generator: good enough to mix a few messages, and the same on every machine.
#[derive(Debug, Default)]
pub(super) struct Shuffle(Option<u64>);

impl Shuffle {
    pub(super) fn seeded(seed: Option<u64>) -> Self {
        // Zero is the one state that a xorshift never leaves.
        Self(
            seed.map(|seed| seed ^ 0x9E37_79B9_7F4A_7C15)
                .map(|state| state.max(1)),
        )
    }

    pub(super) fn mix<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            match self.next() {
                Some(drawn) => items.swap(last, (drawn % (last as u64 + 1)) as usize),
                None => return,
            }
        }
    }

    fn next(&mut self) -> Option<u64> {
        let state = self.0.as_mut()?;
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        Some(*state)
    }
}
