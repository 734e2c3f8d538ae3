//! Malformed, oversized and hostile requests: each gets a problem that names the field and repeats nothing
//! personal, and changes nothing.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{Answer, Someone, World, a_consent, everything, merged};

/// What a form or a caller may put into the wrong place. None of it may come back.
const PERSONAL: [&str; 5] = [
    "lovelace",
    "ada@example.org",
    "+39 333 1234567",
    "3331234567",
    "RSSMRA80A01F205X",
];
const JSON: (&str, &str) = ("Content-Type", "application/json");
const PATCH: (&str, &str) = ("Content-Type", "application/merge-patch+json");
const KEY: (&str, &str) = ("Idempotency-Key", "form-9");

/// One bad request, and the problem that it must be.
struct Bad {
    why: &'static str,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    problem: &'static str,
    field: &'static str,
}

type Expected = (u16, &'static str, &'static str);
type Headers<'a> = &'a [(&'static str, &'static str)];

#[tokio::test]
#[rustfmt::skip]
async fn a_bad_consent_is_refused_and_changes_nothing() {
    let consent = |why, asked: Value, expected: Expected| {
        let asked = merged(merged(a_consent(), everything()), asked);
        bad(why, "POST", "/v1/subjects/{}/consents", &[JSON, KEY], asked, expected)
    };
    let without = |name: &'static str| {
        let mut asked = merged(a_consent(), everything());
        asked.as_object_mut().unwrap().remove(name);
        let field = format!("/{name}").leak();
        bad("a field is missing", "POST", "/v1/subjects/{}/consents", &[JSON, KEY], asked, (400, "malformed", field))
    };
    let notice = |id: Value, version: Value, language: Value| json!({ "notice": { "id": id, "version": version, "language": language } });
    let evidence = |evidence: Value| json!({ "evidence": evidence });
    refused(vec![
        without("notice"),
        without("brand"),
        without("source"),
        consent("unknown field", json!({ "lovelace": 1 }), (400, "malformed", "/?")),
        consent("unknown field", json!({ "ada@example.org": 1 }), (400, "malformed", "/?")),
        consent("inner unknown field", evidence(json!({ "lovelace": "ada@example.org" })), (400, "malformed", "/evidence/?")),
        consent("wrong type", json!({ "controls": "ada@example.org" }), (400, "malformed", "/controls")),
        consent("wrong type", json!({ "channels": [7] }), (400, "malformed", "/channels/0")),
        consent("wrong type", json!({ "channels": null }), (400, "malformed", "/channels")),
        consent("wrong type", json!({ "notice": "ada@example.org" }), (400, "malformed", "/notice")),
        consent("a list for an object", json!({ "notice": [tests::BUNDLED, 1, "it"] }), (400, "malformed", "/notice")),
        consent("a list for an object", json!({ "evidence": ["signed-in", "ada@example.org"] }), (400, "malformed", "/evidence")),
        consent("no code", json!({ "channels": ["email", "ada@example.org"] }), (400, "malformed", "/channels/1")),
        consent("no facet", json!({ "facets": ["+39 333 1234567"] }), (400, "malformed", "/facets/0")),
        consent("unknown control", json!({ "controls": ["lovelace"] }), (422, "unknown-control", "/controls/0")),
        consent("unknown channel", json!({ "channels": ["fax"] }), (422, "unknown-channel", "/channels/0")),
        consent("unknown purpose", json!({ "facets": ["gifts/email"] }), (422, "unknown-facet", "/facets/0")),
        consent("no such sharing", json!({ "facets": ["sharing/processor"] }), (422, "unknown-facet", "/facets/0")),
        consent("unknown separate consent", json!({ "facets": ["separate/lovelace"] }), (422, "unknown-facet", "/facets/0")),
        consent("unknown brand", json!({ "brand": "lovelace" }), (422, "unknown-brand", "/brand")),
        consent("nothing ticked", json!({ "controls": [] }), (422, "nothing-granted", "/controls")),
        consent("unknown notice", notice(json!("lovelace"), json!(1), json!("it")), (422, "unknown-notice", "/notice")),
        consent("unknown version", notice(json!(tests::BUNDLED), json!(99), json!("it")), (422, "unknown-notice", "/notice")),
        consent("no version", notice(json!(tests::BUNDLED), json!("1"), json!("it")), (400, "malformed", "/notice/version")),
        consent("negative version", notice(json!(tests::BUNDLED), json!(-1), json!("it")), (400, "malformed", "/notice/version")),
        consent("huge version", notice(json!(tests::BUNDLED), json!(1e300), json!("it")), (400, "malformed", "/notice/version")),
        consent("unknown language", notice(json!(tests::BUNDLED), json!(1), json!("fr")), (422, "unknown-language", "/notice/language")),
        consent("unknown source", json!({ "source": "lovelace" }), (400, "malformed", "/source")),
        consent("unknown proof", evidence(json!({ "kind": "lovelace" })), (400, "malformed", "/evidence/kind")),
        consent("too long", evidence(json!({ "note": "lovelace ".repeat(100) })), (400, "malformed", "/evidence/note")),
        consent("future", json!({ "happened_at": "2026-03-02T12:05:00.001Z" }), (422, "in-the-future", "/happened_at")),
        consent("no date", json!({ "happened_at": "ada@example.org" }), (400, "malformed", "/happened_at")),
        consent("no zone", json!({ "happened_at": "2026-03-02T12:00:00" }), (400, "malformed", "/happened_at")),
        consent("no number", json!({ "happened_at": 1_700_000_000 }), (400, "malformed", "/happened_at")),
        consent("long ago", json!({ "happened_at": "0001-01-01T00:00:00Z" }), (400, "malformed", "/happened_at")),
        consent("far away", json!({ "happened_at": "9999-12-01T00:00:00Z" }), (422, "in-the-future", "/happened_at")),
    ])
    .await;
}

