//! How far each shard of what falls due has been swept, and what comes next in it.
//!
//! A mark is a place in the order of the due items and not just an instant: a million deliveries may end
//! with the same midnight, and a sweep that stops among them goes on from there.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use jiff::Timestamp;

use super::due::{DueItem, KEPT, KIND, day, due_of};
use super::row::{Row, text};
use super::{Error, Store, keys};

/// How many items are read at once: enough that their reading costs next to nothing, few enough that all
/// shards together fit a small function.
const PAGE_MAX: i32 = 500;

/// A place in the order of what falls due: everything up to it has been looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(String);

/// What falls due next in a shard.
#[derive(Debug, Clone)]
pub struct Due {
    /// In order, each with the place before it.
    pub items: Vec<(Mark, DueItem)>,
    /// The place after all of them.
    pub reached: Mark,
}

/// What became of moving a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    Here,
    /// Another sweep moved it in between, and so is at work in this shard.
    ByAnother,
}

impl Mark {
    /// After everything that falls due up to and at an instant: `$` comes after the `#` of an item's key.
    pub fn after(at: Timestamp) -> Self {
        Self(format!("{:015}$", at.as_millisecond()))
    }

    /// Before everything that falls due on the next day.
    fn after_day_of(at: Timestamp) -> Self {
        let next = day(at)
            .tomorrow()
            .and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC));
        next.map_or(Self::after(Timestamp::MAX), |next| {
            Self(format!("{:015}", next.timestamp().as_millisecond()))
        })
    }

    /// Where a shard begins that was never swept: nothing that is older is kept.
    pub fn first(now: Timestamp) -> Self {
        Self::after(now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN))
    }

    /// The instant that it stands at.
    pub fn at(&self) -> Timestamp {
        let ms = self
            .0
            .get(..15)
            .and_then(|ms| ms.parse().ok())
            .unwrap_or_default();
        Timestamp::from_millisecond(ms).unwrap_or_default()
    }
}

impl Store {
    /// How far each shard has been swept, in one read; nothing for a shard that never was. An older mark than
    /// the newest does no harm, so the cheaper read will do.
    pub async fn marks(&self) -> Result<BTreeMap<u32, Mark>, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::marks()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let item = found.item.unwrap_or_default();
        let row = Row {
            kind: "marks",
            item: &item,
        };
        let mark = |name: &String| {
            let shard = name.strip_prefix("shard_")?.parse().ok()?;
            Some((shard, Mark(row.text_of(name)?.to_owned())))
        };
        Ok(item.keys().filter_map(mark).collect())
    }

    /// Move the mark of a shard from where it was read, unless another sweep has moved it since.
    pub async fn move_mark(&self, shard: u32, from: Option<&Mark>, to: &Mark) -> Result<Moved, Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::marks()))
            .update_expression("SET #shard = :to")
            .expression_attribute_names("#shard", format!("shard_{shard:02}"))
            .expression_attribute_values(":to", text(&to.0))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let update = match from {
            Some(from) => update
                .condition_expression("#shard = :from")
                .expression_attribute_values(":from", text(&from.0)),
            None => update.condition_expression("attribute_not_exists(#shard)"),
        };
        match update.send().await.map_err(Error::from) {
            Ok(_) => Ok(Moved::Here),
            Err(Error::Stale) => Ok(Moved::ByAnother),
            Err(error) => Err(error),
        }
    }

    /// What falls due in a shard after a place and up to an instant: one page of one day, which may be empty.
    pub async fn due(&self, shard: u32, after: &Mark, until: Timestamp) -> Result<Due, Error> {
        let bucket = day(after.at());
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :after AND :until")
            .expression_attribute_values(":pk", text(keys::due(bucket, shard)))
            .expression_attribute_values(":after", text(&after.0))
            .expression_attribute_values(":until", text(Mark::after(until).0))
            .limit(PAGE_MAX)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let mut items = Vec::new();
        for item in page.items() {
            let row = Row { kind: KIND, item };
            items.push((Mark(row.text("sk")?.to_owned()), due_of(&row)?));
        }
        let reached = if page.last_evaluated_key.is_some()
            && let Some((Mark(last), _)) = items.last()
        {
            Mark(format!("{last}$"))
        } else if bucket < day(until) {
            Mark::after_day_of(after.at())
        } else {
            Mark::after(until)
        };
        Ok(Due { items, reached })
    }
}
