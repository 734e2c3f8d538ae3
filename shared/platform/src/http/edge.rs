//! The way in past a web ACL: where a distribution stands in front of the API, whatever comes round it is refused.
//!
//! An HTTP API takes no web ACL of its own, and its address stays open beside the distribution's. So the distribution
//! adds a key to what it lets through (`Edge` in the template), and the functions look for that.

use std::env;

use lambda_http::http::HeaderMap;

use crate::digest;

/// As the template has it.
const HEADER: &str = "x-edge-key";

/// What a request must bring; nothing where no distribution stands in front.
pub struct Edge {
    key: Option<[u8; 32]>,
}

impl Edge {
    pub fn from_env() -> Self {
        let key = env::var("EDGE_KEY").ok().filter(|key| !key.is_empty());
        Self {
            key: key.map(|key| hashed(key.as_bytes())),
        }
    }

    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        // Hashes are compared, so that the time it takes tells nothing of the key.
        self.key.is_none_or(|key| {
            let brought = headers.get(HEADER);
            brought.is_some_and(|brought| hashed(brought.as_bytes()) == key)
        })
    }
}

fn hashed(key: &[u8]) -> [u8; 32] {
    digest::sha256(&[key])
}
