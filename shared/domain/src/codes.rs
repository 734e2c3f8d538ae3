//! The words that a policy brings along, one type each, so that a purpose is never taken for a channel.
//!
//! A code is 1 to 40 lower-case letters, digits and inner hyphens. Codes are facts of a policy or
//! opaque ids; none may name a person, so all of them may be logged.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

const LEN_MAX: usize = 40;
/// As many letters as are compared at once: most codes have no more.
const HEAD_LEN: usize = size_of::<u128>();

/// The text is not a code: not 1 to 40 lower-case letters, digits and inner hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code: 1 to 40 lower-case letters, digits and inner hyphens")]
pub struct NotACode;

/// The text of a code, where it stands: no code is so long that an allocation were worth it. A record is
/// folded by comparing codes, and copying and comparing them costs a few instructions.
#[derive(Clone)]
struct Text {
    len: u8,
    /// Padded with zeros, which come before every letter: so the order is that of the text.
    letters: [u8; LEN_MAX],
}

impl Text {
    fn as_str(&self) -> &str {
        // Letters, digits and hyphens alone, so it cannot fail.
        std::str::from_utf8(&self.letters[..usize::from(self.len)]).unwrap_or_default()
    }

    /// The first letters as a number that has their order.
    fn head(&self) -> u128 {
        let head = self.letters.first_chunk().copied().unwrap_or_default();
        u128::from_be_bytes(head)
    }

    fn is_longer_than_its_head(&self) -> bool {
        usize::from(self.len) > HEAD_LEN
    }
}

impl FromStr for Text {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_code = (1..=LEN_MAX).contains(&text.len())
            && text.bytes().all(inner)
            && !text.starts_with('-')
            && !text.ends_with('-');
        let len = u8::try_from(text.len())
            .ok()
            .filter(|_| is_code)
            .ok_or(NotACode)?;
        let mut letters = [0; LEN_MAX];
        letters[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { len, letters })
    }
}

/// Two that differ do so in length or in their heads, as good as always: to look for an equal one is cheaper
/// than to search by order.
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len
            && self.head() == other.head()
            && (!self.is_longer_than_its_head() || self.letters == other.letters)
    }
}

impl Eq for Text {}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.head().cmp(&other.head()).then_with(|| {
            if self.is_longer_than_its_head() {
                self.letters.cmp(&other.letters)
            } else {
                self.len.cmp(&other.len)
            }
        })
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As the text alone, for a code may be looked up by its text.
impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Text);

        impl $name {
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = NotACode;

            fn from_str(text: &str) -> Result<Self, NotACode> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }
    )*};
}

codes! {
    /// What a notice is called; with a version it names one policy document.
    NoticeId
    /// What data may be used for.
    Purpose
    /// How a data subject may be contacted.
    Channel
    /// A kind of personal data.
    Category
    /// One piece of a category, such as the e-mail address of the contact data.
    Field
    /// A consent that stands beside the promotional one and is given apart (S41).
    Separate
    /// What a form shows as one thing to tick; a shorthand for a set of facets.
    Control
    /// What ties a data subject to a dealer: preferred, purchase, service, consultation, local.
    RelationKind
    /// The vehicle or contract that a relation is about: opaque, unique per subject, dealer and kind.
    RelationId
    /// A party that may be told: the group company, a dealer, a processor.
    RecipientId
    /// The brand under whose name a consent was asked for (S31).
    Brand
    /// Where a piece of profile data came from (S35).
    Source
    /// A mailing, declared with one purpose and one message type (S29).
    CampaignId
    /// What can be clicked in an e-mail: a link or a piece of content, by the code that its campaign gave it.
    Target
    /// A language tag such as `it`.
    Language
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_lower_case_and_short() {
        for good in ["a", "marketing", "app-web-usage", "3y", &"x".repeat(40)] {
            assert!(good.parse::<Purpose>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "a-",
            "A",
            "a b",
            "a/b",
            "é",
            "someone@example.com",
            &"x".repeat(41),
        ] {
            assert!(bad.parse::<Purpose>().is_err(), "{bad}");
        }
    }
}
