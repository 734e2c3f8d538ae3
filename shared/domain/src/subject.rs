//! The data subject, known by a pseudonym alone.

use std::fmt;
use std::str::FromStr;

/// A data subject's pseudonym, `sub_` and 22 letters of base64url: a keyed hash of the caller's own
/// opaque id. It names nobody to whoever lacks the key, so it may stand in keys, queues and logs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(Box<str>);

/// The text is not the pseudonym of a data subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a subject's pseudonym: sub_ and 22 letters of base64url")]
pub struct NotASubject;

impl Subject {
    pub const PREFIX: &'static str = "sub_";

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = NotASubject;

    fn from_str(text: &str) -> Result<Self, NotASubject> {
        let letters = text.strip_prefix(Self::PREFIX).ok_or(NotASubject)?;
        let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if letters.len() == 22 && letters.bytes().all(base64url) {
            Ok(Self(text.into()))
        } else {
            Err(NotASubject)
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
