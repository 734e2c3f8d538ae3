//! What came back from the front door.

use reqwest::header::HeaderMap;
use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// Null where it is no JSON.
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The answer, which must have this status.
    ///
    /// # Panics
    ///
    /// If it has another one; it says which, and what else it says.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The slug of a problem.
    pub fn problem(&self) -> &str {
        let kind = self.body["type"].as_str().unwrap_or_default();
        kind.strip_prefix("urn:assenso:problem:").unwrap_or(kind)
    }

    /// The version of the record, from its entity tag.
    pub fn version(&self) -> u32 {
        self.header("etag").trim_matches('"').parse().unwrap_or_default()
    }
}
