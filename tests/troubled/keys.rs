//! The keys that deliveries are signed with: two while one is replaced, and never one that can be guessed.

use platform::courier::{self, signer};
use serde_json::json;
use tests::{AttributeValue, World};

use crate::told_of;

#[tokio::test]
async fn while_a_key_is_replaced_both_keys_verify() {
    let world = World::at_noon().await;
    world.dealer("dealer-one").await;
    let someone = world.someone_who_granted_everything().await;
    let given = world
        .post("/v1/recipients/dealer-one/keys", json!({}))
        .await
        .is(201);
    let new = given.body["signing_secret"]
        .as_str()
        .unwrap_or_default()
        .to_owned();

    // It still knows the old key alone; a request that it cannot verify fails this test at its end.
    world
        .relate(&someone, "dealer-one", "preferred", "account", json!({}))
        .await
        .is(200);
    world.settle().await;
    assert_eq!(world.recipients.letters("dealer-one").len(), 1);

    world.recipients.admit("dealer-one", &new);
    world
        .withdraw(&someone, json!({ "channels": ["sms"] }))
        .await
        .is(200);
    world.settle().await;
    assert_eq!(world.recipients.letters("dealer-one").len(), 1, "by the new key");
}

#[tokio::test]
async fn a_key_is_given_and_never_brought() {
    let world = World::at_noon().await;
    world.dealer("dealer-one").await;
    let short = "whsec_c2hvcnQ=";
    let asked =
        json!({ "kind": "dealer", "authorised": true, "endpoint": world.recipients.endpoint("dealer-one") });
    let asked = tests::merged(asked, json!({ "signing_secret": short }));
    for (method, path, body) in [
        ("PUT", "/v1/recipients/dealer-one", asked),
        (
            "POST",
            "/v1/recipients/dealer-one/keys",
            json!({ "signing_secret": short }),
        ),
        (
            "POST",
            "/v1/recipients/dealer-one/redrive",
            json!({ "signing_secret": short }),
        ),
    ] {
        let headers = [("content-type", "application/json")];
        let refused = world
            .send(method, path, &headers, body.to_string().into_bytes())
            .await
            .is(400);
        assert_eq!(
            (refused.problem(), &refused.body["field"]),
            ("malformed", &json!("/?"))
        );
        assert!(!refused.text.contains(short), "{}", refused.text);
    }
    assert_eq!(world.stored("SECRET#dealer-one").await.len(), 1);
}

#[tokio::test]
async fn nothing_is_signed_with_a_key_that_is_too_short() {
    let world = World::at_noon().await;
    world.tick().await;
    let (engine, table) = world.engine();
    let mut item = world.stored("SECRET#bmw-ag").await.remove(0);
    let good = item.insert(
        "secret".to_owned(),
        AttributeValue::S("whsec_c2hvcnQ=".to_owned()),
    );
    let put = |item| engine.put_item().table_name(&table).set_item(Some(item)).send();
    put(item.clone()).await.expect("the engine");

    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 0, "not a word");
    let entry = told_of(&world, &someone, "bmw-ag").await;
    assert_eq!(
        (&entry["state"], &entry["attempts"]),
        (&json!("pending"), &json!(1)),
        "{entry}"
    );

    item.insert("secret".to_owned(), good.expect("a secret"));
    put(item).await.expect("the engine");
    world.advance(crate::MINUTE * 7);
    world.tick().await;
    world.everyone_is_in_step(&[someone], &crate::NOTICED).await;
}

#[test]
fn a_key_has_24_to_64_bytes() {
    let of_bytes = |bytes: usize| format!("whsec_{}", "AAAA".repeat(bytes / 3));
    for good in [24, 33, 63] {
        assert!(signer(&of_bytes(good)).is_ok(), "{good}");
    }
    for bad in [
        "",
        "whsec_",
        "whsec_!",
        "not a secret",
        &of_bytes(21),
        &of_bytes(66),
    ] {
        assert!(matches!(signer(bad), Err(courier::Error::NoKey)), "{bad}");
    }
}