#[tokio::test]
#[rustfmt::skip]
async fn a_bad_withdrawal_is_refused_and_changes_nothing() {
    let withdrawal = |why, asked: Value, expected: Expected| bad(why, "POST", "/v1/subjects/{}/withdrawals", &[JSON], asked, expected);
    refused(vec![
        withdrawal("nothing named", json!({}), (422, "nothing-withdrawn", "/all")),
        withdrawal("not all, and nothing named", json!({ "all": false }), (422, "nothing-withdrawn", "/all")),
        withdrawal("a contradiction", json!({ "all": true, "channels": ["email"] }), (422, "contradiction", "/all")),
        withdrawal("a contradiction", json!({ "objection": true, "purposes": ["care"] }), (422, "contradiction", "/all")),
        withdrawal("unknown purpose", json!({ "purposes": ["care", "lovelace"] }), (422, "unknown-purpose", "/purposes/1")),
        withdrawal("unknown channel", json!({ "channels": ["fax"] }), (422, "unknown-channel", "/channels/0")),
        withdrawal("unknown facet", json!({ "facets": ["separate/lovelace"] }), (422, "unknown-facet", "/facets/0")),
        withdrawal("unknown field", json!({ "all": true, "lovelace": "ada@example.org" }), (400, "malformed", "/?")),
        withdrawal("wrong type", json!({ "all": "ada@example.org" }), (400, "malformed", "/all")),
        withdrawal("wrong type", json!({ "objection": 1 }), (400, "malformed", "/objection")),
        withdrawal("no code", json!({ "channels": ["ada@example.org"] }), (400, "malformed", "/channels/0")),
        withdrawal("unknown source", json!({ "all": true, "source": "lovelace" }), (400, "malformed", "/source")),
        withdrawal("future", json!({ "all": true, "happened_at": "2026-03-02T12:06:00Z" }), (422, "in-the-future", "/happened_at")),
        withdrawal("future", json!({ "objection": true, "happened_at": "2026-03-03T12:00:00Z" }), (422, "in-the-future", "/happened_at")),
    ])
    .await;
}

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
async fn a_bad_profile_is_refused_as_a_whole() {
    let profile = |why, patch: Value, expected: Expected| bad(why, "PATCH", "/v1/subjects/{}/profile?source=subject", &[PATCH], patch, expected);
    let from = |why, query: &str, expected: Expected| {
        let path = format!("/v1/subjects/{{}}/profile{query}");
        bad(why, "PATCH", &path, &[PATCH], json!({ "contact": { "city": "lovelace" } }), expected)
    };
    let good = json!({ "contact": { "email": "ada@example.org", "family-name": "lovelace" } });
    let and = |patch: Value| merged(good.clone(), patch);
    refused(vec![
        profile("unknown category", and(json!({ "salary": { "amount": 1 } })), (422, "unknown-category", "/?")),
        profile("no category", and(json!({ "ada@example.org": {} })), (422, "unknown-category", "/?")),
        profile("the consent itself", and(json!({ "promotional-consent": { "x": 1 } })), (422, "not-a-profile-category", "/promotional-consent")),
        profile("tracking", and(json!({ "email-interaction": { "receipt": 1 } })), (422, "not-a-profile-category", "/email-interaction")),
        profile("unknown item", and(json!({ "vehicle": { "lovelace": 1 } })), (422, "unknown-field", "/vehicle/?")),
        profile("no item", and(json!({ "vehicle": { "RSSMRA80A01F205X": 1 } })), (422, "unknown-field", "/vehicle/?")),
        profile("an object", and(json!({ "vehicle": { "model": { "lovelace": 1 } } })), (422, "unfit-value", "/vehicle/?")),
        profile("too long", and(json!({ "vehicle": { "model": "lovelace".repeat(200) } })), (422, "unfit-value", "/vehicle/?")),
        profile("too many", and(json!({ "vehicle": { "vehicles": vec!["x"; 51] } })), (422, "unfit-value", "/vehicle/?")),
        profile("a text", and(json!({ "vehicle": "lovelace" })), (400, "malformed", "/?")),
        profile("a list", json!(["lovelace"]), (400, "malformed", "")),
        from("no source", "", (400, "malformed", "query source")),
        from("empty source", "?source=", (400, "malformed", "query source")),
        from("unknown source", "?source=lovelace", (422, "unknown-source", "query source")),
        from("no code", "?source=ada@example.org", (400, "malformed", "query source")),
        from("twice", "?source=subject&source=subject", (400, "malformed", "query source")),
        from("unknown parameter", "?source=subject&lovelace=1", (400, "malformed", "query")),
    ])
    .await;

    let world = World::at_noon().await;
    let someone = world.someone().await;
    let basic = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant(&someone, basic).await.is(201);
    let before = known(&world, &someone).await;
    for (category, field) in [
        ("vehicle-usage", "mileage"),
        ("app-web-usage", "app-usage"),
        ("cooperation-partner", "partner"),
    ] {
        let patch = merged(good.clone(), json!({ category: { field: 1 } }));
        let refused = world.patch_profile(&someone, patch).await.is(422);
        assert_eq!(refused.problem(), "category-without-consent");
        assert_eq!(refused.body["field"], format!("/{category}"));
        assert_eq!(refused.body["rules"], json!(["S40"]));
    }
    assert_eq!(known(&world, &someone).await, before);
}

