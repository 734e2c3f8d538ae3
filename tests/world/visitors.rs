//! Visitors, whom nobody has an id for: they send the public form, and follow the link that they are sent.

use serde_json::{Value, json};

use crate::{Answer, BUNDLED, Caller, Someone, World, merged};

/// Where the mail goes in [`a_form`].
pub const ADDRESS: &str = "ada@example.com";

impl World {
    /// Send the form of the bundled notice as a visitor does: with a key, and without a token.
    pub async fn send_form(&self, key: &str, asked: Value) -> Answer {
        let path = format!("/v1/forms/{BUNDLED}");
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let asked = merged(a_form(), asked).to_string();
        self.send_as(Caller::Nobody, "POST", &path, &headers, asked.into_bytes())
            .await
    }

    /// Somebody who sent the form, and has not confirmed yet.
    pub async fn visitor(&self, key: &str) -> Someone {
        let told = self.send_form(key, json!({})).await.is(202);
        let subject = told.body["subject"].as_str().unwrap_or_default().to_owned();
        Someone {
            id: subject.clone(),
            pseudonym: subject,
        }
    }

    /// The one thing that a processor was asked to send to a visitor.
    ///
    /// # Panics
    ///
    /// If it was asked for another number of confirmations.
    pub fn asked_to_confirm(&self, processor: &str, visitor: &Someone) -> Value {
        let mut requests = self.confirmations_asked(processor, visitor);
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    /// Every request to have a visitor confirm something.
    pub fn confirmations_asked(&self, processor: &str, visitor: &Someone) -> Vec<Value> {
        let letters = self.recipients.letters(processor).into_iter();
        let letters = letters.filter(|letter| letter.subject == visitor.pseudonym);
        let changes = letters.flat_map(|letter| letter.body["data"]["changes"].as_array().cloned());
        let requests = changes
            .flatten()
            .filter(|change| change["change"] == "confirmation-requested");
        requests.collect()
    }

    /// The link that a visitor was sent.
    pub fn link(&self, visitor: &Someone) -> String {
        let asked = self.asked_to_confirm("campaign-service", visitor);
        asked["link"].as_str().unwrap_or_default().to_owned()
    }

    /// Follow a link, without a token.
    ///
    /// # Panics
    ///
    /// If the link leads elsewhere than to the front door.
    pub async fn follow(&self, link: &str) -> Answer {
        let path = link
            .strip_prefix(&self.endpoints.gateway)
            .expect("a link to the front door");
        self.send_as(Caller::Nobody, "POST", path, &[], Vec::new()).await
    }
}

/// A form on which the promotional box was ticked for e-mail.
fn a_form() -> Value {
    json!({
        "version": 1,
        "language": "it",
        "brand": "mini",
        "controls": ["promotional"],
        "channels": ["email"],
        "contact": { "email": ADDRESS, "name": "Ada" },
    })
}
