//! What a data subject did with e-mails, as content of the profile: for each field, the last interaction with
//! each campaign. It is tracking that writes it and no act, for a click is no step of a consent.
//!
//! The last one wins whatever order they come in, so the same event twice changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{ConditionCheck, Delete, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::codes::{CampaignId, Category, Field, Target};
use domain::record::Record;
use domain::subject::Subject;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::due::{DueItem, Wake};
use super::profile::FIELD;
use super::row::{Row, instant, number, text};
use super::{Error, Store, keys};
use crate::wire::{Instant, Word};

/// As many campaigns as a field remembers; the oldest go first.
const CAMPAIGNS_MAX: usize = 100;
const KIND: &str = "tracking content";
/// How often it was written.
const REVISION: &str = "revision";
/// When it is noted to be looked at, because some of it is over.
const LOOK_AT: &str = "look_at";

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

/// Everything that is tracked in a category: the last interaction with each campaign, field by field.
type Tracked = BTreeMap<Field, Vec<Last>>;

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
        let Some(write) = self.rewrite(subject, category, seen, now).await? else {
            return Ok(());
        };
        let unchanged = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(keys::act(subject, record.version + 1)))
            .condition_expression("attribute_not_exists(pk)")
            .build()?;
        let unchanged = TransactWriteItem::builder().condition_check(unchanged).build();
        self.transact(vec![unchanged, write]).await
    }

    /// Forget the interactions that were kept as long as they may be, unless a report came in between
    /// ([`Error::Stale`]).
    pub async fn forget_what_is_over(
        &self,
        subject: &Subject,
        category: &Category,
        now: Timestamp,
    ) -> Result<(), Error> {
        match self.rewrite(subject, category, &[], now).await? {
            Some(write) => self.transact(vec![write]).await,
            None => Ok(()),
        }
    }

    /// Forget all of it: the consent to it has ended.
    pub async fn forget_interactions(&self, subject: &Subject, category: &Category) -> Result<(), Error> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(keys::profile(subject, category)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }

    /// The write after which these interactions are in, and whatever is over is out; none where nothing is to be
    /// written. When the next of them will be over is noted before.
    async fn rewrite(
        &self,
        subject: &Subject,
        category: &Category,
        seen: &[Seen],
        now: Timestamp,
    ) -> Result<Option<TransactWriteItem>, Error> {
        let key = keys::profile(subject, category);
        let stored = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.clone()))
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
        let before = tracked(&row)?;
        let after = remembered(before.clone(), seen, now);
        let Some(next) = after.values().flatten().map(|last| last.until.0.0).min() else {
            return if before.is_empty() {
                Ok(None)
            } else {
                self.deleted(key, &row).map(Some)
            };
        };
        let noted = row.has(LOOK_AT).then(|| row.instant(LOOK_AT)).transpose()?;
        let noted = noted.filter(|noted| now < *noted && *noted <= next);
        if after == before && noted.is_some() {
            return Ok(None);
        }
        if noted.is_none() {
            let (subject, wake) = (subject.clone(), Wake::Tracked);
            let at = next;
            self.put_due(&DueItem { at, subject, wake }, now).await?;
        }
        self.updated(key, &row, (&before, &after), noted.unwrap_or(next))
            .map(Some)
    }

    /// The fields that are not as they were are written, unless somebody else writes first.
    fn updated(
        &self,
        key: keys::Key,
        row: &Row<'_>,
        (before, after): (&Tracked, &Tracked),
        look_at: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":look", instant(look_at));
        update = if row.has(REVISION) {
            update
                .condition_expression("revision = :before")
                .expression_attribute_values(":before", number(row.number::<u64>(REVISION)?))
        } else {
            update.condition_expression("attribute_not_exists(revision)")
        };
        let (mut set, mut remove) = (vec![format!("{LOOK_AT} = :look")], Vec::new());
        let fields: BTreeSet<&Field> = before.keys().chain(after.keys()).collect();
        let changed = fields
            .into_iter()
            .filter(|field| before.get(*field) != after.get(*field));
        for (place, field) in changed.enumerate() {
            update = update.expression_attribute_names(format!("#{place}"), format!("{FIELD}{field}"));
            match after.get(field) {
                Some(list) => {
                    let json = serde_json::to_string(list).map_err(|error| Error::unreadable(KIND, error))?;
                    set.push(format!("#{place} = :{place}"));
                    update = update.expression_attribute_values(format!(":{place}"), text(json));
                }
                None => remove.push(format!("#{place}")),
            }
        }
        let mut expression = format!("SET {} ADD {REVISION} :one", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        let update = update.update_expression(expression).build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Nothing is left of it, unless somebody else writes first.
    fn deleted(&self, key: keys::Key, row: &Row<'_>) -> Result<TransactWriteItem, Error> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key))
            .condition_expression("revision = :before")
            .expression_attribute_values(":before", number(row.number::<u64>(REVISION)?))
            .build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<(), Error> {
        self.client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }
}

/// What is stored.
fn tracked(row: &Row<'_>) -> Result<Tracked, Error> {
    let mut tracked = Tracked::new();
    for name in row.item.keys() {
        if let Some(field) = name.strip_prefix(FIELD)
            && let Some(json) = row.text_of(name)
        {
            let field = field.parse().map_err(|error| Error::unreadable(KIND, error))?;
            let list = serde_json::from_str(json).map_err(|error| Error::unreadable(KIND, error))?;
            tracked.insert(field, list);
        }
    }
    Ok(tracked)
}

/// What is to be stored once these interactions are in. Whatever is over goes, of every field.
fn remembered(mut tracked: Tracked, seen: &[Seen], now: Timestamp) -> Tracked {
    for seen in seen {
        remember(tracked.entry(seen.field.clone()).or_default(), seen);
    }
    for list in tracked.values_mut() {
        list.retain(|last| last.until.0.0 > now);
        list.truncate(CAMPAIGNS_MAX);
    }
    tracked.retain(|_, list| !list.is_empty());
    tracked
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
        let mut many: Vec<_> = (0..=CAMPAIGNS_MAX)
            .map(|place| seen(place, place as i64))
            .collect();
        many[50].until = Timestamp::UNIX_EPOCH;

        let after = remembered(Tracked::new(), &many, Timestamp::UNIX_EPOCH);
        let list = &after[&many[0].field];
        assert_eq!(list.len(), CAMPAIGNS_MAX);
        assert!(list.iter().all(|last| last.campaign.0.as_str() != "c50"));
        many.push(seen(CAMPAIGNS_MAX + 1, 1_000));
        let after = remembered(Tracked::new(), &many, Timestamp::UNIX_EPOCH);
        assert!(
            after[&many[0].field]
                .iter()
                .all(|last| last.campaign.0.as_str() != "c0")
        );
    }
}
