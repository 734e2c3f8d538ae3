//! The notice's lists, and answers in short, as the tests of the rules say them.

use serde_json::{Value, json};

use crate::{Someone, World};

/// What is shared with nobody, K13 and K14 (S23).
pub const UNSHARED: [&str; 2] = ["email-interaction", "cooperation-partner"];

impl World {
    /// The answer to a question in short: `allowed`, or the rule and the word for which it is denied, such
    /// as `S06 no-relation`.
    pub async fn verdict(&self, someone: &Someone, question: Value) -> String {
        verdict(&self.decide(someone, question).await)
    }

    /// The same on the use of each category by a party, for marketing.
    pub async fn verdicts(&self, someone: &Someone, who: &str, categories: &[&str]) -> Vec<String> {
        let questions = categories.iter().map(|category| {
            json!({ "subject": someone.id, "who": who, "purpose": "marketing", "category": category })
        });
        let answers = self.decisions(questions.collect()).await;
        answers.iter().map(verdict).collect()
    }

    /// Somebody who granted everything, and of whom something is known in every category that an update
    /// may write.
    ///
    /// # Panics
    ///
    /// If the consent or the content is refused.
    pub async fn someone_well_known(&self) -> Someone {
        let someone = self.someone_who_granted_everything().await;
        self.patch_profile(&someone, a_full_profile()).await.is(200);
        someone
    }
}

/// `allowed`, or the rule and the word for which it is denied.
pub fn verdict(answer: &Value) -> String {
    if answer["allowed"] == true {
        return "allowed".to_owned();
    }
    let said = |name: &str| answer["reasons"][0][name].as_str().unwrap_or_default().to_owned();
    format!("{} {}", said("rule"), said("code"))
}

/// Something in every category that an update may write.
pub fn a_full_profile() -> Value {
    json!({
        "contact": { "email": "someone@example.com", "phone": "+39 02 000000" },
        "identifying": { "customer-number": "C-1" },
        "vehicle": { "model": "i4" },
        "vehicle-of-interest": { "model": "iX" },
        "preferences": { "interests": ["golf"] },
        "campaigns": { "campaign": "spring" },
        "programme-participation": { "programmes": ["club"] },
        "customer-history": { "purchases": 2 },
        "vehicle-usage": { "mileage": 12_000 },
        "app-web-usage": { "app-usage": "daily" },
        "recommended-actions": { "action": "call" },
        "cooperation-partner": { "partner": "charging" },
    })
}