#[tokio::test]
#[rustfmt::skip]
async fn a_bad_relation_is_refused_and_changes_nothing() {
    let relation = |why, path: &str, facts: Value, expected: Expected| {
        let path = format!("/v1/subjects/{{}}/relations/{path}");
        bad(why, "PUT", &path, &[JSON], facts, expected)
    };
    let end = |why, path: &str, expected: Expected| {
        let path = format!("/v1/subjects/{{}}/relations/{path}");
        bad(why, "DELETE", &path, &[], Value::Null, expected)
    };
    let purchase = "dealer-one/purchase/vehicle-1";
    refused(vec![
        relation("unknown dealer", "dealer-nine/purchase/vehicle-1", json!({}), (422, "unknown-recipient", "path recipient")),
        relation("no dealer", "bmw-ag/preferred/account", json!({}), (422, "not-a-dealer", "path recipient")),
        relation("unknown kind", "dealer-one/lovelace/vehicle-1", json!({}), (422, "unknown-relation-kind", "path kind")),
        relation("no code", "ada@example.org/purchase/vehicle-1", json!({}), (400, "malformed", "path recipient")),
        relation("no code", "dealer-one/RSSMRA80A01F205X/vehicle-1", json!({}), (400, "malformed", "path kind")),
        relation("no code", "dealer-one/purchase/RSSMRA80A01F205X", json!({}), (400, "malformed", "path relation")),
        relation("a space", "dealer-one/purchase/%20", json!({}), (400, "malformed", "path relation")),
        relation("a slash", "dealer-one/purchase/a%2Fb", json!({}), (400, "malformed", "path relation")),
        relation("a zero", "dealer-one/purchase/a%00", json!({}), (400, "malformed", "path relation")),
        relation("no UTF-8", "dealer-one/purchase/%FF", json!({}), (400, "malformed", "path relation")),
        relation("not delivered yet", purchase, json!({ "delivered_on": "2026-03-03" }), (422, "in-the-future", "/delivered_on")),
        relation("not begun yet", purchase, json!({ "since": "2026-03-03" }), (422, "in-the-future", "/since")),
        relation("nothing is delivered", "dealer-one/service/c-1", json!({ "delivered_on": "2026-03-01" }), (422, "no-delivery-here", "/delivered_on")),
        relation("no day", purchase, json!({ "delivered_on": "lovelace" }), (400, "malformed", "/delivered_on")),
        relation("no such day", purchase, json!({ "delivered_on": "2026-02-30" }), (400, "malformed", "/delivered_on")),
        relation("an instant", purchase, json!({ "since": "2026-03-01T00:00:00Z" }), (400, "malformed", "/since")),
        relation("wrong type", purchase, json!({ "since": 20260301 }), (400, "malformed", "/since")),
        relation("unknown field", purchase, json!({ "chassis-number": "RSSMRA80A01F205X" }), (400, "malformed", "/?")),
        end("no code", "ada@example.org/purchase/vehicle-1", (400, "malformed", "path recipient")),
        end("a slash", "dealer-one/purchase/a%2Fb", (400, "malformed", "path relation")),
        end("no UTF-8", "dealer-one/%FF/vehicle-1", (400, "malformed", "path kind")),
    ])
    .await;
}

