//! The one scan: every subject that there is, for an operator's commands and never for a function.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keys::StreamKey;
use super::row::{Row, instant, text};
use super::{Error, Store, keys};

const KIND: &str = "an act or a recipient";

/// A place in the order of the table's items. It names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pk: String,
    sk: String,
}

/// Some of what there is.
#[derive(Debug, Clone)]
pub struct Scanned {
    /// The subjects, by their first acts; and the recipients that were asked for.
    pub found: Vec<StreamKey>,
    /// How many items of the table were looked at to find them.
    pub items: usize,
    /// Where the next ones are; nothing at the end.
    pub next: Option<Place>,
}

impl Store {
    /// How many items the table has: DynamoDB counts them every six hours.
    pub async fn items_about(&self) -> Result<u64, Error> {
        let told = self
            .client
            .describe_table()
            .table_name(&self.table)
            .send()
            .await?;
        let items = told.table.and_then(|table| table.item_count).unwrap_or_default();
        Ok(items.max(0).unsigned_abs())
    }

    /// The subjects among the next items of the table: whoever has a first act, once. With them the
    /// recipients that changed since an instant, or that everyone was to be looked at again for.
    pub async fn scan(
        &self,
        after: Option<&Place>,
        recipients_since: Timestamp,
        items_max: i32,
    ) -> Result<Scanned, Error> {
        let after = after.map(|place| keys::key(&place.pk, &place.sk));
        let page = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression(
                "(begins_with(pk, :chain) AND sk = :first) \
                 OR ((begins_with(pk, :recipient) OR begins_with(pk, :again)) AND sk = :now AND #at >= :since)",
            )
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":chain", text(keys::CHAIN))
            .expression_attribute_values(":first", text(keys::version(1)))
            .expression_attribute_values(":recipient", text(keys::RECIPIENT))
            .expression_attribute_values(":now", text(keys::NOW))
            .expression_attribute_values(":again", text(keys::AGAIN))
            .expression_attribute_values(":since", instant(recipients_since))
            .projection_expression("pk, sk")
            .limit(items_max)
            .set_exclusive_start_key(after)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let mut found = Vec::new();
        for item in page.items() {
            let row = Row { kind: KIND, item };
            let key = keys::stream_key(row.text("pk")?, row.text("sk")?);
            found.push(key.ok_or_else(|| Error::unreadable(KIND, "no key of ours"))?);
        }
        let text = |key: &AttributeValue| key.as_s().cloned().unwrap_or_default();
        let place = |key: keys::Key| {
            Some(Place {
                pk: text(key.get("pk")?),
                sk: text(key.get("sk")?),
            })
        };
        Ok(Scanned {
            found,
            items: usize::try_from(page.scanned_count).unwrap_or_default(),
            next: page.last_evaluated_key.and_then(place),
        })
    }
}
