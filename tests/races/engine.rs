//! A table that loses its answers, or gives none.

use std::sync::Arc;

use serde_json::{Value, json};
use tests::{Call, Fate, World, everything};
use tokio::task::JoinSet;

use crate::{appends, versions};

#[tokio::test]
async fn a_capture_whose_answer_the_table_lost_is_one_act() {
    let world = World::at_noon().await;
    let someone = world.someone().await;

    world.calls.once(Fate::AnswerLost, appends);
    let told = world.grant_keyed(&someone, "form-1", everything()).await.is(201);
    assert_eq!(told.version(), 1);
    assert_eq!(world.history(&someone).await.len(), 1);

    world.calls.judge(|call| {
        if appends(call) {
            Fate::AnswerLost
        } else {
            Fate::Answered
        }
    });
    let other = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant_keyed(&someone, "form-2", other.clone()).await.is(503);
    world.calls.heal();
    let told = world.grant_keyed(&someone, "form-2", other).await.is(201);
    assert_eq!(told.version(), 2);
    assert_eq!(world.history(&someone).await.len(), 2);
    world.chain_is_unbroken(&someone).await;
}

#[tokio::test]
async fn a_withdrawal_whose_answer_the_table_lost_is_one_act() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.calls.once(Fate::AnswerLost, appends);

    world.withdraw_all(&someone).await.is(200);

    assert_eq!(versions(&world.history(&someone).await), [1, 2]);
    assert!(!world.may(&someone, "bmw-ag", "email").await);
}

#[tokio::test]
async fn evidence_and_profile_are_written_once_though_the_tables_answer_was_lost() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let transacts = |call: &Call| call.operation == "TransactWriteItems";
    let proof = json!({ "evidence": { "kind": "signed-in", "address": "192.0.2.7" } });

    world.calls.once(Fate::AnswerLost, transacts);
    world
        .grant(&someone, tests::merged(everything(), proof))
        .await
        .is(201);
    world.calls.once(Fate::AnswerLost, transacts);
    world
        .patch_profile(&someone, json!({ "contact": { "city": "Milano" } }))
        .await
        .is(200);
    world.settle().await;

    assert_eq!(versions(&world.history(&someone).await), [1, 2]);
    assert_eq!(
        world.holds("bmw-ag", &someone).content["contact"],
        json!({ "city": "Milano" })
    );
}

#[tokio::test]
async fn while_the_engine_does_not_answer_everybody_is_asked_to_come_back() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-one").await;
    let id = &someone.id;
    let (consents, withdrawals) = (
        format!("/v1/subjects/{id}/consents"),
        format!("/v1/subjects/{id}/withdrawals"),
    );
    let (profile, relation) = (
        format!("/v1/subjects/{id}/profile?source=subject"),
        format!("/v1/subjects/{id}/relations/dealer-one/service/contract-1"),
    );
    let consent = tests::merged(tests::a_consent(), everything());
    let question = json!({ "subject": id, "who": "bmw-ag", "purpose": "marketing", "channel": "email" });
    let recipient = json!({
        "kind": "dealer", "role": "separate-controller", "authorised": true, "endpoint": "http://127.0.0.1:9/x",
    });
    let requests = [
        ("POST", consents, consent),
        ("POST", withdrawals, json!({ "all": true })),
        (
            "POST",
            "/v1/decisions".to_owned(),
            json!({ "questions": [question] }),
        ),
        ("GET", format!("/v1/subjects/{id}"), Value::Null),
        ("GET", format!("/v1/subjects/{id}/history"), Value::Null),
        ("GET", format!("/v1/subjects/{id}/view-as/bmw-ag"), Value::Null),
        ("PATCH", profile, json!({ "contact": { "city": "Milano" } })),
        ("PUT", relation.clone(), json!({})),
        ("DELETE", relation, Value::Null),
        ("PUT", "/v1/recipients/dealer-two".to_owned(), recipient),
        ("GET", "/v1/recipients/dealer-one".to_owned(), Value::Null),
    ];
    let before = world.history(&someone).await;

    world.calls.cut_off();
    let mut answers = JoinSet::new();
    for (method, path, body) in requests {
        let world = world.clone();
        answers.spawn(async move {
            let media = if method == "PATCH" {
                "application/merge-patch+json"
            } else {
                "application/json"
            };
            let headers = [("Content-Type", media), ("Idempotency-Key", "k")];
            let answer = world
                .send(method, &path, &headers, body.to_string().into_bytes())
                .await;
            (format!("{method} {path}"), answer)
        });
    }
    let answers = answers.join_all().await;
    world.calls.heal();

    assert_eq!(answers.len(), 11);
    for (request, answer) in answers {
        assert_eq!(
            (answer.status, answer.problem()),
            (503, "unavailable"),
            "{request}: {}",
            answer.text
        );
        assert_eq!(answer.header("retry-after"), "2", "{request}");
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{request}"
        );
    }
    assert_eq!(world.history(&someone).await, before);
}
