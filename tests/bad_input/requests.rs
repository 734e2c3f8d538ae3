//! What no request of any route may look like.

use serde_json::{Value, json};
use tests::{World, a_consent, everything, merged};

use crate::{Bad, Expected, Headers, JSON, KEY, PATCH, bad, refused};

#[tokio::test]
#[rustfmt::skip]
async fn no_route_takes_what_is_not_a_subject_id_or_a_parameter_of_its_own() {
    let (consents, withdrawals) = ("/v1/subjects/{}/consents", "/v1/subjects/{}/withdrawals");
    let (profile, relation) = (
        "/v1/subjects/{}/profile?source=subject",
        "/v1/subjects/{}/relations/dealer-one/service/c-1",
    );
    let consent = merged(a_consent(), everything());
    let routes: [(&str, &str, Value, Headers); 8] = [
        ("POST", consents, consent, &[JSON, KEY]),
        ("POST", withdrawals, json!({ "all": true }), &[JSON]),
        ("PATCH", profile, json!({ "contact": { "city": "x" } }), &[PATCH]),
        ("PUT", relation, json!({}), &[JSON]),
        ("DELETE", relation, Value::Null, &[]),
        ("GET", "/v1/subjects/{}", Value::Null, &[]),
        ("GET", "/v1/subjects/{}/history", Value::Null, &[]),
        ("GET", "/v1/subjects/{}/view-as/bmw-ag", Value::Null, &[]),
    ];
    let too_long = "x".repeat(129);
    let subjects = [
        ("an e-mail address", "ada@example.org", "contact-data"),
        ("an encoded e-mail address", "ada%40example.org", "contact-data"),
        ("a phone number", "+393331234567", "contact-data"),
        ("a phone number", "333-123%204567", "contact-data"),
        ("too long", &too_long, "malformed"),
        ("a space", "%20", "malformed"),
        ("a slash", "a%2Fb", "malformed"),
        ("a zero", "a%00b", "malformed"),
        ("no UTF-8", "%FF", "malformed"),
        ("a letter of another script", "%C3%BC", "malformed"),
        ("half a pseudonym", "sub_lovelace", "malformed"),
    ];
    let mut all = Vec::new();
    for (method, path, body, headers) in routes {
        for (why, subject, problem) in subjects {
            let path = path.replace("{}", subject);
            all.push(bad(why, method, &path, headers, body.clone(), (400, problem, "path subject")));
        }
        let path = format!(
            "{path}{}lovelace=ada@example.org",
            if path.contains('?') { '&' } else { '?' }
        );
        all.push(bad("an unknown parameter", method, &path, headers, body, (400, "malformed", "query")));
    }
    let decisions = json!({ "questions": [{ "subject": "customer-1", "who": "bmw-ag", "purpose": "care", "channel": "sms" }] });
    all.push(bad("an unknown parameter", "POST", "/v1/decisions?at=now", &[JSON], decisions, (400, "malformed", "query")));
    all.push(bad("an unknown parameter", "GET", "/v1/recipients/bmw-ag?x=1", &[], Value::Null, (400, "malformed", "query")));
    refused(all).await;
}

#[tokio::test]
async fn no_route_takes_a_body_that_is_too_big_or_not_the_json_that_it_says() {
    let (consents, withdrawals) = ("/v1/subjects/{}/consents", "/v1/subjects/{}/withdrawals");
    let (profile, relation) = (
        "/v1/subjects/{}/profile?source=subject",
        "/v1/subjects/{}/relations/dealer-one/service/c-1",
    );
    let routes = [
        ("POST", consents, JSON),
        ("POST", withdrawals, JSON),
        ("POST", "/v1/decisions", JSON),
        ("PATCH", profile, PATCH),
        ("PUT", relation, JSON),
        ("PUT", "/v1/recipients/dealer-two", JSON),
    ];
    let too_big = format!("{{\"lovelace\":\"{}\"}}", "x".repeat(64 * 1024));
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies: [(&str, &[u8], Expected); 8] = [
        ("too big", too_big.as_bytes(), (413, "too-large", "")),
        (
            "no UTF-8",
            b"{\"lovelace\":\"\xFF\xFE\"}",
            (400, "invalid-utf-8", ""),
        ),
        ("no JSON", b"{lovelace}", (400, "malformed", "")),
        ("half of it", b"{\"", (400, "malformed", "")),
        ("two of them", b"{} {}", (400, "malformed", "")),
        ("a list for an object", b"[true]", (400, "malformed", "")),
        ("a number", b"3331234567", (400, "malformed", "")),
        ("very deep", deep.as_bytes(), (400, "malformed", "")),
    ];
    let mut all = Vec::new();
    for (method, path, media) in routes {
        for (why, body, expected) in bodies {
            let mut bad = bad(why, method, path, &[media, KEY], Value::Null, expected);
            bad.body = body.to_vec();
            all.push(bad);
        }
        for wrong in ["text/plain", "application/x-www-form-urlencoded", "lovelace", ""] {
            let headers = [("Content-Type", wrong), KEY];
            let expected = (415, "unsupported-media-type", "header Content-Type");
            all.push(bad(
                "another media type",
                method,
                path,
                &headers,
                json!({}),
                expected,
            ));
        }
    }
    // Only a profile takes names that are not ours so far as to break off behind one.
    let mut broken = bad(
        "half a value",
        "PATCH",
        profile,
        &[PATCH],
        Value::Null,
        (400, "malformed", ""),
    );
    broken.body = br#"{"lovelace":{"ada-lovelace":tru}}"#.to_vec();
    all.push(broken);
    // Where a route asks for something by name, a lone `{}` lacks it before the second value is looked at.
    let lenient =
        |bad: &Bad| bad.why != "two of them" || bad.path.ends_with("withdrawals") || bad.method == "PATCH";
    all.retain(lenient);
    refused(all).await;
}

