//! What a recipient holds of one subject, and how an event changes it.
//!
//! The one place that knows the shape of our events: a CloudEvent of type `subject.changed` whose `data`
//! is `{"sequence", "holds", "changes": [{"change", "facets", "categories", "reason", "content"}]}`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// So many changes are shown for a subject.
const CHANGES_MAX: usize = 8;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Held {
    /// Of the newest event: one with a lower number comes too late.
    pub(super) sequence: u64,
    /// The categories and facets that may be held.
    pub(super) holds: Value,
    /// The content of the categories, as far as there is any.
    pub(super) content: BTreeMap<String, Value>,
    /// Newest first.
    pub(super) changes: Vec<Change>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) learnt_at: Timestamp,
    pub(super) told: Value,
}

/// What a processor is to mail, as a visitor would find it in the letter box.
pub(super) struct Mail<'a> {
    pub(super) to: &'a str,
    pub(super) link: &'a str,
    pub(super) until: &'a str,
}

/// What one event says.
pub(super) struct News {
    sequence: u64,
    holds: Value,
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
        sequence: data["sequence"].as_u64()?,
        holds: data.get("holds").filter(|holds| holds.is_object()).cloned()?,
        changes: data["changes"].as_array().cloned().unwrap_or_default(),
    };
    is_ours.then_some((subject, news))
}

impl Held {
    /// An event older than the one that was taken last comes too late and is left aside.
    pub(super) fn take(&mut self, news: News, learnt_at: Timestamp) {
        if news.sequence < self.sequence {
            return;
        }
        self.sequence = news.sequence;
        for told in &news.changes {
            if told["change"] == "erased" {
                self.content.clear();
            }
            let content = told["content"].as_object();
            for category in texts(&told["categories"]) {
                // A category without content was emptied, or never had any.
                match content.and_then(|content| content.get(category)) {
                    Some(fields) => self.content.insert(category.to_owned(), fields.clone()),
                    None => self.content.remove(category),
                };
            }
        }
        let may_hold = texts(&news.holds["categories"]);
        self.content
            .retain(|category, _| may_hold.contains(&category.as_str()));
        self.holds = news.holds;
        for mut told in news.changes {
            match told["change"].as_str() {
                // The address was given for that mail and for nothing else.
                Some("confirmed") => self
                    .changes
                    .retain(|change| !(is_mail(change) && change.told["act"] == told["act"])),
                Some("erased") => self.changes.clear(),
                _ => {}
            }
            // What was held before is nobody's any more, once it has changed.
            if let Some(told) = told.as_object_mut() {
                told.remove("content");
            }
            self.changes.insert(0, Change { learnt_at, told });
        }
        self.changes.truncate(CHANGES_MAX);
    }

    /// The address for a mail is kept for no longer than its link is good.
    pub(super) fn let_go(&mut self, now: Timestamp) {
        let is_over = |told: &Value| {
            text(&told["until"])
                .parse()
                .is_ok_and(|until: Timestamp| until <= now)
        };
        self.changes
            .retain(|change| !(is_mail(change) && is_over(&change.told)));
    }

    pub(super) fn told(&self) -> Value {
        let changes: Vec<&Value> = self.changes.iter().map(|change| &change.told).collect();
        json!({ "sequence": self.sequence, "holds": self.holds, "content": self.content, "changes": changes })
    }

    /// What is to be mailed and has led to nothing yet, newest first.
    pub(super) fn mails(&self) -> impl Iterator<Item = Mail<'_>> {
        let asked = self.changes.iter().filter(|change| is_mail(change));
        asked.map(|Change { told, .. }| Mail {
            to: text(&told["contact"]["email"]),
            link: text(&told["link"]),
            until: text(&told["until"]),
        })
    }

    /// What may be held, and of which categories there is content.
    pub(super) fn shown(&self) -> Value {
        let filled: Vec<&String> = self.content.keys().collect();
        json!({ "holds": self.holds, "filled": filled })
    }

    /// The facets or categories that are held, by the name of their list.
    pub(super) fn names(&self, list: &str) -> Vec<&str> {
        texts(&self.holds[list])
    }
}

