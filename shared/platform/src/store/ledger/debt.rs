//! What a recipient has not confirmed by its deadline: marked in the entry, and counted where every delivery to
//! that recipient looks, both in one write.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::codes::RecipientId;
use domain::subject::Subject;
use jiff::Timestamp;

use super::{Claim, Entry, Store};
use crate::digest;
use crate::store::breaker::look_again;
use crate::store::row::{instant, number};
use crate::store::{Error, keys};

/// How long to step aside for others who count for the same recipient, each time. Most of them are through by
/// the end.
const STEP_ASIDE_MS: [u64; 6] = [20, 40, 80, 160, 320, 640];

/// What became of a transaction.
enum Together {
    Written,
    /// The condition of one of them did not hold, the first being 0; nothing was written.
    Refused(usize),
}

impl Store {
    /// The recipient has not confirmed a loss by its deadline: it counts against the recipient, once. Not while
    /// a delivery is under way, or was since the entry was read: that one may settle it. Says whether it was
    /// marked.
    pub async fn mark_overdue(
        &self,
        subject: &Subject,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mark = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::entry(subject, &entry.recipient)))
            .update_expression("SET overdue_at = :now")
            .expression_attribute_values(":read", number(entry.claims))
            .expression_attribute_values(":now", instant(now));
        // A claim moves the count of claims, and an acknowledgement ends the lease.
        let mark = match entry.lease_until {
            Some(until) if now < until => return Ok(false),
            Some(until) => mark
                .condition_expression(
                    "attribute_not_exists(overdue_at) AND claims = :read AND lease_until = :lease",
                )
                .expression_attribute_values(":lease", instant(until)),
            None => mark.condition_expression("attribute_not_exists(overdue_at) AND claims = :read"),
        };
        let count = self
            .on_breaker(&entry.recipient)
            .update_expression("ADD overdue :one");
        let writes = vec![update(mark)?, update(count)?];
        match self.together(subject, &writes).await? {
            Together::Written => Ok(true),
            Together::Refused(_) => Ok(false),
        }
    }

    /// An overdue entry was settled: it no longer counts against the recipient. With the last of them, everyone
    /// whom the recipient concerns is looked at again for what was held back; before, that would be in vain.
    /// All in one write: cut off in between, nobody would look.
    pub(super) async fn catch_up(&self, claim: &Claim, now: Timestamp) -> Result<(), Error> {
        let recipient = &claim.entry.recipient;
        let settled = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::entry(&claim.subject, recipient)))
            .update_expression("REMOVE overdue_at")
            .condition_expression("claims = :mine AND attribute_exists(overdue_at)")
            .expression_attribute_values(":mine", number(claim.entry.claims));
        let settled = update(settled)?;
        let one_less = self
            .on_breaker(recipient)
            .update_expression("ADD overdue :less")
            .condition_expression("overdue > :one")
            .expression_attribute_values(":less", number(-1));
        let none_left = self
            .on_breaker(recipient)
            .update_expression("SET overdue = :none")
            .condition_expression("NOT (overdue > :one)")
            .expression_attribute_values(":none", number(0));
        let look_again = Put::builder()
            .table_name(&self.table)
            .set_item(Some(look_again(recipient, now)));
        let look_again = TransactWriteItem::builder().put(look_again.build()?).build();

        let not_the_last = [settled.clone(), update(one_less)?];
        let the_last = [settled, update(none_left)?, look_again];
        // Which of the two it is may change until it is written, but not often.
        for writes in [not_the_last.as_slice(), &the_last].repeat(2) {
            match self.together(&claim.subject, writes).await? {
                Together::Written => return Ok(()),
                // Another claim has the entry: it is that one's to settle.
                Together::Refused(0) => return Ok(()),
                Together::Refused(_) => {}
            }
        }
        Err(Error::Stale)
    }

    fn on_breaker(&self, recipient: &RecipientId) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::breaker(recipient)))
            .expression_attribute_values(":one", number(1))
    }

    /// All or none. Those who count for the same recipient are in each other's way, and step aside for a moment;
    /// [`Error::Stale`] if that was in vain.
    async fn together(&self, subject: &Subject, writes: &[TransactWriteItem]) -> Result<Together, Error> {
        for pause_ms in STEP_ASIDE_MS {
            match self.together_once(writes).await {
                Err(Error::Stale) => tokio::time::sleep(spread(subject, pause_ms)).await,
                written => return written,
            }
        }
        self.together_once(writes).await
    }

    async fn together_once(&self, writes: &[TransactWriteItem]) -> Result<Together, Error> {
        let written = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes.to_vec()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let Err(error) = written else {
            return Ok(Together::Written);
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                let mut reasons = canceled.cancellation_reasons().iter();
                let refused = reasons.position(|reason| reason.code() == Some("ConditionalCheckFailed"));
                refused.map(Together::Refused).ok_or_else(|| error.into())
            }
            Some(_) | None => Err(error.into()),
        }
    }
}

fn update(update: UpdateBuilder) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder().update(update.build()?).build())
}

/// Up to twice as long, so that those who met do not meet again.
fn spread(subject: &Subject, pause_ms: u64) -> Duration {
    let lot = digest::sha256(&[subject.as_str().as_bytes()])[0];
    Duration::from_millis(pause_ms + pause_ms * u64::from(lot) / 256)
}
