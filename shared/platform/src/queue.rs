//! The queue of errands: "bring this recipient up to date on this subject", and nothing personal.

use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use domain::act::Version;
use domain::codes::RecipientId;
use domain::subject::Subject;
use serde::{Deserialize, Serialize};

use crate::aws::{self, Aws, Unset};
use crate::wire::Word;

/// The most messages that one call takes.
const BATCH_MAX: usize = 10;

/// A pointer: what is to be told is read when the errand is run. Add fields, never rename them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    pub subject: Word<Subject>,
    pub recipient: Word<RecipientId>,
    /// The newest act when it was written: a hint that saves a read.
    pub version: Version,
}

#[derive(Clone)]
pub struct Queue {
    client: aws_sdk_sqs::Client,
    url: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the queue did not take {refused} of the messages")]
    Refused { refused: usize },
    #[error("the queue did not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Queue {
    pub fn new(client: aws_sdk_sqs::Client, url: String) -> Self {
        Self { client, url }
    }

    pub fn from_env(aws: &Aws) -> Result<Self, Unset> {
        Ok(Self::new(aws.sqs(), aws::required("QUEUE_URL")?))
    }

    /// Send errands in batches of ten. The message group is the recipient, so that one with many errands
    /// does not stand before the others.
    pub async fn send(&self, errands: &[Errand]) -> Result<(), Error> {
        for batch in errands.chunks(BATCH_MAX) {
            let entries = batch.iter().enumerate().map(|(place, errand)| {
                SendMessageBatchRequestEntry::builder()
                    .id(place.to_string())
                    .message_body(
                        serde_json::to_string(errand).map_err(|error| Error::Unavailable(error.into()))?,
                    )
                    .message_group_id(errand.recipient.0.as_str())
                    .build()
                    .map_err(|error| Error::Unavailable(error.into()))
            });
            let entries: Vec<_> = entries.collect::<Result<_, Error>>()?;
            let sent = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries))
                .send()
                .await;
            let sent =
                sent.map_err(|error| Error::Unavailable(DisplayErrorContext(&error).to_string().into()))?;
            if !sent.failed().is_empty() {
                return Err(Error::Refused {
                    refused: sent.failed().len(),
                });
            }
        }
        Ok(())
    }
}
