//! The claim of an entry: one delivery at a time tells a recipient about a subject.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};
use domain::codes::RecipientId;
use domain::subject::Subject;
use jiff::{SignedDuration, Timestamp};

use super::{Entry, KIND, entry};
use crate::store::row::{Row, instant, number};
use crate::store::{Error, Store, keys};

/// How long a claim keeps others away: longer than any request to a recipient may take.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// The right to tell one recipient about one subject, until the lease ends.
#[derive(Debug, Clone)]
pub struct Claim {
    pub subject: Subject,
    /// The entry as it was before the claim, but for the count of claims.
    pub entry: Entry,
    pub until: Timestamp,
}

/// What came of asking for that right, which another delivery may have.
pub type Claimed = Result<Claim, Lease>;

/// What keeps other deliveries away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub claimed_at: Timestamp,
    pub until: Timestamp,
    /// Whether that delivery has come to its end, and it is the recipient alone that may still be at work on it. If
    /// not, it is under way, or was cut off.
    pub was_hung_up: bool,
}

impl Store {
    /// Claim the entry of a recipient, unless another delivery holds it. From here on what the recipient holds
    /// is in doubt, until it acknowledges; and so is what was sent last, until the delivery says so, for one that
    /// is cut off does not.
    pub async fn claim(
        &self,
        subject: &Subject,
        recipient: &RecipientId,
        now: Timestamp,
    ) -> Result<Claimed, Error> {
        let until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        let claimed = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::entry(subject, recipient)))
            .update_expression("SET lease_until = :until, in_flight = :yes REMOVE letter ADD claims :one")
            .condition_expression("attribute_not_exists(lease_until) OR lease_until <= :now")
            .expression_attribute_values(":until", instant(until))
            .expression_attribute_values(":now", instant(now))
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let before = match claimed {
            Ok(claimed) => claimed.attributes.unwrap_or_default(),
            Err(refused) => return lease(refused).map(Err),
        };
        let mut entry = entry(recipient.clone(), &before)?;
        entry.claims += 1;
        Ok(Ok(Claim {
            subject: subject.clone(),
            entry,
            until,
        }))
    }
}

/// Whose lease it was that kept a claim from being made. A claim forgets what was sent last, and whoever has come to
/// its end writes that down again.
fn lease<R>(refused: SdkError<UpdateItemError, R>) -> Result<Lease, Error>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = refused.as_service_error() else {
        return Err(refused.into());
    };
    let item = failed.item().ok_or(Error::Stale)?;
    let row = Row { kind: KIND, item };
    let until = row.instant("lease_until")?;
    Ok(Lease {
        claimed_at: until.saturating_sub(LEASE).unwrap_or(Timestamp::MIN),
        until,
        was_hung_up: row.has("letter"),
    })
}