#[tokio::test]
#[rustfmt::skip]
async fn a_bad_key_or_condition_is_refused_and_changes_nothing() {
    let long = "k".repeat(256).leak();
    let consent = |why, headers: Headers, expected: Expected| {
        let asked = merged(a_consent(), everything());
        bad(why, "POST", "/v1/subjects/{}/consents", &[&[JSON], headers].concat(), asked, expected)
    };
    let withdrawal = |why, header, expected: Expected| bad(why, "POST", "/v1/subjects/{}/withdrawals", &[JSON, header], json!({ "all": true }), expected);
    let profile = |why, header, expected: Expected| {
        let patch = json!({ "contact": { "city": "lovelace" } });
        bad(why, "PATCH", "/v1/subjects/{}/profile?source=subject", &[PATCH, header], patch, expected)
    };
    let relation = |why, method, header, expected: Expected| {
        let path = "/v1/subjects/{}/relations/dealer-one/service/c-1";
        bad(why, method, path, &[JSON, header], json!({}), expected)
    };
    let (stale, none_match) = (
        (412, "other-version", "header If-Match"),
        (412, "already-known", "header If-None-Match"),
    );
    let (key, only_match) = (
        (400, "malformed", "header Idempotency-Key"),
        (400, "malformed", "header If-Match"),
    );
    refused(vec![
        consent("no key", &[], (400, "key-missing", "header Idempotency-Key")),
        consent("an empty key", &[("Idempotency-Key", "")], key),
        consent("an empty key", &[("Idempotency-Key", "\"\"")], key),
        consent("a long key", &[("Idempotency-Key", long)], key),
        consent("no plain text", &[("Idempotency-Key", "ü")], key),
        consent("the key of another body", &[("Idempotency-Key", "taken")], (422, "key-reused", "header Idempotency-Key")),
        consent("stale", &[KEY, ("If-Match", "\"7\"")], stale),
        consent("no tag", &[KEY, ("If-Match", "lovelace")], only_match),
        consent("a weak tag", &[KEY, ("If-Match", "W/\"1\"")], only_match),
        consent("known", &[KEY, ("If-None-Match", "*")], none_match),
        consent("not understood", &[KEY, ("If-None-Match", "\"1\"")], (400, "malformed", "header If-None-Match")),
        withdrawal("stale", ("If-Match", "\"1\""), stale),
        withdrawal("known", ("If-None-Match", "*"), none_match),
        profile("stale", ("If-Match", "\"1\""), stale),
        profile("no tag", ("If-Match", "2"), only_match),
        relation("stale", "PUT", ("If-Match", "\"1\""), stale),
        relation("stale", "DELETE", ("If-Match", "\"1\""), stale),
    ])
    .await;
}

#[tokio::test]
async fn what_no_route_knows_gets_the_gateways_own_answer() {
    let world = World::at_noon().await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/v2/subjects/customer-1"),
        ("DELETE", "/v1/subjects/customer-1"),
        ("GET", "/v1/subjects/"),
        ("POST", "/v1/subjects//consents"),
        ("GET", "/v1/subjects/customer-1/lovelace"),
    ] {
        let answer = world.send(method, path, &[], Vec::new()).await.is(404);
        assert_eq!(answer.text, "{\"message\":\"Not Found\"}", "{method} {path}");
    }
    let huge = world
        .send("POST", "/v1/decisions", &[JSON], vec![b' '; 11 * 1024 * 1024])
        .await
        .is(413);
    assert_eq!(huge.text, "{\"message\":\"Request Entity Too Large\"}");
}