fn is_mail(change: &Change) -> bool {
    change.told["change"] == "confirmation-requested"
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
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
    fn what_may_no_longer_be_held_goes_with_its_content() {
        let mut held = Held::default();
        let at = Timestamp::UNIX_EPOCH;
        let holds = |categories: &[&str]| json!({ "categories": categories, "facets": [] });

        let started =
            json!({ "categories": ["contact", "vehicle"], "content": { "contact": { "email": "x" } } });
        held.take(
            news(json!({ "sequence": 1, "holds": holds(&["contact", "vehicle"]), "changes": [started] })),
            at,
        );
        assert_eq!(held.content["contact"]["email"], "x");

        let ended = json!({ "change": "entitlement-ended", "categories": ["contact"] });
        held.take(
            news(json!({ "sequence": 2, "holds": holds(&["vehicle"]), "changes": [ended] })),
            at,
        );
        assert_eq!(held.names("categories"), ["vehicle"]);
        assert!(held.content.is_empty());
    }

    #[test]
    fn a_mail_is_kept_until_it_has_led_to_a_confirmation() {
        let mut held = Held::default();
        let asked = |act: u64| json!({ "change": "confirmation-requested", "act": act, "link": format!("http://127.0.0.1/{act}"), "contact": { "email": "ada@example.com" } });
        let confirmed = json!({ "change": "confirmed", "act": 1 });
        for (sequence, change) in [(1, asked(1)), (2, asked(2)), (3, confirmed)] {
            let data = json!({ "sequence": sequence, "holds": {}, "changes": [change] });
            held.take(news(data), Timestamp::UNIX_EPOCH);
        }
        let links: Vec<&str> = held.mails().map(|mail| mail.link).collect();
        assert_eq!(links, ["http://127.0.0.1/2"]);
    }

    #[test]
    fn a_mail_goes_when_its_link_has_ended() {
        let mut held = Held::default();
        let asked = json!({ "change": "confirmation-requested", "act": 1, "until": "2026-03-09T12:00:00Z", "contact": { "email": "ada@example.com" } });
        let data = json!({ "sequence": 1, "holds": {}, "changes": [asked] });
        held.take(news(data), Timestamp::UNIX_EPOCH);
        held.let_go("2026-03-09T11:59:59Z".parse().unwrap());
        assert_eq!(held.mails().count(), 1);
        held.let_go("2026-03-09T12:00:00Z".parse().unwrap());
        assert!(held.changes.is_empty());
    }

    #[test]
    fn an_erasure_leaves_nothing_but_that_it_was() {
        let mut held = Held::default();
        let holds = json!({ "categories": ["contact"], "facets": [] });
        let started = json!({ "change": "entitlement-started", "categories": ["contact"], "content": { "contact": { "email": "ada@example.com" } } });
        let asked = json!({ "change": "confirmation-requested", "act": 1, "contact": { "email": "ada@example.com" } });
        let erased = json!({ "change": "erased", "act": 2 });
        for (sequence, changes) in [(1, json!([started, asked])), (2, json!([erased]))] {
            let data = json!({ "sequence": sequence, "holds": holds, "changes": changes });
            held.take(news(data), Timestamp::UNIX_EPOCH);
        }
        assert!(!held.told().to_string().contains("ada@"), "{}", held.told());
        assert_eq!(held.changes.len(), 1);
    }

    #[test]
    fn an_older_event_comes_too_late() {
        let mut held = Held::default();
        let holds = |facets: &[&str]| json!({ "categories": [], "facets": facets });
        held.take(
            news(json!({ "sequence": 2, "holds": holds(&[]) })),
            Timestamp::UNIX_EPOCH,
        );
        held.take(
            news(json!({ "sequence": 1, "holds": holds(&["a"]) })),
            Timestamp::UNIX_EPOCH,
        );
        assert!(held.names("facets").is_empty());
    }

    #[test]
    fn what_is_no_event_of_ours_is_not_read() {
        let other = br#"{"specversion":"1.0","type":"other","subject":"s","data":{"sequence":1,"holds":{}}}"#;
        let nobody = br#"{"specversion":"1.0","type":"subject.changed","data":{"sequence":1,"holds":{}}}"#;
        assert!(read(b"{").is_none());
        assert!(read(other).is_none());
        assert!(read(nobody).is_none());
    }
}
