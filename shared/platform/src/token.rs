//! Signed links: a token names one act of one data subject, and says for what it may be used.
//!
//! A token is one byte of kind, the subject, the act, the instant at which it ends, and a keyed hash over
//! these: sixty letters that may stand in a link and name nobody.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::act::Version;
use domain::subject::Subject;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::aws::{self, Unset};
use crate::digest;

const MAC_BYTES: usize = 16;
const SAID_BYTES: usize = 1 + 16 + 4 + 8;

/// What a token may be used for; another use does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Use {
    Confirm = 1,
}

/// The token was not made here, was changed, or has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the link is not valid, or not any more")]
pub struct BadToken;

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

    /// A token for one act, until an instant; none where the subject is not one of ours.
    pub fn mint(
        &self,
        r#use: Use,
        subject: &Subject,
        act: Version,
        until: Timestamp,
    ) -> Result<String, BadToken> {
        let letters = subject.as_str().strip_prefix(Subject::PREFIX).ok_or(BadToken)?;
        let mut said = vec![r#use as u8];
        said.extend(URL_SAFE_NO_PAD.decode(letters).map_err(|_| BadToken)?);
        said.extend(act.to_be_bytes());
        said.extend(until.as_second().to_be_bytes());
        let mac = self.mac(&said)?.finalize().into_bytes();
        said.extend(&mac[..MAC_BYTES]);
        Ok(digest::text(&said))
    }

    /// The act that a token names, if it was made here for this use and has not ended. The hash is compared
    /// in constant time.
    pub fn read(&self, r#use: Use, token: &str, now: Timestamp) -> Result<(Subject, Version), BadToken> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| BadToken)?;
        let (said, mac) = bytes
            .split_at_checked(SAID_BYTES)
            .filter(|(_, mac)| mac.len() == MAC_BYTES)
            .ok_or(BadToken)?;
        self.mac(said)?.verify_truncated_left(mac).map_err(|_| BadToken)?;
        let until = i64::from_be_bytes(said[21..].try_into().map_err(|_| BadToken)?);
        if said[0] != r#use as u8 || now.as_second() >= until {
            return Err(BadToken);
        }
        let subject = format!("{}{}", Subject::PREFIX, digest::text(&said[1..17]))
            .parse()
            .map_err(|_| BadToken)?;
        let act = Version::from_be_bytes(said[17..21].try_into().map_err(|_| BadToken)?);
        Ok((subject, act))
    }

    fn mac(&self, said: &[u8]) -> Result<Hmac<Sha256>, BadToken> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).map_err(|_| BadToken)?;
        mac.update(said);
        Ok(mac)
    }
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

    /// The link that confirms one grant.
    pub fn confirmation(
        &self,
        subject: &Subject,
        grant: Version,
        until: Timestamp,
    ) -> Result<String, BadToken> {
        let token = self.tokens.mint(Use::Confirm, subject, grant, until)?;
        Ok(format!("{}/v1/confirmations/{token}", self.base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_one_thing_until_it_ends_and_only_as_it_was_made() {
        let tokens = Tokens::new(&[3; 32]);
        let subject: Subject = "sub_AAAAAAAAAAAAAAAAAAAAAA".parse().unwrap();
        let noon: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let end = noon + jiff::SignedDuration::from_hours(1);

        let token = tokens.mint(Use::Confirm, &subject, 7, end).unwrap();
        assert_eq!(tokens.read(Use::Confirm, &token, noon), Ok((subject, 7)));
        assert_eq!(tokens.read(Use::Confirm, &token, end), Err(BadToken));
        assert_eq!(
            Tokens::new(&[4; 32]).read(Use::Confirm, &token, noon),
            Err(BadToken)
        );
        for place in 0..token.len() {
            let other = if &token[place..=place] == "A" { "B" } else { "A" };
            let tampered = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            assert_eq!(
                tokens.read(Use::Confirm, &tampered, noon),
                Err(BadToken),
                "{place}"
            );
        }
        for bad in ["", "A", &token[1..], &format!("{token}A"), &"A".repeat(10_000)] {
            assert_eq!(tokens.read(Use::Confirm, bad, noon), Err(BadToken));
        }
    }
}
