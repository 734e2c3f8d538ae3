//! Signed links: a token names a data subject and what may be done with the link, and nobody in words.
//!
//! A token is one byte of kind, the subject, what the kind needs, and a keyed hash over these, in letters
//! that may stand in a link. A link that only takes away never ends (RFC 8058: mails are kept for years).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::act::Version;
use domain::codes::{Channel, Purpose};
use domain::facet::Facet;
use domain::subject::Subject;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use crate::aws::{self, Unset};
use crate::digest;

/// How long somebody can look at the record by a link: long enough for a mail that is read after a holiday.
const PREFERENCES_LAST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When a link to the preferences that is made then ends.
pub fn preferences_end(made: Timestamp) -> Timestamp {
    made.saturating_add(PREFERENCES_LAST).unwrap_or(Timestamp::MAX)
}

const MAC_BYTES: usize = 16;
const SUBJECT_BYTES: usize = 16;
/// The longest token there is: a facet of two codes. Anything longer is not even decoded.
const TOKEN_LEN_MAX: usize = 160;

/// What a token may be used for; another use does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Use {
    Confirm = 1,
    Preferences = 2,
    Unsubscribe = 3,
}

/// The token was not made here, was changed, or has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the link is not valid, or not any more")]
pub struct BadToken;

/// What a link to the preferences still opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The whole page.
    All(Subject),
    /// It has ended: nothing can be looked at, but everything can still be withdrawn.
    OnlyWithdrawal(Subject),
}

/// The key that signs every token, read once at the start.
#[derive(Clone)]
pub struct Tokens {
    key: Box<[u8]>,
}

impl Tokens {
    pub fn new(key: &[u8]) -> Self {
        Self { key: key.into() }
    }

    pub fn from_env() -> Result<Self, Unset> {
        let key = aws::required("TOKEN_KEY")?;
        if key.len() < 32 {
            Err(Unset { name: "TOKEN_KEY" })
        } else {
            Ok(Self::new(key.as_bytes()))
        }
    }

    /// A token that confirms one act, until an instant.
    pub fn confirmation(
        &self,
        subject: &Subject,
        grant: Version,
        until: Timestamp,
    ) -> Result<String, BadToken> {
        let said = [&grant.to_be_bytes()[..], &until.as_second().to_be_bytes()].concat();
        self.sign(Use::Confirm, subject, &said)
    }

    /// The act that a token confirms, if it was made here for that and has not ended.
    pub fn read_confirmation(&self, token: &str, now: Timestamp) -> Result<(Subject, Version), BadToken> {
        let (subject, said) = self.verify(Use::Confirm, token)?;
        let (grant, until) = said.split_first_chunk().ok_or(BadToken)?;
        if now.as_second() >= second(until)? {
            return Err(BadToken);
        }
        Ok((subject, Version::from_be_bytes(*grant)))
    }

    /// A token that shows a record and lets it be changed, until an instant.
    pub fn preferences(&self, subject: &Subject, until: Timestamp) -> Result<String, BadToken> {
        self.sign(Use::Preferences, subject, &until.as_second().to_be_bytes())
    }

    pub fn read_preferences(&self, token: &str, now: Timestamp) -> Result<Opened, BadToken> {
        let (subject, said) = self.verify(Use::Preferences, token)?;
        Ok(if now.as_second() < second(&said)? {
            Opened::All(subject)
        } else {
            Opened::OnlyWithdrawal(subject)
        })
    }

    /// A token that withdraws one purpose over one channel, for ever.
    pub fn unsubscription(
        &self,
        subject: &Subject,
        purpose: &Purpose,
        channel: &Channel,
    ) -> Result<String, BadToken> {
        let facet = Facet::Contact(purpose.clone(), channel.clone()).to_string();
        self.sign(Use::Unsubscribe, subject, facet.as_bytes())
    }

    /// What a token withdraws.
    pub fn read_unsubscription(&self, token: &str) -> Result<(Subject, Facet), BadToken> {
        let (subject, said) = self.verify(Use::Unsubscribe, token)?;
        let facet = std::str::from_utf8(&said).map_err(|_| BadToken)?;
        Ok((subject, facet.parse().map_err(|_| BadToken)?))
    }

    /// None where the subject is not one of ours.
    fn sign(&self, r#use: Use, subject: &Subject, said: &[u8]) -> Result<String, BadToken> {
        let letters = subject.as_str().strip_prefix(Subject::PREFIX).ok_or(BadToken)?;
        let subject = URL_SAFE_NO_PAD.decode(letters).map_err(|_| BadToken)?;
        let mut token = [&[r#use as u8], &subject[..], said].concat();
        let mac = self.mac(&token)?.finalize().into_bytes();
        token.extend(&mac[..MAC_BYTES]);
        Ok(digest::text(&token))
    }

    /// The subject that a token names, and what it says besides. The hash is compared in constant time.
    fn verify(&self, r#use: Use, token: &str) -> Result<(Subject, Vec<u8>), BadToken> {
        if token.len() > TOKEN_LEN_MAX {
            return Err(BadToken);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| BadToken)?;
        let split = bytes.len().checked_sub(MAC_BYTES).ok_or(BadToken)?;
        let (said, mac) = bytes.split_at(split);
        self.mac(said)?.verify_truncated_left(mac).map_err(|_| BadToken)?;
        let (subject, rest) = said
            .split_first()
            .filter(|(kind, _)| **kind == r#use as u8)
            .and_then(|(_, rest)| rest.split_at_checked(SUBJECT_BYTES))
            .ok_or(BadToken)?;
        let subject = format!("{}{}", Subject::PREFIX, digest::text(subject));
        Ok((subject.parse().map_err(|_| BadToken)?, rest.to_vec()))
    }

    fn mac(&self, said: &[u8]) -> Result<Hmac<Sha256>, BadToken> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).map_err(|_| BadToken)?;
        mac.update(said);
        Ok(mac)
    }
}

fn second(bytes: &[u8]) -> Result<i64, BadToken> {
    bytes.try_into().map(i64::from_be_bytes).map_err(|_| BadToken)
}

/// Makes the links that people are sent.
#[derive(Clone)]
pub struct Links {
    tokens: Tokens,
    /// Where the public routes are, without a slash at the end.
    base: String,
}

impl Links {
    pub fn new(tokens: Tokens, base: String) -> Self {
        Self { tokens, base }
    }

