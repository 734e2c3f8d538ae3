//! What a recipient has not confirmed by its deadline: marked in the entry, and counted where every delivery to
//! that recipient looks, both in one write.

use aws_sdk_dynamodb::types::Update;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::codes::RecipientId;
use domain::subject::Subject;
use jiff::Timestamp;

use super::{Claim, Entry, Store};
use crate::store::row::{instant, number};
use crate::store::together::{Together, update};
use crate::store::{Error, keys};

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
        match self.together(subject.as_str(), &writes).await? {
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
        let not_the_last = [settled.clone(), update(one_less)?];
        let the_last = [settled, update(none_left)?, self.and_look_again(recipient, now)?];
        // Which of the two it is may change until it is written, but not often.
        for writes in [not_the_last.as_slice(), &the_last].repeat(2) {
            match self.together(claim.subject.as_str(), writes).await? {
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
}
