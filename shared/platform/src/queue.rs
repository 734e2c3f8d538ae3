//! The queue of errands: "bring this recipient up to date on this subject", and nothing personal.

use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use domain::act::Version;
use domain::codes::RecipientId;
use domain::subject::Subject;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::aws::{self, Aws, Unset};
use crate::wire::{Instant, Word};

/// The most messages that one call takes.
const BATCH_MAX: usize = 10;
/// The longest that the queue keeps a message back.
pub const LATER_MAX: SignedDuration = SignedDuration::from_mins(15);

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
        /// Which attempt it is there to bring back, by when that is due. There is one such errand for each attempt
        /// to come, so that every other one that is too early has nothing to wait for. One that another delivery has
        /// kept away says here until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Word<Instant>>,
        /// When the recipient, which is in trouble, is to be asked how it is: by this delivery, whatever its own place
        /// in the schedule, if nobody else has asked by then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        probe: Option<Word<Instant>>,
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
            due: None,
            probe: None,
        }
    }

    /// The same once more, when the next attempt is due.
    pub fn deliver_again(subject: Subject, recipient: RecipientId, due: Timestamp) -> Self {
        Self::Deliver {
            subject: Word(subject),
            recipient: Word(recipient),
            version: 0,
            anew: false,
            due: Some(Word(Instant(due))),
            probe: None,
        }
    }

    /// The same, to find out how a recipient is that is in trouble.
    pub fn probe(subject: Subject, recipient: RecipientId, at: Timestamp) -> Self {
        Self::Deliver {
            subject: Word(subject),
            recipient: Word(recipient),
            version: 0,
            anew: false,
            due: None,
            probe: Some(Word(Instant(at))),
        }
    }

    /// The same, of somebody who is looked at again because the recipient changed, or for a redrive.
    pub fn deliver_anew(subject: Subject, recipient: RecipientId) -> Self {
        Self::Deliver {
            subject: Word(subject),
            recipient: Word(recipient),
            version: 0,
            anew: true,
            due: None,
            probe: None,
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

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Some errands were not sent; the others were.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not take {} of the errands", unsent.len())]
pub struct Error {
    /// Their places among those that were to be sent.
    pub unsent: Vec<usize>,
    /// Why, unless the queue refused each by itself.
    source: Option<Cause>,
}

#[derive(Debug, thiserror::Error)]
#[error("the message was not put aside")]
pub struct NotBuried(#[source] Cause);

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
    pub async fn bury(&self, body: &str, reason: &str) -> Result<(), NotBuried> {
        let reason = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(reason)
            .build();
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(if body.is_empty() { "(empty)" } else { body })
            .message_attributes("reason", reason.map_err(|error| NotBuried(error.into()))?)
            .send()
            .await
            .map_err(|error| NotBuried(DisplayErrorContext(&error).to_string().into()))?;
        Ok(())
    }

    /// Send errands, ten with each request. A request that fails keeps none of the others from being made.
    pub async fn send(&self, errands: &[Errand]) -> Result<(), Error> {
        let (mut unsent, mut source) = (Vec::new(), None);
        for (batch, errands) in errands.chunks(BATCH_MAX).enumerate() {
            let first = batch * BATCH_MAX;
            match self.send_ten(errands, None).await {
                Ok(refused) => unsent.extend(refused.into_iter().map(|place| first + place)),
                Err(cause) => {
                    unsent.extend(first..first + errands.len());
                    source = Some(cause);
                }
            }
        }
        if unsent.is_empty() {
            Ok(())
        } else {
            Err(Error { unsent, source })
        }
    }

    /// Send an errand that comes after so long, and no sooner; [`LATER_MAX`] at the most.
    pub async fn send_later(&self, errand: Errand, after: SignedDuration) -> Result<(), Error> {
        let seconds = after.as_secs() + i64::from(after.subsec_nanos() > 0);
        let delay = i32::try_from(seconds.max(0)).unwrap_or(i32::MAX);
        match self.send_ten(&[errand], Some(delay)).await {
            Ok(refused) if refused.is_empty() => Ok(()),
            Ok(unsent) => Err(Error { unsent, source: None }),
            Err(cause) => Err(Error {
                unsent: vec![0],
                source: Some(cause),
            }),
        }
    }

    /// The places of those that the queue refused. The message group is the recipient, so that one with many
    /// errands does not stand before the others.
    async fn send_ten(&self, errands: &[Errand], delay_s: Option<i32>) -> Result<Vec<usize>, Cause> {
        let entry = |(place, errand): (usize, &Errand)| -> Result<_, Cause> {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_body(serde_json::to_string(errand)?)
                .set_delay_seconds(delay_s)
                .message_group_id(errand.recipient().as_str());
            Ok(entry.build()?)
        };
        let entries = errands.iter().enumerate().map(entry);
        let sent = self
            .client
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries.collect::<Result<_, _>>()?))
            .send()
            .await
            .map_err(|error| DisplayErrorContext(&error).to_string())?;
        Ok(sent
            .failed()
            .iter()
            .map(|failed| failed.id().parse())
            .collect::<Result<_, _>>()?)
    }
}
