//! What a data subject did with e-mails, as content of the profile: for each field, the last interaction with
//! each campaign. It is tracking that writes it and no act, for a click is no step of a consent.
//!
//! The last one wins whatever order they come in, so the same event twice changes nothing.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::codes::{CampaignId, Category, Field, Target};
use domain::record::Record;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::profile::FIELD;
use super::row::{Row, number, text};
use super::{Error, Store, keys};
use crate::wire::{Instant, Word};

/// As many campaigns as a field remembers; the oldest go first.
const CAMPAIGNS_MAX: usize = 100;
const KIND: &str = "tracking content";

/// One interaction that is kept for the person.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    pub field: Field,
    pub campaign: CampaignId,
    pub target: Option<Target>,
    pub at: Timestamp,
    /// When its retention ends.
    pub until: Timestamp,
}

/// The last interaction with a campaign, as content tells it: add names, never rename them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Last {
    campaign: Word<CampaignId>,
    at: Word<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Word<Target>>,
    until: Word<Instant>,
}

crate::unprintable::unprintable!(Seen, Last);

impl Store {
    /// Keep interactions, unless the record has changed since it was read, or another report about the same
    /// subject came in between ([`Error::Stale`]): nothing is stored against a withdrawal that was faster.
    pub async fn keep(
        &self,
        record: &Record,
        category: &Category,
        seen: &[Seen],
        now: Timestamp,
    ) -> Result<(), Error> {
        let subject = &record.subject;
        let stored = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::profile(subject, category)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?
            .item
            .unwrap_or_default();
        let row = Row {
            kind: KIND,
            item: &stored,
        };
        let changed = changed(&row, seen, now)?;
        if changed.is_empty() {
            return Ok(());
        }
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::profile(subject, category)))
            .expression_attribute_values(":one", number(1));
        update = if row.has("revision") {
            update
                .condition_expression("revision = :before")
                .expression_attribute_values(":before", number(row.number::<u64>("revision")?))
        } else {
            update.condition_expression("attribute_not_exists(revision)")
        };
        let mut set = Vec::new();
        for (place, (field, last)) in changed.iter().enumerate() {
            let json = serde_json::to_string(last).map_err(|error| Error::unreadable(KIND, error))?;
            set.push(format!("#{place} = :{place}"));
            update = update
                .expression_attribute_names(format!("#{place}"), format!("{FIELD}{field}"))
                .expression_attribute_values(format!(":{place}"), text(json));
        }
        // The item goes by itself when nobody adds to it any more; until then each write drops what is over.
        let last = seen.iter().map(|seen| seen.until.as_second()).max();
        let before = if row.has("expires_at") {
            row.number("expires_at")?
        } else {
            i64::MIN
        };
        set.push("expires_at = :until".to_owned());
        update = update
            .expression_attribute_values(":until", number(last.unwrap_or(before).max(before)))
            .update_expression(format!("SET {} ADD revision :one", set.join(", ")));

        let unchanged = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(keys::act(subject, record.version + 1)))
            .condition_expression("attribute_not_exists(pk)")
            .build()?;
        let written = self
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().condition_check(unchanged).build())
            .transact_items(TransactWriteItem::builder().update(update.build()?).build())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match written {
            Ok(_) => Ok(()),
            // A condition, or a conflict with a concurrent write: somebody was faster.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(TransactWriteItemsError::is_transaction_canceled_exception) =>
            {
                Err(Error::Stale)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The fields that are not as they are stored once these interactions are in.
fn changed(row: &Row<'_>, seen: &[Seen], now: Timestamp) -> Result<BTreeMap<Field, Vec<Last>>, Error> {
    let mut before = BTreeMap::new();
    for field in seen.iter().map(|seen| &seen.field) {
        let name = format!("{FIELD}{field}");
        let list: Vec<Last> = match row.item.get(&name).and_then(|value| value.as_s().ok()) {
            Some(json) => serde_json::from_str(json).map_err(|error| Error::unreadable(KIND, error))?,
            None => Vec::new(),
        };
        before.insert(field.clone(), list);
    }
    let mut after = before.clone();
    for seen in seen {
        if let Some(list) = after.get_mut(&seen.field) {
            remember(list, seen);
        }
    }
    for list in after.values_mut() {
        list.retain(|last| last.until.0.0 > now);
        list.truncate(CAMPAIGNS_MAX);
    }
    after.retain(|field, list| before.get(field) != Some(list));
    Ok(after)
}

/// The newest first; of the same instant, the one whose code is greater, so that the order of arrival is
/// nothing.
fn remember(list: &mut Vec<Last>, seen: &Seen) {
    let new = Last {
        campaign: Word(seen.campaign.clone()),
        at: Word(Instant(seen.at)),
        target: seen.target.clone().map(Word),
        until: Word(Instant(seen.until)),
    };
    let rank = |last: &Last| (last.at.0.0, last.target.clone(), last.campaign.clone());
    match list.iter_mut().find(|last| last.campaign == new.campaign) {
        Some(last) if rank(last) < rank(&new) => *last = new,
        Some(_) => {}
        None => list.push(new),
    }
    list.sort_by_key(|last| std::cmp::Reverse(rank(last)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(campaign: usize, minute: i64) -> Seen {
        let at = Timestamp::from_second(60 * minute).unwrap();
        Seen {
            field: "receipt".parse().unwrap(),
            campaign: format!("c{campaign}").parse().unwrap(),
            target: None,
            at,
            until: Timestamp::MAX,
        }
    }

    #[test]
    fn the_last_of_each_campaign_stays_whatever_order_they_come_in() {
        let (mut forth, mut back) = (Vec::new(), Vec::new());
        let all = [seen(1, 5), seen(2, 3), seen(1, 9), seen(1, 7)];
        all.iter().for_each(|seen| remember(&mut forth, seen));
        all.iter().rev().for_each(|seen| remember(&mut back, seen));

        assert_eq!(forth, back);
        let left: Vec<_> = forth.iter().map(|last| last.at.0.0.as_second() / 60).collect();
        assert_eq!(left, [9, 3]);
    }

    #[test]
    fn a_field_forgets_the_oldest_campaign_and_what_is_over() {
        let empty = Default::default();
        let row = Row {
            kind: KIND,
            item: &empty,
        };
        let mut many: Vec<_> = (0..=CAMPAIGNS_MAX)
            .map(|place| seen(place, place as i64))
            .collect();
        many[50].until = Timestamp::UNIX_EPOCH;

        let after = changed(&row, &many, Timestamp::UNIX_EPOCH).unwrap();
        let list = &after[&many[0].field];
        assert_eq!(list.len(), CAMPAIGNS_MAX);
        assert!(list.iter().all(|last| last.campaign.0.as_str() != "c50"));
        many.push(seen(CAMPAIGNS_MAX + 1, 1_000));
        let after = changed(&row, &many, Timestamp::UNIX_EPOCH).unwrap();
        assert!(
            after[&many[0].field]
                .iter()
                .all(|last| last.campaign.0.as_str() != "c0")
        );
    }
}
