//! The queue of errands: "bring this recipient up to date on this subject", and nothing personal.

use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
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
#[serde(tag = "errand", rename_all = "kebab-case")]
pub enum Errand {
    /// Bring a recipient up to date on a subject.
    Deliver {
        subject: Word<Subject>,
        recipient: Word<RecipientId>,
        /// The newest act when it was written: a hint that saves a read.
        version: Version,
        /// Whether a delivery that waits for its next attempt is to wait no longer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        anew: bool,
    },
    /// Look at everyone in one shard whom a recipient concerns, from one subject on.
    Walk {
        recipient: Word<RecipientId>,
        shard: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Word<Subject>>,
    },
}

impl Errand {
    pub fn deliver(subject: Subject, recipient: RecipientId, version: Version) -> Self {
        Self::Deliver {
            subject: Word(subject),
            recipient: Word(recipient),
            version,
            anew: false,
        }
    }

    /// The same, of somebody who is looked at again because the recipient changed, or for a redrive.
    pub fn deliver_anew(subject: Subject, recipient: RecipientId) -> Self {
        Self::Deliver {
            subject: Word(subject),
            recipient: Word(recipient),
            version: 0,
            anew: true,
        }
    }

    fn recipient(&self) -> &RecipientId {
        match self {
            Self::Deliver { recipient, .. } | Self::Walk { recipient, .. } => &recipient.0,
        }
    }
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

    /// The queue of what cannot be run at all.
    pub fn dead_from_env(aws: &Aws) -> Result<Self, Unset> {
        Ok(Self::new(aws.sqs(), aws::required("DEAD_LETTER_URL")?))
    }

    /// Put a message aside with the reason why it cannot be run.
    pub async fn bury(&self, body: &str, reason: &str) -> Result<(), Error> {
        let broken = |error: Box<dyn std::error::Error + Send + Sync>| Error::Unavailable(error);
        let reason = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(reason)
            .build();
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(if body.is_empty() { "(empty)" } else { body })
            .message_attributes("reason", reason.map_err(|error| broken(error.into()))?)
            .send()
            .await
            .map_err(|error| broken(DisplayErrorContext(&error).to_string().into()))?;
        Ok(())
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
                    .message_group_id(errand.recipient().as_str())
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
