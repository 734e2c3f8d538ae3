//! How the deliveries to a recipient fare: whether it may be asked now, and what it owes.
//!
//! After a row of failures the breaker is open, and so it is as soon as a recipient says that it is too much for
//! it: one probe a minute goes out, everything else waits. Whoever finds it in trouble asks again a minute later,
//! unless another has asked by then. The first success closes it. After a row of failures everyone whom the recipient
//! concerns is then looked at again; the few that a short pause has kept waiting come back by themselves.

use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnConsumedCapacity, ReturnValue, TransactWriteItem, Update,
};
use domain::codes::RecipientId;
use jiff::{SignedDuration, Timestamp};

use super::ledger::Claim;
use super::row::{Item, Row, instant, number, text};
use super::together::{put, update};
use super::{Error, Store, keys};

const KIND: &str = "a breaker";
/// So many failures in a row open it.
const FAILURES_MAX: u32 = 5;
const CLOSE: &str = "SET failures = :none REMOVE disabled, probed_at";
/// The shortest pause, and how often a recipient in trouble is asked.
pub const PROBE_EVERY: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row, whomever they were about.
    pub failures: u32,
    /// When it may be asked next, while it is asked by probes alone.
    pub next_probe_at: Option<Timestamp>,
    /// The recipient said that it is gone: nothing is sent until it is registered anew or asked for.
    pub disabled: bool,
    /// Subjects whose loss it has not confirmed by the deadline.
    pub overdue: i64,
}

impl Breaker {
    /// Whether it failed so often that nobody knows when it will be back.
    pub fn is_down(&self) -> bool {
        self.failures >= FAILURES_MAX
    }

    /// Whether it is asked by probes alone.
    pub fn is_open(&self) -> bool {
        self.is_down() || self.next_probe_at.is_some()
    }

    pub fn is_probe_due(&self, now: Timestamp) -> bool {
        self.next_probe_at.is_none_or(|at| at <= now)
    }
}

/// What a failed delivery says of its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing yet.
    Once,
    /// It is too much for it; perhaps also for how long it wants to be left alone.
    TooMuch { retry_after: Option<SignedDuration> },
    /// It is gone for good.
    Gone,
}

/// When a recipient with a limit may be sent one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Now,
    /// In the minute that begins then.
    At(Timestamp),
}