#[tokio::test]
#[rustfmt::skip]
async fn a_bad_registration_is_refused_and_no_recipient_listens_inside_the_network() {
    let recipient = |why, id: &str, settings: Value, expected: Expected| {
        let usual = json!({
            "kind": "dealer", "role": "separate-controller", "authorised": true, "endpoint": "http://127.0.0.1:9/x",
        });
        bad(why, "PUT", &format!("/v1/recipients/{id}"), &[JSON], merged(usual, settings), expected)
    };
    let endpoint = |why, url: &str| {
        recipient(
            why,
            "dealer-two",
            json!({ "endpoint": url }),
            (422, "bad-endpoint", "/endpoint"),
        )
    };
    refused(vec![
        endpoint("cloud metadata", "http://169.254.169.254/latest/meta-data/"),
        endpoint("a name", "http://localhost:9/"),
        endpoint("another address", "http://127.0.0.2/"),
        endpoint("IPv6", "http://[::1]/"),
        endpoint("unspecified", "http://0.0.0.0/"),
        endpoint("a private network", "http://10.0.0.1/"),
        endpoint("mapped", "http://[::ffff:169.254.169.254]/"),
        endpoint("hidden behind a user", "http://127.0.0.1@evil.example/ada@example.org"),
        endpoint("a name that looks like it", "http://127.0.0.1.evil.example/"),
        endpoint("a file", "file:///etc/passwd"),
        endpoint("another scheme", "gopher://127.0.0.1/"),
        endpoint("no scheme", "//127.0.0.1/"),
        endpoint("no URL", "lovelace"),
        endpoint("nothing", ""),
        recipient("not a text", "dealer-two", json!({ "endpoint": 1 }), (400, "malformed", "/endpoint")),
        recipient("another kind", "dealer-one", json!({ "kind": "processor" }), (422, "kind-is-fixed", "/kind")),
        recipient("unknown kind", "dealer-two", json!({ "kind": "lovelace" }), (400, "malformed", "/kind")),
        recipient("unknown role", "dealer-two", json!({ "role": "lovelace" }), (400, "malformed", "/role")),
        recipient("wrong type", "dealer-two", json!({ "authorised": "lovelace" }), (400, "malformed", "/authorised")),
        recipient("unknown field", "dealer-two", json!({ "lovelace": 1 }), (400, "malformed", "/?")),
        recipient("no code", "Lovelace", json!({}), (400, "malformed", "path recipient")),
        recipient("an address", "ada@example.org", json!({}), (400, "malformed", "path recipient")),
        recipient("too long", &"x".repeat(41), json!({}), (400, "malformed", "path recipient")),
        bad("no code", "GET", "/v1/recipients/a%20b", &[], Value::Null, (400, "malformed", "path recipient")),
        bad("unknown", "GET", "/v1/recipients/dealer-two", &[], Value::Null, (404, "unknown-recipient", "path recipient")),
    ])
    .await;
}

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
async fn five_minutes_ahead_are_taken_for_now() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let ahead = json!({ "happened_at": world.now() + SignedDuration::from_mins(5) });

    let told = world.grant(&someone, merged(everything(), ahead)).await.is(201);

    assert_eq!(told.body["act"]["happened_at"], "2026-03-02T12:00:00.000Z");
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

