//! What a recipient holds of one subject, and how an event changes it.
//!
//! The one place that knows the shape of our events: a CloudEvent of type `subject.changed` whose `data`
//! is `{"version", "holds", "changes": [{"change", "facets", "categories", "reason", "content"}]}`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// So many changes are shown for a subject.
const CHANGES_MAX: usize = 8;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) version: u64,
    pub(super) holds: Value,
    /// Newest first.
    pub(super) changes: Vec<Change>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) learnt_at: Timestamp,
    pub(super) told: Value,
}

/// What one event says.
pub(super) struct News {
    version: u64,
    holds: Option<Value>,
    changes: Vec<Value>,
}

/// The subject and the news of it, if the body is an event of ours.
pub(super) fn read(body: &[u8]) -> Option<(String, News)> {
    let event: Value = serde_json::from_slice(body).ok()?;
    let is_ours = event["specversion"] == "1.0"
        && event["type"]
            .as_str()
            .is_some_and(|kind| kind.ends_with("subject.changed"));
    let subject = event["subject"].as_str()?.to_owned();
    let data = &event["data"];
    let news = News {
        version: data["version"].as_u64()?,
        holds: data.get("holds").filter(|holds| !holds.is_null()).cloned(),
        changes: data["changes"].as_array().cloned().unwrap_or_default(),
    };
    is_ours.then_some((subject, news))
}

impl Held {
    /// An older version than the one that is held comes too late and is left aside.
    pub(super) fn take(&mut self, news: News, learnt_at: Timestamp) {
        if news.version < self.version {
            return;
        }
        self.version = news.version;
        match news.holds {
            Some(holds) => self.holds = holds,
            None => news.changes.iter().for_each(|change| self.change(change)),
        }
        for told in news.changes {
            self.changes.insert(0, Change { learnt_at, told });
        }
        self.changes.truncate(CHANGES_MAX);
    }

    pub(super) fn told(&self) -> Value {
        let changes: Vec<&Value> = self.changes.iter().map(|change| &change.told).collect();
        json!({ "version": self.version, "holds": self.holds, "changes": changes })
    }

    /// The facets or categories that are held, by the name of their list.
    pub(super) fn names(&self, list: &str) -> Vec<&str> {
        texts(&self.holds[list])
    }

    /// An event that does not tell the whole still tells what was added and taken away.
    fn change(&mut self, change: &Value) {
        let is_loss = matches!(
            change["change"].as_str(),
            Some("withdrawn" | "objected" | "lapsed" | "entitlement-ended")
        );
        if !self.holds.is_object() {
            self.holds = json!({});
        }
        for list in ["facets", "categories"] {
            let named = texts(&change[list]);
            let mut held: Vec<&str> = texts(&self.holds[list]);
            held.retain(|name| !named.contains(name));
            if !is_loss {
                held.extend(&named);
            }
            self.holds[list] = json!(held);
        }
        for category in texts(&change["categories"]) {
            if let (true, Some(content)) = (is_loss, self.holds["content"].as_object_mut()) {
                content.remove(category);
            }
        }
        for (category, fields) in change["content"].as_object().into_iter().flatten() {
            self.holds["content"][category] = fields.clone();
        }
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(data: Value) -> News {
        let event = json!({ "specversion": "1.0", "type": "subject.changed", "subject": "s", "data": data });
        read(event.to_string().as_bytes()).unwrap().1
    }

    #[test]
    fn the_whole_replaces_and_changes_alone_add_and_take_away() {
        let mut held = Held::default();
        let at = Timestamp::UNIX_EPOCH;

        held.take(
            news(json!({ "version": 2, "holds": { "facets": ["a", "b"] }, "changes": [] })),
            at,
        );
        let withdrawn = json!({ "change": "withdrawn", "facets": ["a"] });
        held.take(news(json!({ "version": 3, "changes": [withdrawn] })), at);
        let granted = json!({ "change": "granted", "categories": ["contact"], "content": { "contact": { "email": "x" } } });
        held.take(news(json!({ "version": 4, "changes": [granted] })), at);
        assert_eq!(held.names("facets"), ["b"]);
        assert_eq!(held.holds["content"]["contact"]["email"], "x");

        let lapsed = json!({ "change": "lapsed", "categories": ["contact"] });
        held.take(news(json!({ "version": 5, "changes": [lapsed] })), at);
        assert_eq!(held.holds["content"], json!({}));
        assert!(held.names("categories").is_empty());
    }

    #[test]
    fn an_older_version_comes_too_late() {
        let mut held = Held::default();
        held.take(
            news(json!({ "version": 2, "holds": { "facets": [] } })),
            Timestamp::UNIX_EPOCH,
        );
        held.take(
            news(json!({ "version": 1, "holds": { "facets": ["a"] } })),
            Timestamp::UNIX_EPOCH,
        );
        assert!(held.names("facets").is_empty());
    }

    #[test]
    fn what_is_no_event_of_ours_is_not_read() {
        assert!(read(b"{").is_none());
        assert!(
            read(br#"{"specversion":"1.0","type":"other","subject":"s","data":{"version":1}}"#).is_none()
        );
        assert!(read(br#"{"specversion":"1.0","type":"subject.changed","data":{"version":1}}"#).is_none());
    }
}
