//! The words that a policy brings along, one type each, so that a purpose is never taken for a channel.
//!
//! A code is 1 to 40 lower-case letters, digits and inner hyphens. Codes are facts of a policy or
//! opaque ids; none may name a person, so all of them may be logged.

use std::fmt;
use std::str::FromStr;

/// The text is not a code: not 1 to 40 lower-case letters, digits and inner hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code: 1 to 40 lower-case letters, digits and inner hyphens")]
pub struct NotACode;

fn is_code(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotACode;

            fn from_str(text: &str) -> Result<Self, NotACode> {
                if is_code(text) { Ok(Self(text.into())) } else { Err(NotACode) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
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
