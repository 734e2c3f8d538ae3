//! Every key of the table; nothing else can spell one.
//!
//! | Item | pk | sk |
//! |---|---|---|
//! | act | `CHAIN#<subject>` | version, zero-padded |
//! | evidence that identifies | `EVIDENCE#<subject>` | version |
//! | profile, one category | `PROFILE#<category>#<subject>` | `CONTENT` |
//! | ledger, one recipient | `LEDGER#<subject>` | recipient |
//! | recipient: settings and history | `RECIPIENT#<recipient>` | version, and `NOW` |
//! | recipient: look at all it concerns again | `AGAIN#<recipient>` | `NOW` |
//! | recipient: how its deliveries fare | `BREAKER#<recipient>` | `NOW` |
//! | recipient's signing key | `SECRET#<recipient>` | key id |
//! | whom a recipient may ever concern | `MEMBER#<recipient>#<shard>` | subject |
//! | due | `DUE#<day>#<shard>` | instant, subject, kind |
//! | how far each shard is swept | `SWEEP#DUE` | `MARKS` |
//! | state of the e-mail address | `ADDRESS#<subject>` | `EMAIL` |
//! | campaign: what it declared | `CAMPAIGN#<campaign>` | `DECLARED` |
//! | campaign: recipients counted | `CAMPAIGN#<campaign>#<shard>` | cell |
//! | that a recipient was counted | `INTERACTION#<campaign>#<keyed hash>` | `COUNTED` |
//!
//! The partition key begins with the kind, so that permissions can say who touches what.

use std::collections::HashMap;
use std::fmt::Display;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::act::Version;
use domain::codes::{CampaignId, Category, RecipientId};
use domain::subject::Subject;

pub(super) type Key = HashMap<String, AttributeValue>;

pub(super) fn key(pk: impl Display, sk: impl Display) -> Key {
    let text = |value: &dyn Display| AttributeValue::S(value.to_string());
    HashMap::from([("pk".to_owned(), text(&pk)), ("sk".to_owned(), text(&sk))])
}

/// What the key of every act begins with.
pub(super) const CHAIN: &str = "CHAIN#";

/// And the key of every version of a recipient.
pub(super) const RECIPIENT: &str = "RECIPIENT#";
/// And the key of what says that everyone whom a recipient concerns is looked at again. A kind of its own, so
/// that whoever may write it need not write registrations.
pub(super) const AGAIN: &str = "AGAIN#";
/// And the key of how its deliveries fare.
pub(super) const BREAKER: &str = "BREAKER#";
/// And the key of each of its signing keys.
pub(super) const SECRET: &str = "SECRET#";
/// Under which the newest version lies.
pub(super) const NOW: &str = "NOW";

pub(super) fn chain(subject: &Subject) -> String {
    format!("{CHAIN}{subject}")
}

pub(super) fn version(version: Version) -> String {
    format!("{version:08}")
}

pub(super) fn act(subject: &Subject, number: Version) -> Key {
    key(chain(subject), version(number))
}

pub(super) fn evidence(subject: &Subject, number: Version) -> Key {
    key(evidences(subject), version(number))
}

pub(super) fn evidences(subject: &Subject) -> String {
    format!("EVIDENCE#{subject}")
}

pub(super) fn profile(subject: &Subject, category: &Category) -> Key {
    key(format_args!("PROFILE#{category}#{subject}"), "CONTENT")
}

pub(super) fn ledger(subject: &Subject) -> String {
    format!("LEDGER#{subject}")
}

pub(super) fn entry(subject: &Subject, recipient: &RecipientId) -> Key {
    key(ledger(subject), recipient)
}

pub(super) fn recipients(recipient: &RecipientId) -> String {
    format!("{RECIPIENT}{recipient}")
}

pub(super) fn recipient(recipient: &RecipientId) -> Key {
    key(recipients(recipient), NOW)
}

/// Written so that the stream tells of it: everyone whom the recipient concerns is looked at again.
pub(super) fn again(recipient: &RecipientId) -> Key {
    key(format_args!("{AGAIN}{recipient}"), NOW)
}

pub(super) fn breaker(recipient: &RecipientId) -> Key {
    key(format_args!("{BREAKER}{recipient}"), "NOW")
}

pub(super) fn secrets(recipient: &RecipientId) -> String {
    format!("{SECRET}{recipient}")
}

pub(super) fn members(recipient: &RecipientId, shard: u32) -> String {
    format!("MEMBER#{recipient}#{shard:02}")
}

pub(super) fn due(day: impl Display, shard: u32) -> String {
    format!("DUE#{day}#{shard:02}")
}

pub(super) fn marks() -> Key {
    key("SWEEP#DUE", "MARKS")
}

pub(super) fn address(subject: &Subject) -> Key {
    key(format_args!("ADDRESS#{subject}"), "EMAIL")
}

pub(super) fn declared(campaign: &CampaignId) -> Key {
    key(format_args!("CAMPAIGN#{campaign}"), "DECLARED")
}

pub(super) fn counts(campaign: &CampaignId, shard: u32) -> String {
    format!("CAMPAIGN#{campaign}#{shard:02}")
}

pub(super) fn counted(campaign: &CampaignId, mark: &str) -> Key {
    key(format_args!("INTERACTION#{campaign}#{mark}"), "COUNTED")
}

/// What a record of the table's stream is about, as far as anything follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamKey {
    Act { subject: Subject, version: Version },
    Recipient(RecipientId),
}

/// The recipient that a key of its registration is of.
pub(super) fn recipient_of(pk: &str) -> Option<RecipientId> {
    pk.strip_prefix(RECIPIENT)?.parse().ok()
}

/// Reads the keys of a stream record; none for a kind of item that nothing follows from.
pub fn stream_key(pk: &str, sk: &str) -> Option<StreamKey> {
    if let Some(subject) = pk.strip_prefix(CHAIN) {
        return Some(StreamKey::Act {
            subject: subject.parse().ok()?,
            version: sk.parse().ok()?,
        });
    }
    let recipient = pk.strip_prefix(RECIPIENT).or_else(|| pk.strip_prefix(AGAIN))?;
    recipient.parse().ok().map(StreamKey::Recipient)
}
