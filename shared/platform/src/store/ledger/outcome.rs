//! What became of a delivery. Each writes only while its claim stands: a claim that was lost to another
//! delivery changes nothing, for that one knows better.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::codes::RecipientId;
use domain::holding::Holding;
use domain::subject::Subject;
use jiff::Timestamp;

use super::holding::write;
use super::{Claim, Doubt, Entry, Store};
use crate::store::row::{instant, number, text};
use crate::store::{Error, keys};

/// How a delivery that did not come to its end goes on.
#[derive(Debug, Clone)]
pub struct Postponed {
    /// When it is tried again; never, if it was given up until somebody asks for it.
    pub next_attempt_at: Option<Timestamp>,
    /// Whether the recipient was asked at all: only then it counts as an attempt.
    pub attempted: bool,
    /// What may have arrived although it was not acknowledged, now or before.
    pub doubt: Doubt,
    /// The id of what was sent last.
    pub last_letter: Option<String>,
    /// Since when the recipient has not confirmed a loss.
    pub loss_since: Option<Timestamp>,
    /// Whether the recipient may still be at work on it: then nobody else may tell it of the subject until
    /// the lease ends.
    pub under_way: bool,
}

impl Store {
    /// The recipient acknowledged: it holds this now, and nothing is in doubt.
    pub async fn acknowledge(&self, claim: &Claim, holding: &Holding, now: Timestamp) -> Result<(), Error> {
        if claim.entry.overdue_at.is_some() {
            let entry = self
                .entry_of_claim(claim, ACKNOWLEDGE)
                .expression_attribute_values(":holding", text(write(holding)?))
                .expression_attribute_values(":now", instant(now));
            return self.catch_up(claim, entry.build()?, now).await;
        }
        let update = self
            .on_entry(claim)
            .update_expression(ACKNOWLEDGE)
            .expression_attribute_values(":holding", text(write(holding)?))
            .expression_attribute_values(":now", instant(now));
        unless_lost(update.send().await)
    }

    /// There was nothing to tell, and nothing is in doubt: the recipient told us itself, or what changed is
    /// nothing to it.
    pub async fn settle(&self, claim: &Claim, holding: &Holding, now: Timestamp) -> Result<(), Error> {
        if claim.entry.overdue_at.is_some() {
            let entry = self
                .entry_of_claim(claim, SETTLE)
                .expression_attribute_values(":holding", text(write(holding)?));
            return self.catch_up(claim, entry.build()?, now).await;
        }
        let update = self
            .on_entry(claim)
            .update_expression(SETTLE)
            .expression_attribute_values(":holding", text(write(holding)?));
        unless_lost(update.send().await)
    }

    /// The delivery failed, or its outcome is not known, or it has to wait: the entry stays pending.
    pub async fn postpone(&self, claim: &Claim, postponed: &Postponed, now: Timestamp) -> Result<(), Error> {
        let attempts = claim.entry.attempts + u32::from(postponed.attempted);
        let mut set = vec![
            "attempts = :attempts",
            "pending_since = if_not_exists(pending_since, :now)",
        ];
        let mut remove = Vec::new();
        if !postponed.under_way {
            remove.push("lease_until");
        }
        let mut update = self
            .on_entry(claim)
            .expression_attribute_values(":attempts", number(attempts))
            .expression_attribute_values(":now", instant(now));
        match &postponed.doubt {
            Doubt::Unknown => {}
            Doubt::None => remove.push("in_flight"),
            Doubt::Sent(sent) => {
                remove.push("in_flight");
                set.push("sent = :sent");
                update = update.expression_attribute_values(":sent", text(write(sent)?));
            }
        }
        if let Some(at) = postponed.next_attempt_at {
            set.push("next_attempt_at = :at");
            update = update.expression_attribute_values(":at", instant(at));
        } else {
            set.push("escalated_at = if_not_exists(escalated_at, :now)");
            remove.push("next_attempt_at");
        }
        if let Some(id) = &postponed.last_letter {
            set.push("letter = :letter");
            update = update.expression_attribute_values(":letter", text(id));
        }
        if let Some(since) = postponed.loss_since {
            set.push("loss_since = if_not_exists(loss_since, :since)");
            update = update.expression_attribute_values(":since", instant(since));
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression += &format!(" REMOVE {}", remove.join(", "));
        }
        unless_lost(update.update_expression(expression).send().await)
    }

