//! What the campaign service does: it declares campaigns, and reports what became of its e-mails.

use platform::store::Store;
use serde_json::{Value, json};

use super::{Answer, Someone, World, merged};

/// The queue of reports in the template.
pub const INTERACTIONS: &str = "Interactions";

impl World {
    /// Declare a campaign: an offer for marketing by BMW, but for what is said otherwise.
    pub async fn declare(&self, campaign: &str, otherwise: Value) -> Answer {
        let usual = json!({ "purpose": "marketing", "message_type": "offer", "brand": "bmw" });
        self.put(&format!("/v1/campaigns/{campaign}"), merged(usual, otherwise))
            .await
    }

    /// An event with a mail of the campaign `spring`, sent and happened now, but for what is said otherwise.
    pub fn event(&self, someone: &Someone, kind: &str, otherwise: Value) -> Value {
        let usual = json!({
            "id": "an-id-of-the-campaign-service",
            "campaign": "spring",
            "subject": someone.pseudonym,
            "kind": kind,
            "at": self.now().to_string(),
        });
        merged(usual, otherwise)
    }

    /// Events arrive in one message, and are taken in.
    ///
    /// # Panics
    ///
    /// If they are not.
    pub async fn report(&self, events: Vec<Value>) {
        self.arrive(&json!({ "events": events }).to_string()).await;
        assert_eq!(
            self.sqs.bodies(INTERACTIONS),
            Vec::<String>::new(),
            "not taken in"
        );
    }

    /// Any message of the campaign service.
    ///
    /// # Panics
    ///
    /// If the queue does not take it.
    pub async fn arrive(&self, message: &str) {
        let endpoints = self.system.lock().await.endpoints.clone();
        let sending = local::sdk::sqs(&endpoints.sqs)
            .send_message()
            .queue_url(&endpoints.queues[INTERACTIONS]);
        sending
            .message_body(message)
            .send()
            .await
            .expect("a queue that takes messages");
        self.settle().await;
    }

    /// What is stored of somebody's interactions, field by field; no door shows it.
    ///
    /// # Panics
    ///
    /// If it cannot be read.
    pub async fn tracked(&self, someone: &Someone) -> Value {
        let endpoints = self.system.lock().await.endpoints.clone();
        let client = local::sdk::dynamodb(&endpoints.dynamodb);
        let store = Store::new(client, endpoints.table, policies::all());
        let subject = someone.pseudonym.parse().expect("a pseudonym");
        let category = "email-interaction".parse().expect("a category");
        let contents = store.contents(&subject, [&category].into_iter()).await;
        let content = contents.expect("a table").remove(&category);
        serde_json::to_value(content).unwrap_or_default()
    }

    pub async fn statistics(&self, campaign: &str) -> Value {
        self.get(&format!("/v1/campaigns/{campaign}/statistics"))
            .await
            .is(200)
            .body
    }

    /// Why mail to somebody is held back, as the campaign service is told; empty where it is not.
    ///
    /// # Panics
    ///
    /// If mail is not allowed.
    pub async fn suppressed(&self, someone: &Someone) -> String {
        let question = json!({ "who": "campaign-service", "channel": "email" });
        let answer = self.decide(someone, question).await;
        assert_eq!(answer["allowed"], true, "{answer}");
        answer["suppressed"].as_str().unwrap_or_default().to_owned()
    }
}
