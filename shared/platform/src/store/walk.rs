//! The one scan: every subject that there is, for a command and never for a function.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::subject::Subject;
use serde::{Deserialize, Serialize};

use super::row::{Row, text};
use super::{Error, Store, keys};

/// A place in the order of the table's items. It names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pk: String,
    sk: String,
}

/// Some of the subjects.
#[derive(Debug, Clone)]
pub struct Subjects {
    pub subjects: Vec<Subject>,
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

    /// The subjects among the next items of the table: whoever has a first act, once.
    pub async fn subjects(&self, after: Option<&Place>, items_max: i32) -> Result<Subjects, Error> {
        let after = after.map(|place| keys::key(&place.pk, &place.sk));
        let page = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression("begins_with(pk, :chain) AND sk = :first")
            .expression_attribute_values(":chain", text(keys::CHAIN))
            .expression_attribute_values(":first", text(keys::version(1)))
            .projection_expression("pk")
            .limit(items_max)
            .set_exclusive_start_key(after)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let mut subjects = Vec::new();
        for item in page.items() {
            let row = Row { kind: "an act", item };
            let subject = row.text("pk")?.strip_prefix(keys::CHAIN).unwrap_or_default();
            subjects.push(
                subject
                    .parse()
                    .map_err(|error| Error::unreadable("an act", error))?,
            );
        }
        let text = |key: &AttributeValue| key.as_s().cloned().unwrap_or_default();
        let place = |key: keys::Key| {
            Some(Place {
                pk: text(key.get("pk")?),
                sk: text(key.get("sk")?),
            })
        };
        Ok(Subjects {
            subjects,
            items: usize::try_from(page.scanned_count).unwrap_or_default(),
            next: page.last_evaluated_key.and_then(place),
        })
    }
}