    /// The recipient has not confirmed a loss by its deadline: it counts against the recipient, once. Not while
    /// a delivery is under way, or was since the entry was read: that one may settle it. Says whether it was
    /// marked.
    pub async fn mark_overdue(
        &self,
        subject: &Subject,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<bool, Error> {
        if entry.lease_until.is_some_and(|until| now < until) {
            return Ok(false);
        }
        let mark = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::entry(subject, &entry.recipient)))
            .update_expression("SET overdue_at = :now")
            .condition_expression("attribute_not_exists(overdue_at) AND claims = :read")
            .expression_attribute_values(":read", number(entry.claims))
            .expression_attribute_values(":now", instant(now))
            .build()?;
        let count = self.count_overdue(&entry.recipient, 1)?;
        self.together(vec![update(mark), update(count)]).await
    }

    /// An overdue entry is settled: it no longer counts against the recipient, and everyone whom the recipient
    /// concerns is looked at again for what was held back. All in one write: cut off in between, nobody
    /// would look.
    async fn catch_up(&self, claim: &Claim, entry: Update, now: Timestamp) -> Result<(), Error> {
        let mut again = keys::again(&claim.entry.recipient);
        again.insert("at".to_owned(), instant(now));
        let again = Put::builder()
            .table_name(&self.table)
            .set_item(Some(again))
            .build()?;
        let again = TransactWriteItem::builder().put(again).build();
        let count = self.count_overdue(&claim.entry.recipient, -1)?;
        let writes = vec![update(entry), update(count), again];
        self.together(writes).await.map(|_| ())
    }

    fn entry_of_claim(&self, claim: &Claim, expression: &str) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::entry(&claim.subject, &claim.entry.recipient)))
            .update_expression(expression)
            .condition_expression("claims = :mine")
            .expression_attribute_values(":mine", number(claim.entry.claims))
    }

    fn count_overdue(&self, recipient: &RecipientId, more: i32) -> Result<Update, Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::breaker(recipient)))
            .update_expression("ADD overdue :more")
            .expression_attribute_values(":more", number(more));
        Ok(update.build()?)
    }

    /// All or none. A condition that does not hold means that somebody was faster, and nothing was written; but
    /// a write that was only in the way of another (they share the breaker) has to be made again
    /// ([`Error::Stale`]).
    async fn together(&self, writes: Vec<TransactWriteItem>) -> Result<bool, Error> {
        let written = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let Err(error) = written else { return Ok(true) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                let mut reasons = canceled.cancellation_reasons().iter();
                if reasons.any(|reason| reason.code() == Some("ConditionalCheckFailed")) {
                    Ok(false)
                } else {
                    Err(Error::Stale)
                }
            }
            Some(_) | None => Err(error.into()),
        }
    }

    /// An update of the claimed entry, as long as the claim stands.
    fn on_entry(&self, claim: &Claim) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::entry(&claim.subject, &claim.entry.recipient)))
            .condition_expression("claims = :mine")
            .expression_attribute_values(":mine", number(claim.entry.claims))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }
}

const ACKNOWLEDGE: &str = "SET holding = :holding, acknowledged_at = :now REMOVE lease_until, in_flight, sent, \
    attempts, next_attempt_at, pending_since, loss_since, overdue_at, escalated_at";
const SETTLE: &str = "SET holding = :holding REMOVE lease_until, in_flight, attempts, next_attempt_at, \
    pending_since, loss_since, overdue_at, escalated_at";

fn update(update: Update) -> TransactWriteItem {
    TransactWriteItem::builder().update(update).build()
}

fn unless_lost<T, R>(update: Result<T, SdkError<UpdateItemError, R>>) -> Result<(), Error>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match update {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
