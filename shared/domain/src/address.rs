//! The state of an e-mail address. It suppresses sending and is never a matter of consent (S50).
//!
//! A delivery or a new address clears it, and a temporary failure clears itself.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// Where a profile holds the address that mail goes to: a category and its field.
pub const ADDRESS: (&str, &str) = ("contact", "email");
/// How long a temporary failure suppresses. Without an end it would never clear itself: whoever does not
/// send hears of no delivery either.
const TEMPORARY_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is known of an e-mail address; never a matter of consent (S50).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    Reached,
    UndeliverableTemporary,
    UndeliverablePermanent,
}

impl Address {
    /// Whether mail is held back now, for what was found at an instant.
    pub fn suppresses(self, found_at: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Reached => false,
            Self::UndeliverableTemporary => now.duration_since(found_at) < TEMPORARY_FOR,
            Self::UndeliverablePermanent => true,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::UndeliverableTemporary => "undeliverable-temporary",
            Self::UndeliverablePermanent => "undeliverable-permanent",
        }
    }
}

/// The text is no state of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a state of an address")]
pub struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let all = [
            Self::Reached,
            Self::UndeliverableTemporary,
            Self::UndeliverablePermanent,
        ];
        let found = all.into_iter().find(|address| address.as_str() == text);
        found.ok_or(NotAnAddress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_failure_clears_itself_and_a_permanent_one_does_not() {
        let found_at: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let week = |seconds| found_at + TEMPORARY_FOR + SignedDuration::from_secs(seconds);
        let suppresses = |address: Address| [week(-1), week(0)].map(|now| address.suppresses(found_at, now));
        assert_eq!(suppresses(Address::UndeliverableTemporary), [true, false]);
        assert_eq!(suppresses(Address::UndeliverablePermanent), [true, true]);
        assert_eq!(suppresses(Address::Reached), [false, false]);
    }
}
