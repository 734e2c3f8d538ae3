//! What data subjects do, and what callers do in their name.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::{Answer, Caller, Someone, World, a_consent, everything, merged};

impl World {
    /// Somebody of whom nothing is known yet.
    pub async fn someone(&self) -> Someone {
        let id = format!("customer-{}", self.people.fetch_add(1, Ordering::Relaxed) + 1);
        let told = self.get(&format!("/v1/subjects/{id}")).await.is(200);
        let pseudonym = told.body["subject"].as_str().unwrap_or_default().to_owned();
        Someone { id, pseudonym }
    }

    /// Somebody who ticked every box of the bundled notice and every channel.
    pub async fn someone_who_granted_everything(&self) -> Someone {
        let someone = self.someone().await;
        self.grant(&someone, everything()).await.is(201);
        someone
    }

    /// Capture a consent of a signed-in person under the bundled notice, with what `asked` says otherwise.
    pub async fn grant(&self, someone: &Someone, asked: Value) -> Answer {
        let key = format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed) + 1);
        self.grant_keyed(someone, &key, asked).await
    }

    pub async fn grant_keyed(&self, someone: &Someone, key: &str, asked: Value) -> Answer {
        let asked = merged(a_consent(), asked).to_string();
        let path = format!("/v1/subjects/{}/consents", someone.id);
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
        self.send("POST", &path, &headers, asked.into_bytes()).await
    }

    pub async fn withdraw(&self, someone: &Someone, asked: Value) -> Answer {
        self.post(&format!("/v1/subjects/{}/withdrawals", someone.id), asked)
            .await
    }

    pub async fn withdraw_all(&self, someone: &Someone) -> Answer {
        self.withdraw(someone, json!({ "all": true })).await
    }

    pub async fn object(&self, someone: &Someone) -> Answer {
        self.withdraw(someone, json!({ "objection": true })).await
    }

    /// The staff erase somebody, on its request.
    pub async fn erase(&self, someone: &Someone) -> Answer {
        let path = format!("/v1/subjects/{}/erasure", someone.id);
        let headers = [("content-type", "application/json")];
        self.send_as(Caller::Staff, "POST", &path, &headers, b"{}".to_vec())
            .await
    }

    /// Tie somebody to a dealer.
    pub async fn relate(
        &self,
        someone: &Someone,
        dealer: &str,
        kind: &str,
        relation: &str,
        facts: Value,
    ) -> Answer {
        self.put(&relation_path(someone, dealer, kind, relation), facts)
            .await
    }

    pub async fn part(&self, someone: &Someone, dealer: &str, kind: &str, relation: &str) -> Answer {
        self.send(
            "DELETE",
            &relation_path(someone, dealer, kind, relation),
            &[],
            Vec::new(),
        )
        .await
    }

    /// Change the profile with what the subject itself says.
    pub async fn patch_profile(&self, someone: &Someone, patch: Value) -> Answer {
        self.patch_profile_from(someone, "subject", patch).await
    }

    /// Change the profile with what comes from some source.
    pub async fn patch_profile_from(&self, someone: &Someone, source: &str, patch: Value) -> Answer {
        let path = format!("/v1/subjects/{}/profile?source={source}", someone.id);
        let headers = [("Content-Type", "application/merge-patch+json")];
        self.send("PATCH", &path, &headers, patch.to_string().into_bytes())
            .await
    }
}

fn relation_path(someone: &Someone, dealer: &str, kind: &str, relation: &str) -> String {
    format!("/v1/subjects/{}/relations/{dealer}/{kind}/{relation}", someone.id)
}
