//! A message as it lies in its queue, and as a consumer gets to see it.

use jiff::{SignedDuration, Timestamp};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::refusal::Refusal;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Message {
    /// One number for each stored copy, while copies of the same message share its id.
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) body: String,
    pub(super) group: Option<String>,
    pub(super) attributes: Map<String, Value>,
    pub(super) sent_at: Timestamp,
    pub(super) visible_at: Timestamp,
    pub(super) received_first_at: Option<Timestamp>,
    pub(super) received: u32,
}

/// What can be told of a message without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Letter {
    pub id: String,
    pub sent_at: Timestamp,
    /// How often it was received.
    pub received: u32,
    /// Why it was put aside, where the one who did so said it.
    pub reason: Option<String>,
}

/// The right to delete one reception of one copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) number: u64,
    pub(super) received: u32,
}

impl Letter {
    pub(super) fn of(message: &Message) -> Self {
        let reason = message.attributes.get("reason");
        let reason = reason.and_then(|reason| reason["StringValue"].as_str());
        Self {
            id: message.id.clone(),
            sent_at: message.sent_at,
            received: message.received,
            reason: reason.map(ToOwned::to_owned),
        }
    }
}

impl Message {
    /// The id follows from number and time, so that two runs of a test tell the same story.
    pub(super) fn id(number: u64, sent_at: Timestamp) -> String {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{number}@{sent_at}").as_bytes()).to_string()
    }

    pub(super) fn md5(body: &str) -> String {
        Md5::digest(body)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Whether it was sent for later, and its time has not come.
    pub(super) fn is_kept_back(&self, now: Timestamp) -> bool {
        self.received == 0 && self.visible_at > now
    }

    pub(super) fn receive(&mut self, now: Timestamp, invisible_for: SignedDuration) {
        self.received += 1;
        self.received_first_at.get_or_insert(now);
        self.visible_at = now + invisible_for;
    }

    pub(super) fn receipt(&self) -> Receipt {
        Receipt {
            number: self.number,
            received: self.received,
        }
    }

    /// All attributes are told whether asked for or not; the SDK's caller does not mind.
    pub(super) fn told(&self) -> Value {
        let first = self.received_first_at.unwrap_or(self.sent_at);
        let mut attributes = json!({
            "ApproximateReceiveCount": self.received.to_string(),
            "ApproximateFirstReceiveTimestamp": first.as_millisecond().to_string(),
            "SentTimestamp": self.sent_at.as_millisecond().to_string(),
            "SenderId": super::ACCOUNT,
        });
        if let Some(group) = &self.group {
            attributes["MessageGroupId"] = group.as_str().into();
        }
        let mut told = json!({
            "MessageId": self.id,
            "ReceiptHandle": self.receipt().to_string(),
            "MD5OfBody": Self::md5(&self.body),
            "Body": self.body,
            "Attributes": attributes,
        });
        if !self.attributes.is_empty() {
            told["MessageAttributes"] = Value::Object(self.attributes.clone());
        }
        told
    }
}

impl std::fmt::Display for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.number, self.received)
    }
}

impl std::str::FromStr for Receipt {
    type Err = Refusal;

    fn from_str(handle: &str) -> Result<Self, Refusal> {
        let (number, received) = handle.split_once('.').ok_or(Refusal::ReceiptHandleIsInvalid)?;
        match (number.parse(), received.parse()) {
            (Ok(number), Ok(received)) => Ok(Self { number, received }),
            _ => Err(Refusal::ReceiptHandleIsInvalid),
        }
    }
}
