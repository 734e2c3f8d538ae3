//! The recipients: registered, told, heard, and in step or not.

use serde_json::{Value, json};

use crate::{Answer, Caller, Change, Held, Someone, World, merged, names};

impl World {
    /// Register a recipient, or change it: `{"kind", "role", "authorised", "sharing", "endpoint"}`.
    pub async fn register(&self, name: &str, settings: Value) -> Answer {
        let usual = json!({ "authorised": true, "endpoint": self.recipients.endpoint(name) });
        let settings = merged(usual, settings);
        let answer = self.put(&format!("/v1/recipients/{name}"), settings).await;
        if let Some(secret) = answer.body["signing_secret"].as_str() {
            self.recipients.admit(name, secret);
        }
        answer
    }

    /// An authorised dealer.
    pub async fn dealer(&self, name: &str) {
        let dealer = json!({ "kind": "dealer", "role": "separate-controller" });
        self.register(name, dealer).await.is(201);
    }

    /// A recipient passes on a withdrawal that it was told, as itself.
    pub async fn pass_on_withdrawal(&self, recipient: &str, someone: &Someone, asked: Value) -> Answer {
        let path = format!(
            "/v1/recipients/{recipient}/subjects/{}/withdrawals",
            someone.pseudonym
        );
        self.as_recipient(recipient, "POST", &path, "application/json", asked)
            .await
    }

    /// A recipient tells what it learnt of somebody, as itself.
    pub async fn tell_update(
        &self,
        recipient: &str,
        someone: &Someone,
        source: &str,
        patch: Value,
    ) -> Answer {
        let subject = &someone.pseudonym;
        let path = format!("/v1/recipients/{recipient}/subjects/{subject}/profile?source={source}");
        self.as_recipient(recipient, "PATCH", &path, "application/merge-patch+json", patch)
            .await
    }

    async fn as_recipient(
        &self,
        recipient: &str,
        method: &str,
        path: &str,
        media: &str,
        asked: Value,
    ) -> Answer {
        let (headers, body) = ([("content-type", media)], asked.to_string().into_bytes());
        self.send_as(Caller::Partner(recipient), method, path, &headers, body)
            .await
    }

    /// What a recipient was told of somebody, in order.
    pub fn told(&self, recipient: &str, someone: &Someone) -> Vec<Change> {
        self.recipients.told(recipient, &someone.pseudonym)
    }

    /// The same in short: `granted`, `entitlement-ended: three-years`.
    pub fn heard(&self, recipient: &str, someone: &Someone) -> Vec<String> {
        let short = |change: Change| match change.reason.as_str() {
            "" => change.change,
            reason => format!("{}: {reason}", change.change),
        };
        self.told(recipient, someone).into_iter().map(short).collect()
    }

    /// What a recipient holds of somebody now.
    pub fn holds(&self, recipient: &str, someone: &Someone) -> Held {
        self.recipients.holds(recipient, &someone.pseudonym)
    }

    /// Everybody whom some recipient was told of, and every recipient that was: what each holds must be what
    /// the system says that it may hold.
    ///
    /// # Panics
    ///
    /// If somebody holds more, or less.
    pub async fn everyone_is_in_step(&self, people: &[Someone], recipients: &[&str]) {
        for someone in people {
            for recipient in recipients {
                let view = self.view_as(someone, recipient).await;
                let categories = view["categories"].as_object().into_iter().flatten();
                let may_hold = categories.filter(|(_, decision)| decision["allowed"] == true);
                let may_hold = names(may_hold.map(|(category, _)| category.as_str()));
                let held = self.holds(recipient, someone);
                assert_eq!(held.categories, may_hold, "{recipient} of {}", someone.id);
                assert_eq!(
                    json!(held.facets),
                    view["facets"],
                    "{recipient} of {}",
                    someone.id
                );
            }
        }
    }
}
