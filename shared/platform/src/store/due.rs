//! What falls due, in buckets of a day and shards; and how far each shard has been swept.
//!
//! A due item is a hint: never moved, never deleted, checked against the record when its time comes, and
//! collected by TTL a month later. No legal deadline rests on it.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::codes::RecipientId;
use domain::subject::Subject;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::row::{Row, instant, number, text};
use super::{Error, Store, keys};
use crate::digest;

/// No key of a day takes more than a thirty-second part of what is due.
pub const SHARDS: u32 = 32;
/// An item that is written for the past or for right now would be missed by a sweep that is ahead.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);
const KEPT: SignedDuration = SignedDuration::from_hours(31 * 24);
const KIND: &str = "a due item";

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

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl Store {
    /// Write down that something falls due. The same again changes nothing.
    pub async fn put_due(&self, due: &DueItem, now: Timestamp) -> Result<(), Error> {
        let at = due.at.max(now.saturating_add(MARGIN).unwrap_or(Timestamp::MAX));
        let wake = match &due.wake {
            Wake::Look => "look".to_owned(),
            Wake::Deliver(recipient) => recipient.to_string(),
        };
        let sk = format!("{:015}#{}#{}", at.as_millisecond(), due.subject, wake);
        let mut item = keys::key(keys::due(day(at), shard_of(&due.subject)), sk);
        if let Wake::Deliver(_) = due.wake {
            item.insert("deliver".to_owned(), text(wake));
        }
        let expires_at = at.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
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

    /// How far a shard has been swept; none before its first sweep.
    pub async fn swept(&self, shard: u32) -> Result<Option<Timestamp>, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::sweep(shard)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        found
            .item
            .map(|item| {
                Row {
                    kind: "a sweep",
                    item: &item,
                }
                .instant("at")
            })
            .transpose()
    }

    pub async fn mark_swept(&self, shard: u32, at: Timestamp) -> Result<(), Error> {
        let mut item = keys::sweep(shard);
        item.insert("at".to_owned(), instant(at));
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }

    /// What fell due in a shard after an instant and up to another, in order.
    pub async fn due(&self, shard: u32, after: Timestamp, until: Timestamp) -> Result<Vec<DueItem>, Error> {
        let mut found = Vec::new();
        let mut bucket = day(after);
        while bucket <= day(until) {
            let mut pages = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk AND sk BETWEEN :after AND :until")
                .expression_attribute_values(":pk", text(keys::due(bucket, shard)))
                .expression_attribute_values(":after", text(format!("{:015}$", after.as_millisecond())))
                .expression_attribute_values(":until", text(format!("{:015}$", until.as_millisecond())))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                for item in page?.items() {
                    found.push(due_of(&Row { kind: KIND, item })?);
                }
            }
            bucket = bucket.saturating_add(Span::new().days(1));
        }
        Ok(found)
    }
}

fn due_of(row: &Row<'_>) -> Result<DueItem, Error> {
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
