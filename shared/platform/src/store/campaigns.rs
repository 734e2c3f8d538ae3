//! Campaigns: what each declared, and how many recipients it reached; of no recipient is it kept who.
//!
//! A recipient counts once in a cell. That it has is a mark under a keyed hash, written together with the
//! count: so a report may come twice, in parts, or be cut off between any two calls.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, ReturnValue, TransactWriteItem, Update};
use domain::campaign::Campaign;
use domain::codes::CampaignId;
use domain::interaction::Cell;
use jiff::{SignedDuration, Timestamp};

use super::row::{Row, instant, number, text};
use super::{Error, Store, keys};
use crate::digest;

/// So that reports about one campaign do not queue up at one counter.
const SHARDS: u32 = 8;
/// As many marks as fit a transaction beside the counter.
const MARKS_MAX: usize = 99;
/// How often another shard is tried when others are counting in the same one.
const TRIES_MAX: u32 = SHARDS;
/// Longer than anybody goes on clicking in a mail. Whoever comes back later is counted anew, for by then it
/// is not known any more that they were counted.
const MARK_KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);
const KIND: &str = "a campaign";

/// That a recipient was counted in a cell: a keyed hash, which leads back to nobody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub(crate) String);

impl Store {
    /// Declare a campaign, and say whether it is new. What was declared before stays: the same again changes
    /// nothing, anything else is refused ([`Error::Stale`]), for decisions were taken by it.
    pub async fn declare(&self, id: &CampaignId, campaign: &Campaign, now: Timestamp) -> Result<bool, Error> {
        let declared = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::declared(id)))
            .update_expression(
                "SET purpose = :purpose, message_type = :type, brand = :brand, \
                 declared_at = if_not_exists(declared_at, :now)",
            )
            .condition_expression(
                "attribute_not_exists(pk) OR (purpose = :purpose AND message_type = :type AND brand = :brand)",
            )
            .expression_attribute_values(":purpose", text(campaign.purpose.as_str()))
            .expression_attribute_values(":type", text(&campaign.message_type))
            .expression_attribute_values(":brand", text(campaign.brand.as_str()))
            .expression_attribute_values(":now", instant(now))
            .return_values(ReturnValue::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(!declared
            .attributes
            .unwrap_or_default()
            .contains_key("declared_at"))
    }

    /// What a campaign declared; none where it did not.
    pub async fn campaign(&self, id: &CampaignId) -> Result<Option<Campaign>, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::declared(id)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let Some(item) = &found.item else {
            return Ok(None);
        };
        let row = Row { kind: KIND, item };
        let unreadable = |error: domain::codes::NotACode| Error::unreadable(KIND, error);
        Ok(Some(Campaign {
            purpose: row.text("purpose")?.parse().map_err(unreadable)?,
            message_type: row.text("message_type")?.to_owned(),
            brand: row.text("brand")?.parse().map_err(unreadable)?,
        }))
    }

    /// Count recipients in a cell, each once.
    pub async fn count(
        &self,
        id: &CampaignId,
        cell: &Cell,
        marks: &BTreeSet<Mark>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let marks: Vec<&Mark> = marks.iter().collect();
        for marks in marks.chunks(MARKS_MAX) {
            self.count_all(id, cell, marks.to_vec(), now).await?;
        }
        Ok(())
    }

    /// Marks and counter in one transaction; those who are marked already are left out of the next try.
    async fn count_all(
        &self,
        id: &CampaignId,
        cell: &Cell,
        mut marks: Vec<&Mark>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut shard = marks.first().map_or(0, |mark| shard_of(mark));
        for _ in 0..TRIES_MAX {
            if marks.is_empty() {
                return Ok(());
            }
            let writes = self.writes(id, cell, shard, &marks, now)?;
            let written = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let error = match written {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
                error.as_service_error()
            else {
                return Err(error.into());
            };
            let marked = |place: usize| {
                let reason = canceled.cancellation_reasons().get(place);
                reason.is_some_and(|reason| reason.code() == Some("ConditionalCheckFailed"))
            };
            marks = (0..)
                .zip(marks)
                .filter(|(place, _)| !marked(*place))
                .map(|(_, mark)| mark)
                .collect();
            shard = (shard + 1) % SHARDS;
        }
        Err(Error::Stale)
    }

    fn writes(
        &self,
        id: &CampaignId,
        cell: &Cell,
        shard: u32,
        marks: &[&Mark],
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let expires_at = now
            .saturating_add(MARK_KEPT)
            .unwrap_or(Timestamp::MAX)
            .as_second();
        let mut writes = Vec::new();
        for Mark(mark) in marks {
            let mut item = keys::counted(id, mark);
            item.insert("expires_at".to_owned(), number(expires_at));
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(pk)")
                .build()?;
            writes.push(TransactWriteItem::builder().put(put).build());
        }
        let add = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::key(keys::counts(id, shard), cell)))
            .update_expression("ADD recipients :more")
            .expression_attribute_values(":more", number(marks.len()))
            .build()?;
        writes.push(TransactWriteItem::builder().update(add).build());
        Ok(writes)
    }

    /// How many recipients each cell has. A report that is being counted may be missing.
    pub async fn counts(&self, id: &CampaignId) -> Result<BTreeMap<Cell, u64>, Error> {
        let mut counts = BTreeMap::new();
        for shard in 0..SHARDS {
            let mut pages = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", text(keys::counts(id, shard)))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                for item in page?.items() {
                    let row = Row { kind: KIND, item };
                    let cell: Cell = row
                        .text("sk")?
                        .parse()
                        .map_err(|error| Error::unreadable(KIND, error))?;
                    *counts.entry(cell).or_default() += row.number::<u64>("recipients")?;
                }
            }
        }
        Ok(counts)
    }
}

fn shard_of(Mark(mark): &Mark) -> u32 {
    u32::from(digest::sha256(&[mark.as_bytes()])[0]) % SHARDS
}
