//! The one table: records as chains of acts, profiles, recipients, the ledger, and what falls due.
//!
//! Every method is an access pattern, and the condition that keeps it right stands beside the write.
//! Stored shapes are not domain shapes: they outlive code, so attributes are added and never renamed.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
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
    #[error("the table did not answer")]
    Unavailable(#[source] BoxError),
}

impl Error {
    /// Whether the same may succeed later by itself; an item that cannot be read stays so.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Stale | Self::Unavailable(_) => true,
            Self::Unreadable { .. } => false,
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
/// somebody else won. The SDK's own error does not print its sources, so they are written out here once.
impl<E, R> From<SdkError<E, R>> for Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        match error.code() {
            Some("ConditionalCheckFailedException" | "TransactionCanceledException") => Self::Stale,
            Some(_) | None => Self::Unavailable(DisplayErrorContext(&error).to_string().into()),
        }
    }
}

impl From<aws_sdk_dynamodb::error::BuildError> for Error {
    fn from(error: aws_sdk_dynamodb::error::BuildError) -> Self {
        Self::Unavailable(error.into())
    }
}
