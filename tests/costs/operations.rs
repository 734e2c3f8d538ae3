//! What each request costs.

use serde_json::json;
use tests::{Caller, World, a_consent, everything, merged};

use crate::table::Table;

#[tokio::test]
async fn each_operation_costs_what_the_table_says() {
    let world = World::at_noon().await;
    let mut table = Table::default();
    let two_channels = json!({ "controls": ["promotional"], "channels": ["email", "phone"] });
    let new = [
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "form-1"),
        ("If-None-Match", "*"),
    ];
    world.dealer("dealer-one").await;

    let expected_new = world.someone().await;
    let path = format!("/v1/subjects/{}/consents", expected_new.id);
    let body = merged(a_consent(), two_channels.clone()).to_string();
    world.calls.forget();
    world.send("POST", &path, &new, body.into_bytes()).await.is(201);
    table.note(
        &world,
        "capture, a subject that is said to be new",
        (1, 1.0, 0.0),
        "1, 1, 0",
    );

    let someone = world.someone().await;
    world.calls.forget();
    world
        .grant_keyed(&someone, "form-1", two_channels.clone())
        .await
        .is(201);
    table.note(
        &world,
        "capture, a new subject, two channels",
        (2, 1.0, 1.0),
        "1, 1, 0",
    );
    world
        .grant_keyed(&someone, "form-1", two_channels.clone())
        .await
        .is(201);
    table.note(&world, "the same request again", (1, 0.0, 1.0), "2, 0, 1");
    world.grant(&someone, everything()).await.is(201);
    table.note(
        &world,
        "capture, a known subject, everything",
        (2, 2.0, 1.0),
        "2, 1 (2 past a KB), 1",
    );
    world
        .grant_keyed(&someone, "form-1", two_channels.clone())
        .await
        .is(201);
    table.note(
        &world,
        "the same request again, after another",
        (2, 0.0, 1.5),
        "2, 0, 1",
    );
    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    table.note(
        &world,
        "withdraw one channel",
        (2, 1.0, 1.0),
        "2, 1 (2 past a KB), 1",
    );
    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    table.note(&world, "withdraw it again", (1, 0.0, 1.0), "");

    let everyone = world.someone().await;
    world.calls.forget();
    world.grant(&everyone, everything()).await.is(201);
    table.note(
        &world,
        "capture, a new subject, everything",
        (2, 1.0, 1.0),
        "1, 1, 0",
    );

    let proven = world.someone().await;
    let proof = json!({ "evidence": { "kind": "signed-in", "reference": "session-1" } });
    world.calls.forget();
    world
        .grant(&proven, merged(two_channels.clone(), proof))
        .await
        .is(201);
    table.note(
        &world,
        "capture, a new subject, evidence that identifies",
        (2, 4.0, 1.0),
        "",
    );
    let visited = world.someone().await;
    let path = format!("/v1/subjects/{}/consents", visited.id);
    let body = merged(a_consent(), two_channels).to_string();
    world.calls.forget();
    let key = [
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "form-1"),
    ];
    world
        .send_as(Caller::Site, "POST", &path, &key, body.into_bytes())
        .await
        .is(202);
    table.note(&world, "capture by a site", (3, 1.0, 2.0), "");

    world
        .decide(&someone, json!({ "who": "controller", "channel": "post" }))
        .await;
    table.note(&world, "decide now, a channel", (1, 0.0, 1.0), "1, 0, 1");
    world
        .decide(&someone, json!({ "who": "controller", "channel": "email" }))
        .await;
    // The state of the address is read too: mail to it may be suppressed (S50).
    table.note(&world, "decide now, e-mail", (2, 0.0, 1.5), "1, 0, 1");
    world
        .decide(&someone, json!({ "who": "controller", "category": "vehicle" }))
        .await;
    table.note(
        &world,
        "decide now, a category of the profile",
        (1, 0.0, 1.0),
        "1, 0, 1",
    );
    world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "email" }))
        .await;
    table.note(&world, "decide now, a recipient", (2, 0.0, 2.0), "2, 0, 2");
    world
        .decide(
            &someone,
            json!({ "who": "controller", "channel": "email", "at": world.now() }),
        )
        .await;
    table.note(
        &world,
        "decide, past, three acts",
        (1, 0.0, 1.0),
        "1, 0, the chain's size",
    );
    world.history(&someone).await;
    table.note(
        &world,
        "history, three acts",
        (1, 0.0, 1.0),
        "1, 0, the chain's size",
    );
    world.state(&someone).await;
    table.note(&world, "state", (1, 0.0, 1.0), "");
    world.view_as(&someone, "bmw-ag").await;
    table.note(&world, "view as a recipient", (2, 0.0, 2.0), "");
    world
        .relate(&someone, "dealer-one", "service", "contract-1", json!({}))
        .await
        .is(200);
    table.note(&world, "start a relation", (3, 1.0, 2.0), "");
    let profile = json!({ "contact": { "city": "Milano" }, "vehicle": { "model": "i4" }, "campaigns": { "campaign": "x" } });
    world.patch_profile(&someone, profile).await.is(200);
    table.note(
        &world,
        "update three categories of the profile",
        (2, 8.0, 1.0),
        "2, 2 x (c + 1), 1",
    );
    // All that may be there is deleted in one transaction, whether it is or not.
    world.erase(&someone).await.is(200);
    table.note(&world, "erase somebody", (3, 32.0, 2.0), "");

    table.print_and_assert();
}
