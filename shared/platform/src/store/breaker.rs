//! How the deliveries to a recipient fare: whether it may be asked now, and what it owes.
//!
//! After a row of failures the breaker is open: one probe a minute goes out, everything else waits in the
//! ledger. The first success closes it, and everyone whom the recipient concerns is looked at again.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::codes::RecipientId;
use jiff::{SignedDuration, Timestamp};

use super::row::{Item, Row, instant, number};
use super::{Error, Store, keys};

const KIND: &str = "a breaker";
/// So many failures in a row open it.
const FAILURES_MAX: u32 = 5;
const PROBE_EVERY: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row, whomever they were about.
    pub failures: u32,
    /// The recipient said that it is gone: nothing is sent until it is registered anew or asked for.
    pub disabled: bool,
    /// Subjects whose loss it has not confirmed by the deadline.
    pub overdue: i64,
}

impl Breaker {
    pub fn is_open(&self) -> bool {
        self.failures >= FAILURES_MAX
    }
}

impl Store {
    /// One more delivery failed.
    pub async fn note_failure(&self, recipient: &RecipientId, disabled: bool) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::breaker(recipient)))
            .expression_attribute_values(":one", number(1))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let update = if disabled {
            update
                .update_expression("SET disabled = :yes ADD failures :one")
                .expression_attribute_values(":yes", AttributeValue::Bool(true))
        } else {
            update.update_expression("ADD failures :one")
        };
        update.send().await?;
        Ok(())
    }

    /// A delivery succeeded after failures. If the breaker was open, everything that waited goes out now.
    pub async fn note_success(
        &self,
        recipient: &RecipientId,
        before: Breaker,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.close(recipient).await?;
        if before.is_open() {
            self.look_again(recipient, now).await
        } else {
            Ok(())
        }
    }

    /// Forget the failures, and that the recipient was gone.
    pub async fn close(&self, recipient: &RecipientId) -> Result<(), Error> {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::breaker(recipient)))
            .update_expression("SET failures = :none REMOVE disabled, probed_at")
            .expression_attribute_values(":none", number(0))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }

    /// While the breaker is open: whether this delivery may be the probe of the minute.
    pub async fn may_probe(&self, recipient: &RecipientId, now: Timestamp) -> Result<bool, Error> {
        let before = now.saturating_sub(PROBE_EVERY).unwrap_or(Timestamp::MIN);
        self.first_to(
            recipient,
            "SET probed_at = :now",
            "attribute_not_exists(probed_at) OR probed_at <= :before",
            [(":now", instant(now)), (":before", instant(before))],
        )
        .await
    }

    /// Whether a recipient with a limit may be sent one more this minute; counts it.
    pub async fn within_rate(
        &self,
        recipient: &RecipientId,
        per_minute: u32,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let minute = number(now.as_second().div_euclid(60));
        let same = [
            (":minute", minute.clone()),
            (":one", number(1)),
            (":max", number(per_minute)),
        ];
        let counted = self
            .first_to(
                recipient,
                "ADD sent :one",
                "rate_minute = :minute AND sent < :max",
                same,
            )
            .await?;
        if counted {
            return Ok(true);
        }
        let new = "attribute_not_exists(rate_minute) OR rate_minute < :minute";
        let values = [(":minute", minute), (":one", number(1))];
        self.first_to(recipient, "SET rate_minute = :minute, sent = :one", new, values)
            .await
    }

    /// Have everyone whom a recipient concerns looked at again: the table's stream tells of this item.
    pub async fn look_again(&self, recipient: &RecipientId, now: Timestamp) -> Result<(), Error> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(look_again(recipient, now)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }

    /// A conditional update of the breaker: whether this caller was the one to make it.
    async fn first_to<const N: usize>(
        &self,
        recipient: &RecipientId,
        update: &str,
        condition: &str,
        values: [(&str, AttributeValue); N],
    ) -> Result<bool, Error> {
        let mut updating = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::breaker(recipient)))
            .update_expression(update)
            .condition_expression(condition)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for (name, value) in values {
            updating = updating.expression_attribute_values(name, value);
        }
        match updating.send().await.map_err(Error::from) {
            Ok(_) => Ok(true),
            Err(Error::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The item that tells of it.
pub(super) fn look_again(recipient: &RecipientId, now: Timestamp) -> Item {
    let mut item = keys::again(recipient);
    item.insert("at".to_owned(), instant(now));
    item
}

pub(super) fn breaker_of(item: &Item) -> Result<Breaker, Error> {
    let row = Row { kind: KIND, item };
    Ok(Breaker {
        failures: if row.has("failures") {
            row.number("failures")?
        } else {
            0
        },
        disabled: row.has("disabled"),
        overdue: if row.has("overdue") {
            row.number("overdue")?
        } else {
            0
        },
    })
}
