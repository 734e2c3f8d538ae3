//! What falls due, in buckets of a day and shards.
//!
//! A due item is a hint: never moved, never deleted, checked against the record when its time comes, and
//! collected by TTL a month later. No legal deadline rests on it.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::codes::RecipientId;
use domain::record::AHEAD_MAX;
use domain::subject::Subject;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::row::{Row, number};
use super::{Error, Store, keys};
use crate::digest;

/// No key of a day takes more than a thirty-second part of what is due.
pub const SHARDS: u32 = 32;
/// How soon anything can fall due. The sweep does not look back, so whatever is written lies ahead of it: by as
/// much as the sweep's clock may be ahead of the writer's ([`AHEAD_MAX`]), and by what the writer may take to
/// write it.
pub const SOONEST: SignedDuration = SignedDuration::from_secs(AHEAD_MAX.as_secs() + 60);
/// A month. A sweep that stood still for longer needs `due recompute`.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(31 * 24);
pub(super) const KIND: &str = "a due item";

/// Something to look at when its time comes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueItem {
    pub at: Timestamp,
    pub subject: Subject,
    pub wake: Wake,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// Time may have changed what the record allows.
    Look,
    /// A pending delivery to this recipient may be tried again.
    Deliver(RecipientId),
    /// Some of what was tracked of the subject's interactions is over.
    Tracked,
    /// Every recipient must have confirmed by now what it lost at that instant.
    Confirmed { since: Timestamp },
    /// Evidence of a record that was erased may be left.
    Erase,
}

/// The shard of a subject: even, and the same for ever.
pub(super) fn shard_of(subject: &Subject) -> u32 {
    let hash = digest::sha256(&[subject.as_str().as_bytes()]);
    u32::from(hash[0]) % SHARDS
}

pub(super) fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl Wake {
    fn words(&self) -> String {
        match self {
            Self::Look => "look".to_owned(),
            Self::Tracked => "tracked".to_owned(),
            Self::Deliver(recipient) => format!("deliver#{recipient}"),
            Self::Erase => "erase".to_owned(),
            Self::Confirmed { since } => format!("confirmed#{:015}", since.as_millisecond()),
        }
    }

    fn of(kind: &str, what: Option<&str>) -> Option<Self> {
        Some(match (kind, what) {
            ("look", None) => Self::Look,
            ("erase", None) => Self::Erase,
            ("tracked", None) => Self::Tracked,
            ("deliver", Some(recipient)) => Self::Deliver(recipient.parse().ok()?),
            ("confirmed", Some(since)) => Self::Confirmed {
                since: Timestamp::from_millisecond(since.parse().ok()?).ok()?,
            },
            _ => return None,
        })
    }
}

impl DueItem {
    fn key(&self) -> keys::Key {
        let sk = format!(
            "{:015}#{}#{}",
            self.at.as_millisecond(),
            self.subject,
            self.wake.words()
        );
        keys::key(keys::due(day(self.at), shard_of(&self.subject)), sk)
    }
}

impl Store {
    /// Write down that something falls due. The same again changes nothing.
    pub async fn put_due(&self, due: &DueItem, now: Timestamp) -> Result<(), Error> {
        let soonest = now.saturating_add(SOONEST).unwrap_or(Timestamp::MAX);
        let due = DueItem {
            at: due.at.max(soonest),
            ..due.clone()
        };
        let mut item = due.key();
        let expires_at = due.at.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
        item.insert("expires_at".to_owned(), number(expires_at.as_second()));
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }

    /// Those of these that nobody wrote down yet, each once: the table is asked for no key twice in a call.
    pub async fn not_noted(&self, mut due: Vec<DueItem>) -> Result<Vec<DueItem>, Error> {
        due.sort();
        due.dedup();
        let mut noted = Vec::new();
        for item in self.batch_get(due.iter().map(DueItem::key).collect()).await? {
            noted.push(due_of(&Row {
                kind: KIND,
                item: &item,
            })?);
        }
        Ok(due.into_iter().filter(|due| !noted.contains(due)).collect())
    }
}

pub(super) fn due_of(row: &Row<'_>) -> Result<DueItem, Error> {
    read_key(row.text("sk")?).ok_or_else(|| Error::unreadable(KIND, "a key that nobody writes"))
}

/// Instant, subject, kind, and what the kind is about.
fn read_key(key: &str) -> Option<DueItem> {
    let mut parts = key.split('#');
    let at = Timestamp::from_millisecond(parts.next()?.parse().ok()?).ok()?;
    let subject = parts.next()?.parse().ok()?;
    let wake = Wake::of(parts.next()?, parts.next())?;
    Some(DueItem { at, subject, wake })
}
