//! What would change something.

use domain::codes::Category;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{World, a_consent, everything, merged};

use crate::{Expected, JSON, KEY, PATCH, bad, known, refused};

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
        consent("a field that reads like serde's own words", json!({ "expected ada@example.org": 1 }), (400, "malformed", "/?")),
        consent("a value that does", json!({ "controls": "expected ada@example.org at line " }), (400, "malformed", "/controls")),
        consent("a word that does", evidence(json!({ "kind": "expected ada@example.org" })), (400, "malformed", "/evidence/kind")),
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
        consent("no channel", json!({ "channels": [] }), (422, "no-channel", "/channels")),
        consent("no channel", json!({ "controls": ["vehicle-usage", "promotional"], "channels": [], "facets": ["care/email"] }), (422, "no-channel", "/channels")),
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
        profile("an object", and(json!({ "vehicle": { "model": { "lovelace": 1 } } })), (422, "unfit-value", "/vehicle/model")),
        profile("too long", and(json!({ "vehicle": { "model": "lovelace".repeat(200) } })), (422, "unfit-value", "/vehicle/model")),
        profile("too many", and(json!({ "vehicle": { "vehicles": vec!["x"; 51] } })), (422, "unfit-value", "/vehicle/vehicles")),
        profile("too much", and(json!({ "vehicle": { "vehicles": vec!["x".repeat(998); 4] } })), (422, "unfit-value", "/vehicle/vehicles")),
        profile("unfit, unknown item", and(json!({ "vehicle": { "lovelace": {} } })), (422, "unfit-value", "/vehicle/?")),
        profile("unfit, unknown category", and(json!({ "lovelace": { "lovelace": {} } })), (422, "unfit-value", "/?")),
        profile("no item, unknown category", and(json!({ "lovelace": { "RSSMRA80A01F205X": 1 } })), (422, "unknown-field", "/?")),
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
async fn five_minutes_ahead_are_taken_for_now() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let ahead = json!({ "happened_at": world.now() + SignedDuration::from_mins(5) });

    let told = world.grant(&someone, merged(everything(), ahead)).await.is(201);

    assert_eq!(told.body["act"]["happened_at"], "2026-03-02T12:00:00.000Z");
}

#[tokio::test]
async fn a_category_with_as_much_in_it_as_may_be_is_taken() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let contact: Category = "contact".parse().expect("a category");
    let terms = policies::all()
        .iter()
        .find_map(|policy| policy.categories.get(&contact));
    let fields = &terms.expect("contact").fields;
    assert!(fields.len() > 10, "{fields:?}");

    // As JSON 4,000 letters, of which nearly all have four bytes.
    let most = json!([
        "\u{1f697}".repeat(997),
        "\u{1f697}".repeat(997),
        "\u{1f697}".repeat(997),
        "\u{1f697}".repeat(996)
    ]);
    assert_eq!(most.to_string().chars().count(), 4_000);
    for field in fields {
        world
            .patch_profile(&someone, json!({ "contact": { field.as_str(): most } }))
            .await
            .is(200);
    }
    let longest = json!({ "contact": { "city": "\0".repeat(1_000) } });
    world.patch_profile(&someone, longest).await.is(200);
}
