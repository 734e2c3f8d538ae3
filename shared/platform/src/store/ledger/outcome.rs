//! What became of a delivery. Each writes only while its claim stands: a claim that was lost to another
//! delivery changes nothing, for that one knows better.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue};
use domain::holding::Holding;
use jiff::Timestamp;

use super::holding::write;
use super::{Claim, Doubt, Store};
use crate::store::row::{instant, number, text};
use crate::store::{Error, keys};

/// How a delivery that did not come to its end goes on.
#[derive(Debug, Clone)]
pub struct Postponed {
    /// When it is tried again; never, if it was given up until somebody asks for it.
    pub next_attempt_at: Option<Timestamp>,
    /// Attempts of the schedule that came to nothing by now.
    pub attempts: u32,
    /// When it was given up.
    pub escalated_at: Option<Timestamp>,
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
        let update = self
            .on_entry(claim)
            .update_expression(ACKNOWLEDGE)
            .expression_attribute_values(":holding", text(write(holding)?))
            .expression_attribute_values(":now", instant(now));
        self.end(claim, update, now).await
    }

    /// There was nothing to tell, and nothing is in doubt: the recipient told us itself, or what changed is
    /// nothing to it.
    pub async fn settle(&self, claim: &Claim, holding: &Holding, now: Timestamp) -> Result<(), Error> {
        let update = self
            .on_entry(claim)
            .update_expression(SETTLE)
            .expression_attribute_values(":holding", text(write(holding)?));
        self.end(claim, update, now).await
    }

    /// What the recipient holds is written down first, for nobody else is in the way of that. Whether it was
    /// overdue, the entry says as it is then: it may have been marked while the delivery was under way.
    async fn end(&self, claim: &Claim, update: UpdateItemFluentBuilder, now: Timestamp) -> Result<(), Error> {
        let written = unless_lost(update.return_values(ReturnValue::AllNew).send().await)?;
        let entry = written.and_then(|written| written.attributes);
        if entry.is_some_and(|entry| entry.contains_key("overdue_at")) {
            self.catch_up(claim, now).await
        } else {
            Ok(())
        }
    }

    /// The delivery failed, or its outcome is not known, or it has to wait: the entry stays pending.
    pub async fn postpone(&self, claim: &Claim, postponed: &Postponed, now: Timestamp) -> Result<(), Error> {
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
            .expression_attribute_values(":attempts", number(postponed.attempts))
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
            remove.push("next_attempt_at");
        }
        if let Some(at) = postponed.escalated_at {
            set.push("escalated_at = :escalated");
            update = update.expression_attribute_values(":escalated", instant(at));
        } else {
            remove.push("escalated_at");
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
        unless_lost(update.update_expression(expression).send().await)?;
        Ok(())
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
    attempts, next_attempt_at, pending_since, loss_since, escalated_at";
const SETTLE: &str = "SET holding = :holding REMOVE lease_until, in_flight, attempts, next_attempt_at, \
    pending_since, loss_since, escalated_at";

/// What was written; nothing if the claim was lost.
fn unless_lost<T, R>(update: Result<T, SdkError<UpdateItemError, R>>) -> Result<Option<T>, Error>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match update.map_err(Error::from) {
        Ok(written) => Ok(Some(written)),
        Err(Error::Stale) => Ok(None),
        Err(error) => Err(error),
    }
}
