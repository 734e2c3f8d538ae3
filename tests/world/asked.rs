//! What is asked of the system.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Someone, World, merged};

impl World {
    /// One question: `{"who", "purpose", "channel", "category", "at", "known_at"}`. Returns the answer to it.
    pub async fn decide(&self, someone: &Someone, question: Value) -> Value {
        let question = merged(json!({ "subject": someone.id, "purpose": "marketing" }), question);
        self.decisions(vec![question]).await.remove(0)
    }

    /// Whether a party may use a channel for marketing, now.
    pub async fn may(&self, someone: &Someone, who: &str, channel: &str) -> bool {
        self.decide(someone, json!({ "who": who, "channel": channel }))
            .await["allowed"]
            == true
    }

    /// Any number of whole questions, in as many calls as they need.
    pub async fn decisions(&self, questions: Vec<Value>) -> Vec<Value> {
        let mut answers = Vec::new();
        for questions in questions.chunks(100) {
            let told = self
                .post("/v1/decisions", json!({ "questions": questions }))
                .await
                .is(200);
            let told = told.body["answers"].as_array().cloned().unwrap_or_default();
            assert_eq!(told.len(), questions.len(), "an answer to each question");
            answers.extend(told);
        }
        answers
    }

    pub async fn state(&self, someone: &Someone) -> Value {
        self.get(&format!("/v1/subjects/{}", someone.id))
            .await
            .is(200)
            .body
    }

    pub async fn state_at(&self, someone: &Someone, at: Timestamp) -> Value {
        self.get(&format!("/v1/subjects/{}?at={at}", someone.id))
            .await
            .is(200)
            .body
    }

    /// Every act, oldest first.
    pub async fn history(&self, someone: &Someone) -> Vec<Value> {
        let told = self
            .get(&format!("/v1/subjects/{}/history", someone.id))
            .await
            .is(200);
        told.body["acts"].as_array().cloned().unwrap_or_default()
    }

    pub async fn view_as(&self, someone: &Someone, recipient: &str) -> Value {
        self.get(&format!("/v1/subjects/{}/view-as/{recipient}", someone.id))
            .await
            .is(200)
            .body
    }
}
