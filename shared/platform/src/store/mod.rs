//! The one table: records as chains of acts, profiles, recipients, the ledger, and what falls due.
//!
//! Every method is an access pattern, and the condition that keeps it right stands beside the write.
//! Stored shapes are not domain shapes: they outlive code, so attributes are added and never renamed.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use domain::policy::Policies;

use crate::aws::{self, Aws, Unset};

mod acts;
mod address;
mod breaker;
mod campaigns;
mod chain;
mod due;
mod erasure;
mod evidence;
mod interactions;
mod keys;
mod ledger;
mod profile;
mod recipients;
mod row;
mod snapshot;
mod sweep;
mod together;
mod walk;
pub mod written;

pub use breaker::{Breaker, Failure, PROBE_EVERY, Turn};
pub use campaigns::Mark as CountMark;
pub use chain::{Beside, Chain, Change, Fingerprint, Guard, NotTaken};
pub use due::{DueItem, SHARDS, SOONEST, Wake};
pub use interactions::Seen;
pub use keys::{StreamKey, stream_key};
pub use ledger::{Claim, Claimed, Delivery, Doubt, Entry, LEASE, Lease, Postponed, Reading};
pub use profile::{Content, FieldEdits};
pub use recipients::{Registration, Settings};
pub use sweep::{Due, Mark, Moved};
pub use walk::{Place, Scanned};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The table, and the policies that its acts are read under.
#[derive(Clone)]
pub struct Store {
    client: Client,
    table: String,
    pub policies: &'static Policies,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the item changed since it was read")]
    Stale,
    #[error("an item could not be read as {kind}")]
    Unreadable {
        kind: &'static str,
        #[source]
        source: BoxError,
    },
    #[error("the table does not take this item")]
    Unfit(#[source] BoxError),
    #[error("the table did not answer")]
    Unavailable(#[source] BoxError),
}

impl Error {
    /// Whether the same may succeed later by itself; an item that cannot be read or written stays so.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Stale | Self::Unavailable(_) => true,
            Self::Unreadable { .. } | Self::Unfit(_) => false,
        }
    }
}

impl Store {
    pub fn new(client: Client, table: String, policies: &'static Policies) -> Self {
        Self {
            client,
            table,
            policies,
        }
    }

    pub fn from_env(aws: &Aws, policies: &'static Policies) -> Result<Self, Unset> {
        Ok(Self::new(aws.dynamodb(), aws::required("TABLE_NAME")?, policies))
    }
}

impl Error {
    fn unreadable(kind: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Unreadable {
            kind,
            source: source.into(),
        }
    }
}

/// What a call's failure comes to: a condition that does not hold, or a transaction that met another, is a race that
/// somebody else won; an item that is too large stays so. The SDK's own error does not print its sources, so they are
/// written out here once.
impl<E, R> From<SdkError<E, R>> for Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        let told = || DisplayErrorContext(&error).to_string().into();
        match error.code() {
            Some("ConditionalCheckFailedException") => Self::Stale,
            Some("TransactionCanceledException") if !is_unfit(&error) => Self::Stale,
            Some("TransactionCanceledException" | "ValidationException") => Self::Unfit(told()),
            Some(_) | None => Self::Unavailable(told()),
        }
    }
}

/// Whether a transaction was cancelled for what is in it, and not for what others do.
fn is_unfit<E, R>(error: &SdkError<E, R>) -> bool
where
    E: std::error::Error + 'static,
{
    let cancelled = error
        .as_service_error()
        .and_then(|error| (error as &dyn std::error::Error).downcast_ref());
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = cancelled else {
        return false;
    };
    let mut reasons = cancelled.cancellation_reasons().iter();
    reasons.any(|reason| reason.code() == Some("ValidationError"))
}

impl From<aws_sdk_dynamodb::error::BuildError> for Error {
    fn from(error: aws_sdk_dynamodb::error::BuildError) -> Self {
        Self::Unavailable(error.into())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::types::CancellationReason;
    use aws_sdk_dynamodb::types::error::TransactionCanceledException;

    use super::*;

    fn cancelled_for(codes: [&str; 2]) -> Error {
        let reasons = codes.map(|code| CancellationReason::builder().code(code).build());
        let cancelled = TransactionCanceledException::builder()
            .set_cancellation_reasons(Some(reasons.into()))
            .meta(
                ErrorMetadata::builder()
                    .code("TransactionCanceledException")
                    .build(),
            )
            .build();
        let error = TransactWriteItemsError::TransactionCanceledException(cancelled);
        SdkError::service_error(error, ()).into()
    }

    #[test]
    fn a_transaction_with_an_item_that_is_too_large_is_no_race() {
        for race in ["ConditionalCheckFailed", "TransactionConflict"] {
            assert!(matches!(cancelled_for(["None", race]), Error::Stale), "{race}");
        }
        let unfit = cancelled_for(["None", "ValidationError"]);
        assert!(matches!(unfit, Error::Unfit(_)) && !unfit.may_pass());
    }
}