impl Store {
    /// One more delivery failed; how the recipient fares now.
    pub async fn note_failure(
        &self,
        recipient: &RecipientId,
        failure: Failure,
        now: Timestamp,
    ) -> Result<Breaker, Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::breaker(recipient)))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let update = match failure {
            Failure::Once => update.update_expression("ADD failures :one"),
            // As if it had been probed a minute before it may be asked again. Whoever does not say for how long does
            // not shorten what another answer asked for.
            Failure::TooMuch { retry_after } => {
                let (pause, set) = match retry_after {
                    Some(asked) => (
                        asked.max(PROBE_EVERY),
                        "SET probed_at = :probed ADD failures :one",
                    ),
                    None => (
                        PROBE_EVERY,
                        "SET probed_at = if_not_exists(probed_at, :probed) ADD failures :one",
                    ),
                };
                let probed = now.saturating_add(pause - PROBE_EVERY).unwrap_or(Timestamp::MAX);
                update
                    .update_expression(set)
                    .expression_attribute_values(":probed", instant(probed))
            }
            Failure::Gone => update
                .update_expression("SET disabled = :yes ADD failures :one")
                .expression_attribute_values(":yes", AttributeValue::Bool(true)),
        };
        let updated = update.send().await?;
        breaker_of(&updated.attributes.unwrap_or_default())
    }

    /// The delivery succeeded. If the recipient was down, everything that waited goes out now: not as it was before
    /// the delivery, for others may have failed since. That says only whether there may be something to forget.
    pub async fn note_success(&self, claim: &Claim, before: Breaker, now: Timestamp) -> Result<(), Error> {
        if before.failures == 0 && !before.is_open() {
            return Ok(());
        }
        let recipient = &claim.entry.recipient;
        let few = self.update_if(
            recipient,
            CLOSE,
            "failures < :max",
            [(":none", number(0)), (":max", number(FAILURES_MAX))],
        );
        if few.await?.is_none() {
            self.reopen(recipient, claim.subject.as_str(), now).await?;
        }
        Ok(())
    }

    /// Forget the failures, and that the recipient was gone.
    pub async fn close(&self, recipient: &RecipientId) -> Result<(), Error> {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::breaker(recipient)))
            .update_expression(CLOSE)
            .expression_attribute_values(":none", number(0))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }

    /// The same, and have everyone whom the recipient concerns looked at again. All in one write: cut off in between,
    /// nobody would look, for nobody would find it in trouble.
    pub async fn reopen(&self, recipient: &RecipientId, whose: &str, now: Timestamp) -> Result<(), Error> {
        let close = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::breaker(recipient)))
            .update_expression(CLOSE)
            .expression_attribute_values(":none", number(0));
        let writes = [update(close)?, self.and_look_again(recipient, now)?];
        self.together(whose, &writes).await?;
        Ok(())
    }

    /// While the breaker is open: whether this delivery may be the probe of the minute. It may if it is already, for
    /// the answer to it may be lost, and then nobody would ask.
    pub async fn may_probe(&self, claim: &Claim, now: Timestamp) -> Result<bool, Error> {
        let before = now.saturating_sub(PROBE_EVERY).unwrap_or(Timestamp::MIN);
        let me = format!("{} {}", claim.subject, claim.entry.claims);
        let probing = self.update_if(
            &claim.entry.recipient,
            "SET probed_at = :now, prober = :me",
            "attribute_not_exists(probed_at) OR probed_at <= :before OR prober = :me",
            [
                (":now", instant(now)),
                (":before", instant(before)),
                (":me", text(me)),
            ],
        );
        Ok(probing.await?.is_some())
    }

    /// When a recipient with a limit may be sent one more: now, or in a minute to come.
    ///
    /// Everybody who asks is counted, within the limit and beyond. So whoever has to wait knows how many are to go
    /// first, and each minute those come back for whom there is room in it.
    pub async fn turn(
        &self,
        recipient: &RecipientId,
        per_minute: u32,
        now: Timestamp,
    ) -> Result<Turn, Error> {
        let minute = || (":minute", number(now.as_second().div_euclid(60)));
        let one = || (":one", number(1));
        for _ in 0..2 {
            // A host whose clock is behind counts in the minute of the others.
            let count = self.update_if(
                recipient,
                "ADD sent :one",
                "rate_minute >= :minute",
                [minute(), one()],
            );
            if let Some(counted) = count.await? {
                return turn_of(&counted, per_minute);
            }
            let begin = self.update_if(
                recipient,
                "SET rate_minute = :minute, sent = :one",
                "attribute_not_exists(rate_minute) OR rate_minute < :minute",
                [minute(), one()],
            );
            if begin.await?.is_some() {
                return Ok(Turn::Now);
            }
        }
        Err(Error::Stale)
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

    /// The same, together with other writes.
    pub(super) fn and_look_again(
        &self,
        recipient: &RecipientId,
        now: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        put(Put::builder()
            .table_name(&self.table)
            .set_item(Some(look_again(recipient, now))))
    }

    /// A conditional update of the breaker: what it came to, if its condition held.
    async fn update_if<const N: usize>(
        &self,
        recipient: &RecipientId,
        update: &str,
        condition: &str,
        values: [(&str, AttributeValue); N],
    ) -> Result<Option<Item>, Error> {
        let mut updating = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::breaker(recipient)))
            .update_expression(update)
            .condition_expression(condition)
            .return_values(ReturnValue::AllNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for (name, value) in values {
            updating = updating.expression_attribute_values(name, value);
        }
        match updating.send().await.map_err(Error::from) {
            Ok(updated) => Ok(Some(updated.attributes.unwrap_or_default())),
            Err(Error::Stale) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The turn of whoever was counted last.
fn turn_of(counted: &Item, per_minute: u32) -> Result<Turn, Error> {
    let row = Row {
        kind: KIND,
        item: counted,
    };
    let (minute, sent): (i64, u32) = (row.number("rate_minute")?, row.number("sent")?);
    let minutes = i64::from(sent.saturating_sub(1) / per_minute.max(1));
    if minutes == 0 {
        return Ok(Turn::Now);
    }
    let begins = Timestamp::from_second((minute + minutes).saturating_mul(60));
    Ok(Turn::At(begins.unwrap_or(Timestamp::MAX)))
}

/// The item that tells of it.
fn look_again(recipient: &RecipientId, now: Timestamp) -> Item {
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
        next_probe_at: if row.has("probed_at") {
            row.instant("probed_at")?.saturating_add(PROBE_EVERY).ok()
        } else {
            None
        },
        disabled: row.has("disabled"),
        overdue: if row.has("overdue") {
            row.number("overdue")?
        } else {
            0
        },
    })
}
