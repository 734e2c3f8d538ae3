//! What a recipient that follows the contract was told, and holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::Recipients;

/// One event, as it was taken in.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    pub id: String,
    /// The pseudonym of the data subject.
    pub subject: String,
    pub sequence: u64,
    pub body: Value,
}

/// One thing that a recipient was told.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Change {
    pub change: String,
    pub facets: BTreeSet<String>,
    pub categories: BTreeSet<String>,
    pub reason: String,
    pub content: BTreeMap<String, Value>,
}

/// What a recipient holds of a data subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    pub facets: BTreeSet<String>,
    pub categories: BTreeSet<String>,
    pub content: BTreeMap<String, Value>,
}

impl Recipients {
    /// What it was told of a data subject, in the order in which it came; a repeated event says nothing new.
    pub fn told(&self, name: &str, subject: &str) -> Vec<Change> {
        let (told, _) = self.followed(name, subject);
        told
    }

    pub fn holds(&self, name: &str, subject: &str) -> Held {
        let (_, held) = self.followed(name, subject);
        held
    }

    /// What a recipient would hold that takes everything for new, in the order in which it came.
    pub fn holds_if_heedless(&self, name: &str, subject: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let letters = self.letters(name);
        let mut letters = letters.iter().rev();
        let last = letters.find(|letter| letter.subject == subject);
        last.map_or_else(Default::default, |last| {
            let holds = &last.body["data"]["holds"];
            (read(&holds["categories"]), read(&holds["facets"]))
        })
    }

    /// What a recipient makes of its letters: each once, none after a newer one, and what is not named goes.
    fn followed(&self, name: &str, subject: &str) -> (Vec<Change>, Held) {
        let (mut seen, mut newest) = (BTreeSet::new(), 0);
        let (mut told, mut held) = (Vec::new(), Held::default());
        for letter in self
            .letters(name)
            .into_iter()
            .filter(|letter| letter.subject == subject)
        {
            let data = &letter.body["data"];
            if !seen.insert(letter.id) || letter.sequence < newest {
                continue;
            }
            newest = letter.sequence;
            let changes: Vec<Change> = read(&data["changes"]);
            for change in &changes {
                for category in &change.categories {
                    match change.content.get(category) {
                        Some(content) => held.content.insert(category.clone(), content.clone()),
                        None => held.content.remove(category),
                    };
                }
            }
            held.facets = read(&data["holds"]["facets"]);
            held.categories = read(&data["holds"]["categories"]);
            held.content
                .retain(|category, _| held.categories.contains(category));
            told.extend(changes);
        }
        (told, held)
    }
}

/// # Panics
///
/// If an event is not written as the contract says.
fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    match serde_json::from_value(value.clone()) {
        Ok(value) => value,
        Err(error) => panic!("an event is not what the contract says: {error}"),
    }
}