    pub fn from_env() -> Result<Self, Unset> {
        Ok(Self::new(Tokens::from_env()?, aws::required("PUBLIC_URL")?))
    }

    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The link that confirms one grant.
    pub fn confirmation(
        &self,
        subject: &Subject,
        grant: Version,
        until: Timestamp,
    ) -> Result<String, BadToken> {
        let token = self.tokens.confirmation(subject, grant, until)?;
        Ok(format!("{}/v1/confirmations/{token}", self.base))
    }

    /// The link to what somebody allows.
    pub fn preferences(&self, subject: &Subject, until: Timestamp) -> Result<String, BadToken> {
        let token = self.tokens.preferences(subject, until)?;
        Ok(format!("{}/v1/preferences/{token}", self.base))
    }

    /// The link that a mail client's unsubscribe button posts to (RFC 8058).
    pub fn unsubscription(
        &self,
        subject: &Subject,
        purpose: &Purpose,
        channel: &Channel,
    ) -> Result<String, BadToken> {
        let token = self.tokens.unsubscription(subject, purpose, channel)?;
        Ok(format!("{}/v1/unsubscribe/{token}", self.base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "2026-03-01T12:00:00Z";

    fn subject() -> Subject {
        "sub_AAAAAAAAAAAAAAAAAAAAAA".parse().unwrap()
    }

    /// Every way to spoil a token that is not another token.
    fn spoilt(token: &str) -> Vec<String> {
        let other = |place: usize| if &token[place..=place] == "A" { "B" } else { "A" };
        let tampered = (0..token.len())
            .map(|place| format!("{}{}{}", &token[..place], other(place), &token[place + 1..]));
        let cut = (0..token.len()).map(|end| token[..end].to_owned());
        let more = [format!("{token}A"), format!("{token}AAAA"), "A".repeat(10_000)];
        tampered
            .chain(cut)
            .chain([token[1..].to_owned()])
            .chain(more)
            .collect()
    }

    #[test]
    fn a_confirmation_says_one_thing_until_it_ends_and_only_as_it_was_made() {
        let tokens = Tokens::new(&[3; 32]);
        let noon: Timestamp = NOON.parse().unwrap();
        let end = noon + jiff::SignedDuration::from_hours(1);

        let token = tokens.confirmation(&subject(), 7, end).unwrap();
        assert_eq!(tokens.read_confirmation(&token, noon), Ok((subject(), 7)));
        assert_eq!(tokens.read_confirmation(&token, end), Err(BadToken));
        assert_eq!(
            Tokens::new(&[4; 32]).read_confirmation(&token, noon),
            Err(BadToken)
        );
        for bad in spoilt(&token) {
            assert_eq!(tokens.read_confirmation(&bad, noon), Err(BadToken), "{bad}");
        }
    }

    #[test]
    fn a_link_to_the_preferences_that_ended_still_withdraws() {
        let tokens = Tokens::new(&[3; 32]);
        let noon: Timestamp = NOON.parse().unwrap();
        let end = noon + PREFERENCES_LAST;

        let token = tokens.preferences(&subject(), end).unwrap();
        assert_eq!(tokens.read_preferences(&token, noon), Ok(Opened::All(subject())));
        assert_eq!(
            tokens.read_preferences(&token, end),
            Ok(Opened::OnlyWithdrawal(subject()))
        );
        for bad in spoilt(&token) {
            assert_eq!(tokens.read_preferences(&bad, noon), Err(BadToken), "{bad}");
        }
    }

    #[test]
    fn an_unsubscription_names_one_purpose_over_one_channel_and_is_nothing_else() {
        let tokens = Tokens::new(&[3; 32]);
        let noon: Timestamp = NOON.parse().unwrap();
        let longest: Purpose = "x".repeat(40).parse().unwrap();
        let channel: Channel = "y".repeat(40).parse().unwrap();

        let token = tokens.unsubscription(&subject(), &longest, &channel).unwrap();
        let facet = Facet::Contact(longest, channel);
        assert_eq!(tokens.read_unsubscription(&token), Ok((subject(), facet)));
        assert_eq!(tokens.read_preferences(&token, noon), Err(BadToken));
        assert_eq!(tokens.read_confirmation(&token, noon), Err(BadToken));
        for bad in spoilt(&token) {
            assert_eq!(tokens.read_unsubscription(&bad), Err(BadToken), "{bad}");
        }
    }
}
