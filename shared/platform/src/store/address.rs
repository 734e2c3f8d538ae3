//! The state of a data subject's e-mail address, without the address.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::address::{ADDRESS, Address};
use domain::subject::Subject;
use jiff::Timestamp;

use super::profile::FieldEdits;
use super::row::{Row, instant, text};
use super::{Error, Store, keys};

const KIND: &str = "the state of an address";

impl Store {
    /// Note how a mail fared that was sent and came to its end then. What is known from later stays, and what
    /// became of mail to a former address says nothing of this one.
    pub async fn note_address(
        &self,
        subject: &Subject,
        found: Address,
        sent_at: Timestamp,
        at: Timestamp,
    ) -> Result<(), Error> {
        let noted = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::address(subject)))
            .update_expression("SET finding = :found, found_at = :at")
            .condition_expression(
                "(attribute_not_exists(found_at) OR found_at < :at) \
                 AND (attribute_not_exists(since) OR since <= :sent)",
            )
            .expression_attribute_values(":found", text(found.as_str()))
            .expression_attribute_values(":at", instant(at))
            .expression_attribute_values(":sent", instant(sent_at))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match noted.map_err(Error::from) {
            Ok(_) => Ok(()),
            Err(Error::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Why mail to this subject is held back now; none where it is not. A hint to whoever sends, so an
    /// eventually consistent read is enough.
    pub async fn suppressed(&self, subject: &Subject, now: Timestamp) -> Result<Option<Address>, Error> {
        let stored = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::address(subject)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?
            .item;
        let row = stored.as_ref().map(|item| Row { kind: KIND, item });
        let Some(row) = row.filter(|row| row.has("finding")) else {
            return Ok(None);
        };
        let found: Address = row
            .text("finding")?
            .parse()
            .map_err(|error| Error::unreadable(KIND, error))?;
        let found_at = row.instant("found_at")?;
        Ok(Some(found).filter(|found| found.suppresses(found_at, now)))
    }

    /// The write that goes with a profile update which sets or empties the address: whatever was known of the
    /// former one is forgotten.
    pub(super) fn new_address(
        &self,
        subject: &Subject,
        edits: &[FieldEdits],
        at: Timestamp,
    ) -> Result<Option<TransactWriteItem>, Error> {
        let (category, field) = ADDRESS;
        let is_new = |edit: &FieldEdits| match edit {
            FieldEdits::Clear(cleared) => cleared.as_str() == category,
            FieldEdits::Write(written, fields) => written.as_str() == category && fields.contains_key(field),
        };
        if !edits.iter().any(is_new) {
            return Ok(None);
        }
        self.forget_address(subject, at).map(Some)
    }

    /// The write that forgets what was known of an address. From when on mail goes to another stays: what is
    /// reported of earlier mail says nothing.
    pub(super) fn forget_address(
        &self,
        subject: &Subject,
        at: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::address(subject)))
            .update_expression("SET since = :at REMOVE finding, found_at")
            .expression_attribute_values(":at", instant(at))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}
