//! From the caller's own opaque id of a data subject to the pseudonym that the system knows.

use domain::codes::CampaignId;
use domain::interaction::Cell;
use domain::subject::Subject;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::aws::{self, Unset};
use crate::digest;
use crate::store::CountMark;

const ID_LEN_MAX: usize = 128;
/// As many digits as the shortest phone number that is worth calling.
const PHONE_DIGITS_MIN: usize = 6;

/// Why a text is not taken as the id of a data subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSubject {
    #[error("a subject id has 1 to 128 letters, digits, dots, hyphens, tildes or underscores")]
    Malformed,
    #[error("this looks like contact data: a subject id is opaque and names nobody")]
    ContactData,
}

/// The key under which every pseudonym is made.
#[derive(Clone)]
pub struct Pseudonyms {
    key: Box<[u8]>,
}

impl Pseudonyms {
    pub fn new(key: &[u8]) -> Self {
        Self { key: key.into() }
    }

    pub fn from_env() -> Result<Self, Unset> {
        let key = aws::required("SUBJECT_KEY")?;
        // A short key would let ids be guessed from pseudonyms.
        if key.len() < 32 {
            Err(Unset { name: "SUBJECT_KEY" })
        } else {
            Ok(Self::new(key.as_bytes()))
        }
    }

    /// The subject that a caller names: by its own opaque id, or by the pseudonym that it was told.
    pub fn subject(&self, named: &str) -> Result<Subject, BadSubject> {
        if let Ok(subject) = named.parse() {
            return Ok(subject);
        }
        let digits = named.bytes().filter(u8::is_ascii_digit).count();
        let phone = named
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-./() ".contains(&byte));
        if named.contains('@') || (phone && digits >= PHONE_DIGITS_MIN) {
            return Err(BadSubject::ContactData);
        }
        let opaque = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        // The prefix is kept for pseudonyms: a mistyped one must not become somebody else's id.
        let ours = named.starts_with(Subject::PREFIX);
        // In a path, dots alone lead elsewhere.
        let dots = named.bytes().all(|byte| byte == b'.');
        if dots || named.len() > ID_LEN_MAX || !named.bytes().all(opaque) || ours {
            return Err(BadSubject::Malformed);
        }
        self.pseudonym(named).ok_or(BadSubject::Malformed)
    }

    /// The mark that a subject was counted once, in one cell of one campaign. Without the key nobody can tell
    /// whose it is, not even by trying all subjects.
    pub fn mark(&self, campaign: &CampaignId, cell: &Cell, subject: &Subject) -> Option<CountMark> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        // No id of a subject has a slash, so no mark is a pseudonym too.
        mac.update(format!("{campaign}/{cell}/{subject}").as_bytes());
        let hash = mac.finalize().into_bytes();
        Some(CountMark(digest::text(&hash[..16])))
    }

    /// The subject that a visitor becomes, from the key of its request. No caller's id has a colon.
    pub fn visitor(&self, request: &str) -> Option<Subject> {
        self.pseudonym(&format!("visitor:{request}"))
    }

    fn pseudonym(&self, id: &str) -> Option<Subject> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(id.as_bytes());
        // 128 bits: no two of a billion subjects meet.
        let hash = mac.finalize().into_bytes();
        format!("{}{}", Subject::PREFIX, digest::text(&hash[..16]))
            .parse()
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_data_is_no_subject_id() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        for contact in ["someone@example.com", "+39021234567", "02-1234567", "333 1234567"] {
            assert_eq!(
                pseudonyms.subject(contact),
                Err(BadSubject::ContactData),
                "{contact}"
            );
        }
        for malformed in ["", "..", "a b", "a/b", "ü", "sub_short", &"x".repeat(129)] {
            assert_eq!(
                pseudonyms.subject(malformed),
                Err(BadSubject::Malformed),
                "{malformed}"
            );
        }
    }

    #[test]
    fn a_subject_may_be_named_by_its_pseudonym() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        let subject = pseudonyms.subject("customer-4711").unwrap();
        assert_eq!(pseudonyms.subject(subject.as_str()), Ok(subject.clone()));
        assert_ne!(Pseudonyms::new(&[8; 32]).subject("customer-4711"), Ok(subject));
    }
}
