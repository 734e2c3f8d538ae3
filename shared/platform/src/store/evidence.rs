//! Evidence that identifies: an item beside the chain that can be erased. The chain holds its salted hash, which
//! proves what it was to whoever still has it, and gives nobody anything to guess at.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::act::Version;
use domain::subject::Subject;

use super::row::{Item, Row, text};
use super::{Error, Store, keys};
use crate::digest;

const KIND: &str = "evidence";

/// The item that holds the evidence of an act, and the hash that the act holds of it.
pub(super) fn seal(subject: &Subject, act: Version, evidence: &str) -> Result<(Item, String), Error> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| Error::Unavailable(error.to_string().into()))?;
    let mut item = keys::evidence(subject, act);
    item.insert("salt".to_owned(), AttributeValue::B(Blob::new(salt)));
    item.insert("evidence".to_owned(), text(evidence));
    let hash = digest::sha256(&[&salt, evidence.as_bytes()]);
    Ok((item, digest::text(&hash)))
}

impl Store {
    /// The contact that a grant came with, for asking to confirm it; none once it is gone.
    pub async fn contact(
        &self,
        subject: &Subject,
        grant: Version,
    ) -> Result<Option<serde_json::Value>, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::evidence(subject, grant)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let Some(item) = found.item else { return Ok(None) };
        let evidence: serde_json::Value = serde_json::from_str(
            Row {
                kind: KIND,
                item: &item,
            }
            .text("evidence")?,
        )
        .map_err(|error| Error::unreadable(KIND, error))?;
        Ok(evidence.get("contact").cloned())
    }

    /// The keys of the evidence of the acts before this version, so many at the most.
    pub(super) async fn evidence(
        &self,
        subject: &Subject,
        before: Version,
        at_most: usize,
    ) -> Result<Vec<keys::Key>, Error> {
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":pk", text(keys::evidences(subject)))
            .expression_attribute_values(":before", text(keys::version(before)))
            .projection_expression("sk")
            .limit(i32::try_from(at_most).unwrap_or(i32::MAX))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let key = |item| {
            let row = Row { kind: KIND, item };
            Ok(keys::key(keys::evidences(subject), row.text("sk")?))
        };
        found.items().iter().map(key).collect()
    }
}
