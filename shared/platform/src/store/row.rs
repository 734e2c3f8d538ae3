//! Reading and writing the attributes of an item.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::Error;

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// An instant is stored in milliseconds since the epoch.
pub(super) fn instant(at: Timestamp) -> AttributeValue {
    number(at.as_millisecond())
}

/// An item of a kind, whose attributes are read by name.
pub(super) struct Row<'a> {
    pub(super) kind: &'static str,
    pub(super) item: &'a Item,
}

impl<'a> Row<'a> {
    pub(super) fn text(&self, name: &'static str) -> Result<&'a str, Error> {
        self.text_of(name).ok_or_else(|| self.missing(name))
    }

    /// An attribute whose name is not known beforehand, if it is a text.
    pub(super) fn text_of(&self, name: &str) -> Option<&'a str> {
        let value = self.item.get(name).and_then(|value| value.as_s().ok());
        value.map(String::as_str)
    }

    pub(super) fn bytes(&self, name: &'static str) -> Result<&'a [u8], Error> {
        let value = self.item.get(name).and_then(|value| value.as_b().ok());
        value.map(|blob| blob.as_ref()).ok_or_else(|| self.missing(name))
    }

    pub(super) fn number<N: std::str::FromStr>(&self, name: &'static str) -> Result<N, Error> {
        let value = self.item.get(name).and_then(|value| value.as_n().ok());
        value
            .and_then(|value| value.parse().ok())
            .ok_or_else(|| self.missing(name))
    }

    pub(super) fn instant(&self, name: &'static str) -> Result<Timestamp, Error> {
        let ms = self.number(name)?;
        Timestamp::from_millisecond(ms).map_err(|error| Error::unreadable(self.kind, error))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.item.contains_key(name)
    }

    fn missing(&self, name: &'static str) -> Error {
        Error::unreadable(
            self.kind,
            format!("the attribute {name} is missing or of another type"),
        )
    }
}
