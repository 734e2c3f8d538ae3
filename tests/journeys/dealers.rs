//! Who a dealer is to somebody, and whether it may be told.

use serde_json::json;
use tests::{BASE, World, names};

use crate::{acts, rules};

#[tokio::test]
async fn another_preferred_dealer_takes_the_place_of_the_first() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-one").await;
    world.dealer("dealer-two").await;
    world
        .relate(&someone, "dealer-one", "preferred", "account", json!({}))
        .await
        .is(200);
    world.settle().await;
    assert_eq!(world.holds("dealer-one", &someone).categories, names(BASE));

    world
        .relate(&someone, "dealer-two", "preferred", "account", json!({}))
        .await
        .is(200);
    assert!(!world.may(&someone, "dealer-one", "email").await);
    assert!(world.may(&someone, "dealer-two", "email").await);
    world.settle().await;

    assert_eq!(
        world.heard("dealer-one", &someone)[2..],
        ["entitlement-ended: preferred-changed"]
    );
    assert_eq!(world.holds("dealer-one", &someone).categories, names([]));
    assert_eq!(world.holds("dealer-two", &someone).categories, names(BASE));
    assert_eq!(
        acts(&world.history(&someone).await)[1..],
        ["relation-started", "relation-started"]
    );
}

#[tokio::test]
async fn a_local_dealer_serves_until_there_is_a_purchase_and_again_when_that_is_over() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-near").await;
    world.dealer("dealer-sales").await;
    world
        .relate(&someone, "dealer-near", "local", "area", json!({}))
        .await
        .is(200);
    world.settle().await;
    assert_eq!(world.holds("dealer-near", &someone).categories, names(BASE));

    let delivered = json!({ "delivered_on": "2026-03-01" });
    world
        .relate(&someone, "dealer-sales", "purchase", "vehicle-1", delivered)
        .await
        .is(200);
    world.settle().await;
    assert_eq!(
        world.heard("dealer-near", &someone)[2..],
        ["entitlement-ended: local-partner-replaced"]
    );
    assert_eq!(world.holds("dealer-near", &someone).categories, names([]));

    world
        .part(&someone, "dealer-sales", "purchase", "vehicle-1")
        .await
        .is(200);
    world.settle().await;
    assert_eq!(world.holds("dealer-sales", &someone).categories, names([]));
    assert_eq!(world.holds("dealer-near", &someone).categories, names(BASE));
}

#[tokio::test]
async fn a_dealer_that_loses_its_authorisation_is_told_to_stop_and_gets_no_more() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-one").await;
    world
        .relate(&someone, "dealer-one", "preferred", "account", json!({}))
        .await
        .is(200);
    world.settle().await;

    let dealer = json!({ "kind": "dealer", "role": "separate-controller" });
    world
        .register(
            "dealer-one",
            tests::merged(dealer.clone(), json!({ "authorised": false })),
        )
        .await
        .is(200);
    world.settle().await;
    assert_eq!(
        world.heard("dealer-one", &someone)[2..],
        ["entitlement-ended: authorisation-lost"]
    );
    assert_eq!(world.holds("dealer-one", &someone), Default::default());
    assert!(!world.may(&someone, "dealer-one", "email").await);

    world
        .register("dealer-one", tests::merged(dealer, json!({ "sharing": false })))
        .await
        .is(200);
    world.settle().await;
    let denied = world
        .decide(&someone, json!({ "who": "dealer-one", "channel": "email" }))
        .await;
    assert_eq!(rules(&denied), ["S14"]);
    assert_eq!(world.holds("dealer-one", &someone), Default::default());
}

#[tokio::test]
async fn a_group_company_that_the_notice_does_not_name_gets_nothing() {
    let world = World::at_noon().await;
    let company = json!({ "kind": "group-company", "role": "separate-controller" });
    world.register("bmw-elsewhere", company).await.is(201);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    let denied = world
        .decide(&someone, json!({ "who": "bmw-elsewhere", "channel": "email" }))
        .await;
    assert_eq!(rules(&denied), ["S04"]);
    assert_eq!(world.recipients.requests("bmw-elsewhere"), 0);
    world
        .relate(&someone, "bmw-elsewhere", "preferred", "account", json!({}))
        .await
        .is(422);
}

#[tokio::test]
async fn an_older_form_of_a_recipient_undoes_no_newer_change_and_a_key_asked_for_twice_is_made_once() {
    let world = World::at_noon().await;
    world.dealer("dealer-one").await;
    let settings = |authorised: bool| {
        let endpoint = world.recipients.endpoint("dealer-one");
        json!({ "kind": "dealer", "authorised": authorised, "endpoint": endpoint }).to_string()
    };
    let put = async |version: &str, authorised| {
        let headers = [("content-type", "application/json"), ("if-match", version)];
        let body = settings(authorised).into_bytes();
        world
            .send("PUT", "/v1/recipients/dealer-one", &headers, body)
            .await
    };
    put("\"1\"", false).await.is(200);
    assert_eq!(put("\"1\"", true).await.is(412).problem(), "other-version");
    let shown = world.get("/v1/recipients/dealer-one").await.is(200);
    assert_eq!(shown.body["authorised"], false);
    assert!(shown.body.get("signing_secret").is_none(), "it is shown once");

    let new_key = async || {
        let path = "/v1/recipients/dealer-one/keys";
        world
            .send("POST", path, &[("if-match", "\"2\"")], Vec::new())
            .await
    };
    new_key().await.is(201);
    new_key().await.is(412);
    let new = [("content-type", "application/json"), ("if-none-match", "*")];
    let again = world
        .send(
            "PUT",
            "/v1/recipients/dealer-one",
            &new,
            settings(true).into_bytes(),
        )
        .await;
    assert_eq!(again.is(412).problem(), "already-known");
    world.settle().await;
}