/// A request, of which `{}` in the path is somebody known; no body where it is null.
fn bad(
    why: &'static str,
    method: &'static str,
    path: &str,
    headers: Headers,
    body: Value,
    (status, problem, field): Expected,
) -> Bad {
    let body = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    let (path, headers) = (path.to_owned(), headers.to_vec());
    Bad {
        why,
        method,
        path,
        headers,
        body,
        status,
        problem,
        field,
    }
}

/// Send them all, in one world, and look whether anything has changed.
async fn refused(all: Vec<Bad>) {
    let world = World::at_noon().await;
    world.dealer("dealer-one").await;
    let someone = world.someone().await;
    world
        .grant_keyed(
            &someone,
            "taken",
            json!({ "controls": ["promotional"], "channels": ["sms"] }),
        )
        .await
        .is(201);
    world.grant(&someone, everything()).await.is(201);
    world.settle().await;
    let before = known(&world, &someone).await;

    let mut wrong = Vec::new();
    for bad in all {
        let path = bad.path.replace("{}", &someone.id);
        let answer = world
            .send(bad.method, &path, &bad.headers, bad.body.clone())
            .await;
        if let Err(difference) = is_the_problem(&bad, &answer) {
            wrong.push(format!(
                "{} ({} {path}): {difference}\n    {} {}",
                bad.why, bad.method, answer.status, answer.text
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    world.settle().await;
    assert_eq!(known(&world, &someone).await, before);
}

fn is_the_problem(bad: &Bad, answer: &Answer) -> Result<(), String> {
    let expected = (bad.status, bad.problem, bad.field);
    let told = (
        answer.status,
        answer.problem(),
        answer.body["field"].as_str().unwrap_or("none"),
    );
    if told != expected {
        return Err(format!("expected {expected:?}"));
    }
    if answer.header("content-type") != "application/problem+json" || answer.body["status"] != answer.status {
        return Err("not a problem document".to_owned());
    }
    let text = format!("{}{:?}", answer.text, answer.headers).to_lowercase();
    match PERSONAL
        .iter()
        .find(|personal| text.contains(&personal.to_lowercase()))
    {
        Some(personal) => Err(format!("it repeats {personal}")),
        None => Ok(()),
    }
}

/// All that is known of somebody, and of the recipients.
async fn known(world: &World, someone: &Someone) -> Value {
    let recipients = [
        world.get("/v1/recipients/bmw-ag").await.text,
        world.get("/v1/recipients/dealer-one").await.text,
        world.get("/v1/recipients/dealer-two").await.text,
    ];
    let letters = world.recipients.letters("bmw-ag").len();
    json!([
        world.state(someone).await,
        world.history(someone).await,
        recipients,
        letters
    ])
}
