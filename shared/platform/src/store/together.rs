//! Several writes of which all are made, or none.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::{PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, TransactWriteItem};

use super::{Error, Store};
use crate::digest;

/// How long to step aside for others who write the same, each time. Most of them are through by the end.
const STEP_ASIDE_MS: [u64; 6] = [20, 40, 80, 160, 320, 640];

/// What became of a transaction.
pub(super) enum Together {
    Written,
    /// The condition of one of them did not hold, the first being 0; nothing was written.
    Refused(usize),
}

impl Store {
    /// All or none. Those who write to the same item are in each other's way, and step aside for a moment, each for
    /// another one; [`Error::Stale`] if that was in vain.
    pub(super) async fn together(
        &self,
        whose: &str,
        writes: &[TransactWriteItem],
    ) -> Result<Together, Error> {
        for pause_ms in STEP_ASIDE_MS {
            match self.together_once(writes).await {
                Err(Error::Stale) => tokio::time::sleep(spread(whose, pause_ms)).await,
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

pub(super) fn update(update: UpdateBuilder) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder().update(update.build()?).build())
}

pub(super) fn put(put: PutBuilder) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder().put(put.build()?).build())
}

/// Up to twice as long, so that those who met do not meet again.
fn spread(whose: &str, pause_ms: u64) -> Duration {
    let lot = digest::sha256(&[whose.as_bytes()])[0];
    Duration::from_millis(pause_ms + pause_ms * u64::from(lot) / 256)
}
