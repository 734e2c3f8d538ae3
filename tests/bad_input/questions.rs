//! What is asked.

use serde_json::{Value, json};
use tests::{World, merged};

use crate::{Expected, JSON, bad, refused};

#[tokio::test]
#[rustfmt::skip]
async fn a_bad_question_is_refused_and_an_unknown_word_is_denied() {
    let question = |why, asked: Value, expected: Expected| {
        let usual =
            json!({ "subject": "customer-1", "who": "bmw-ag", "purpose": "marketing", "channel": "email" });
        let asked = json!({ "questions": [usual.clone(), merged(usual, asked)] });
        bad(why, "POST", "/v1/decisions", &[JSON], asked, expected)
    };
    let questions = |why, times: usize| {
        let one =
            json!({ "subject": "customer-1", "who": "bmw-ag", "purpose": "marketing", "channel": "email" });
        let asked = json!({ "questions": vec![one; times] });
        bad(why, "POST", "/v1/decisions", &[JSON], asked, (400, "malformed", "/questions"))
    };
    refused(vec![
        questions("no question", 0),
        questions("too many questions", 101),
        bad("no list", "POST", "/v1/decisions", &[JSON], json!({}), (400, "malformed", "/questions")),
        bad("no object", "POST", "/v1/decisions", &[JSON], json!([]), (400, "malformed", "")),
        question("unknown field", json!({ "lovelace": 1 }), (400, "malformed", "/questions/1/?")),
        question("wrong type", json!({ "purpose": 1 }), (400, "malformed", "/questions/1/purpose")),
        question("no code", json!({ "purpose": "ada@example.org" }), (400, "malformed", "/questions/1/purpose")),
        question("no code", json!({ "channel": "ada@example.org" }), (400, "malformed", "/questions/1/channel")),
        question("no code", json!({ "category": "ada@example.org" }), (400, "malformed", "/questions/1/category")),
        question("no code", json!({ "who": "ada@example.org" }), (400, "malformed", "/questions/1/who")),
        question("nothing asked", json!({ "channel": null }), (422, "nothing-asked", "/questions/1")),
        question("no instant", json!({ "at": "lovelace" }), (400, "malformed", "/questions/1/at")),
        question("future", json!({ "at": "2026-03-02T12:06:00Z" }), (422, "in-the-future", "/questions/1/at")),
        question("future", json!({ "known_at": "2027-01-01T00:00:00Z" }), (422, "in-the-future", "/questions/1/known_at")),
        question("no subject", json!({ "subject": "" }), (400, "malformed", "/questions/1/subject")),
        question("an address", json!({ "subject": "ada@example.org" }), (400, "contact-data", "/questions/1/subject")),
        question("a number", json!({ "subject": "+39 333 1234567" }), (400, "contact-data", "/questions/1/subject")),
        question("half a pseudonym", json!({ "subject": "sub_lovelace" }), (400, "malformed", "/questions/1/subject")),
    ])
    .await;

    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let denied = [
        (json!({ "purpose": "credit-scoring" }), "S26"),
        (json!({ "channel": "fax" }), "S30"),
        (json!({ "category": "salary" }), "S36"),
        (json!({ "who": "nobody" }), "S06"),
    ];
    for (asked, rule) in denied {
        let question = merged(json!({ "who": "bmw-ag", "channel": "email" }), asked.clone());
        let answer = world.decide(&someone, question).await;
        assert_eq!(
            (&answer["allowed"], &answer["reasons"][0]["rule"]),
            (&json!(false), &json!(rule)),
            "{asked}"
        );
    }
}

#[tokio::test]
#[rustfmt::skip]
async fn a_bad_instant_or_recipient_in_a_question_about_a_record_is_refused() {
    let get = |why, path: &str, expected: Expected| bad(why, "GET", &format!("/v1/subjects/{{}}{path}"), &[], Value::Null, expected);
    refused(vec![
        get("no instant", "?at=lovelace", (400, "malformed", "query at")),
        get("empty", "?at=", (400, "malformed", "query at")),
        get("twice", "?at=2026-03-01T00:00:00Z&at=2026-03-01T00:00:00Z", (400, "malformed", "query at")),
        get("future", "?at=2026-03-02T12:05:01Z", (422, "in-the-future", "query at")),
        get("future", "?known_at=2027-03-02T12:05:01Z", (422, "in-the-future", "query known_at")),
        get("unknown recipient", "/view-as/dealer-nine", (404, "unknown-recipient", "path recipient")),
        get("no code", "/view-as/Lovelace", (400, "malformed", "path recipient")),
        get("no UTF-8", "/view-as/%FF", (400, "malformed", "path recipient")),
    ])
    .await;
}
