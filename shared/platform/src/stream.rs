//! The edge of the table's stream: keys alone, which is all that the stream carries.

use serde::{Deserialize, Serialize};

use crate::store::{StreamKey, stream_key};

/// A batch of stream records as Lambda delivers it.
#[derive(Debug, Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records")]
    pub records: Vec<StreamRecord>,
}

#[derive(Debug, Deserialize)]
pub struct StreamRecord {
    #[serde(rename = "eventName")]
    event: Change,
    dynamodb: Image,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Change {
    Insert,
    Modify,
    Remove,
}

#[derive(Debug, Deserialize)]
struct Image {
    #[serde(rename = "Keys")]
    keys: Keys,
    #[serde(rename = "SequenceNumber")]
    sequence_number: String,
}

#[derive(Debug, Deserialize)]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Debug, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// Which records must be delivered again. Lambda goes back to the first of them; all is done where there is none.
#[derive(Debug, Default, Serialize)]
pub struct StreamResponse {
    #[serde(rename = "batchItemFailures")]
    failures: Vec<StreamFailure>,
}

#[derive(Debug, Serialize)]
struct StreamFailure {
    #[serde(rename = "itemIdentifier")]
    sequence_number: String,
}

impl StreamRecord {
    /// What changed; none for a kind of item that nothing follows from.
    pub fn key(&self) -> Option<StreamKey> {
        stream_key(&self.dynamodb.keys.pk.text, &self.dynamodb.keys.sk.text)
    }

    pub fn change(&self) -> Change {
        self.event
    }
}

impl StreamResponse {
    /// How many records are to come again by themselves.
    pub fn failures(&self) -> usize {
        self.failures.len()
    }

    /// These records are to come again.
    pub fn again<'a>(records: impl Iterator<Item = &'a StreamRecord>) -> Self {
        let failure = |record: &StreamRecord| StreamFailure {
            sequence_number: record.dynamodb.sequence_number.clone(),
        };
        Self {
            failures: records.map(failure).collect(),
        }
    }
}
