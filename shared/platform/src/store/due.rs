//! What falls due, in buckets of a day and shards.
//!
//! A due item is a hint: never moved, never deleted, checked against the record when its time comes, and
//! collected by TTL a month later. No legal deadline rests on it.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::codes::RecipientId;
use domain::subject::Subject;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::row::{Row, number, text};
use super::{Error, Store, keys};
use crate::digest;

/// No key of a day takes more than a thirty-second part of what is due.
pub const SHARDS: u32 = 32;
/// The sweep does not look back, so an item that is due at once must lie ahead of it: by as much as the
/// sweep's clock may be ahead of the writer's ([`domain::record::AHEAD_MAX`]), and as a writer may take.
const LOOK_MARGIN: SignedDuration = SignedDuration::from_mins(6);
/// A delivery that waits is looked at sooner. If the clocks are so far apart that this misses it, the next
/// change of the record sends it.
const DELIVER_MARGIN: SignedDuration = SignedDuration::from_mins(2);
/// A month. A sweep that stood still for longer needs `due recompute`.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(31 * 24);
pub(super) const KIND: &str = "a due item";

/// Something to look at when its time comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueItem {
    pub at: Timestamp,
    pub subject: Subject,
    pub wake: Wake,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// Time may have changed what the record allows.
    Look,
    /// A pending delivery to this recipient may be tried again.
    Deliver(RecipientId),
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
    fn word(&self) -> String {
        match self {
            Self::Look => "look".to_owned(),
            Self::Deliver(recipient) => recipient.to_string(),
        }
    }

    fn margin(&self) -> SignedDuration {
        match self {
            Self::Look => LOOK_MARGIN,
            Self::Deliver(_) => DELIVER_MARGIN,
        }
    }
}

impl DueItem {
    fn key(&self) -> keys::Key {
        let sk = format!(
            "{:015}#{}#{}",
            self.at.as_millisecond(),
            self.subject,
            self.wake.word()
        );
        keys::key(keys::due(day(self.at), shard_of(&self.subject)), sk)
    }
}

impl Store {
    /// Write down that something falls due. The same again changes nothing.
    pub async fn put_due(&self, due: &DueItem, now: Timestamp) -> Result<(), Error> {
        let soonest = now.saturating_add(due.wake.margin()).unwrap_or(Timestamp::MAX);
        let due = DueItem {
            at: due.at.max(soonest),
            ..due.clone()
        };
        let mut item = due.key();
        if let Wake::Deliver(_) = due.wake {
            item.insert("deliver".to_owned(), text(due.wake.word()));
        }
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

    /// Those of these that nobody wrote down yet.
    pub async fn not_noted(&self, due: Vec<DueItem>) -> Result<Vec<DueItem>, Error> {
        /// The most keys that one call takes.
        const KEYS_MAX: usize = 100;
        let mut noted = Vec::new();
        for due in due.chunks(KEYS_MAX) {
            for item in self.batch_get(due.iter().map(DueItem::key).collect()).await? {
                noted.push(due_of(&Row {
                    kind: KIND,
                    item: &item,
                })?);
            }
        }
        Ok(due.into_iter().filter(|due| !noted.contains(due)).collect())
    }
}

pub(super) fn due_of(row: &Row<'_>) -> Result<DueItem, Error> {
    let unreadable = |what: &'static str| Error::unreadable(KIND, what);
    let mut parts = row.text("sk")?.split('#');
    let ms = parts
        .next()
        .and_then(|ms| ms.parse().ok())
        .ok_or_else(|| unreadable("no instant"))?;
    let at = Timestamp::from_millisecond(ms).map_err(|error| Error::unreadable(KIND, error))?;
    let subject = parts
        .next()
        .and_then(|subject| subject.parse().ok())
        .ok_or_else(|| unreadable("no subject"))?;
    let wake = if row.has("deliver") {
        let recipient = row
            .text("deliver")?
            .parse()
            .map_err(|error| Error::unreadable(KIND, error))?;
        Wake::Deliver(recipient)
    } else {
        Wake::Look
    };
    Ok(DueItem { at, subject, wake })
}
