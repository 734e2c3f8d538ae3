//! S35, S36 and S43: where data may come from, which they are, and what follows where there are none.

use serde_json::json;
use tests::{BASE, Caller, World, a_whole_profile, allowed, denied, names};

#[tokio::test]
async fn s35_data_come_from_a_source_that_the_notice_allows_and_each_item_names_it() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let sources = [
        "subject",
        "product-use",
        "controller-service",
        "branch-service",
        "partner-service",
    ];
    for (place, source) in sources.into_iter().enumerate() {
        let patch = json!({ "vehicle": { "model": format!("model {place}") } });
        world.patch_profile_from(&someone, source, patch).await.is(200);
    }
    let history = world.history(&someone).await;
    let named: Vec<_> = history
        .iter()
        .filter_map(|act| act["data_source"].as_str())
        .collect();
    assert_eq!(named, sources);

    let patch = json!({ "vehicle": { "model": "bought elsewhere" } });
    for unknown in ["data-broker", "social-network"] {
        let refused = world
            .patch_profile_from(&someone, unknown, patch.clone())
            .await
            .is(422);
        assert_eq!(
            (refused.problem(), &refused.body["field"]),
            ("unknown-source", &json!("query source"))
        );
    }
    // Only a recipient itself tells in its name, and a person has not read the car.
    let other_callers = [
        (Caller::Service, "dealer-update"),
        (Caller::Service, "group-company-update"),
        (Caller::Staff, "dealer-update"),
        (Caller::Staff, "product-use"),
        (Caller::Subject(&someone.id), "controller-service"),
    ];
    let path = format!("/v1/subjects/{}/profile", someone.id);
    let headers = [("content-type", "application/merge-patch+json")];
    for (caller, source) in other_callers {
        let named = format!("{path}?source={source}");
        let body = patch.to_string().into_bytes();
        let refused = world
            .send_as(caller, "PATCH", &named, &headers, body)
            .await
            .is(422);
        assert_eq!(refused.problem(), "not-your-source", "{caller:?} as {source}");
        assert_eq!(refused.body["field"], "query source");
    }
    let headers = [("content-type", "application/merge-patch+json")];
    let refused = world
        .send("PATCH", &path, &headers, patch.to_string().into())
        .await
        .is(400);
    assert_eq!(
        (refused.problem(), &refused.body["field"]),
        ("malformed", &json!("query source"))
    );
    assert_eq!(world.history(&someone).await.len(), history.len());
    world.settle().await;
    let held = world.holds("bmw-ag", &someone).content;
    assert_eq!(held["vehicle"], json!({ "model": "model 4" }));
}

#[tokio::test]
async fn s36_the_profile_takes_the_listed_categories_and_no_others() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.patch_profile(&someone, a_whole_profile()).await.is(200);

    let listed = names(BASE.into_iter().chain([
        "customer-history",
        "vehicle-usage",
        "app-web-usage",
        "email-interaction",
        "cooperation-partner",
    ]));
    assert_eq!(listed.len(), 13);
    for category in &listed {
        let question = json!({ "who": "controller", "category": category });
        let answer = world.decide(&someone, question).await;
        assert_eq!(
            allowed(&answer)[..2],
            ["consented", "profiling-consented"],
            "{category}"
        );
    }
    // What the statistics put out may be shared, and is no input (S25).
    let others = [
        ("recommended-actions", ("S36", "not-for-the-profile")),
        ("health", ("S36", "unknown-category")),
        ("credit-rating", ("S36", "unknown-category")),
    ];
    for (category, because) in others {
        let question = json!({ "who": "controller", "category": category });
        assert_eq!(
            denied(&world.decide(&someone, question).await),
            because,
            "{category}"
        );
    }
    world.settle().await;
}

#[tokio::test]
async fn s36_an_update_with_one_category_or_field_that_is_not_listed_is_refused_whole() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let refusals = [
        (
            json!({ "health": { "allergies": "many" } }),
            "unknown-category",
            "/?",
        ),
        (
            json!({ "contact": { "shoe-size": 42 } }),
            "unknown-field",
            "/contact/?",
        ),
        // The consent lies in the record, and interactions are collected: neither is written here.
        (
            json!({ "promotional-consent": { "state": "on" } }),
            "not-a-profile-category",
            "/promotional-consent",
        ),
        (
            json!({ "email-interaction": { "receipt": 1 } }),
            "not-a-profile-category",
            "/email-interaction",
        ),
    ];
    for (refusal, problem, field) in refusals {
        let lawful = json!({ "vehicle": { "model": "i4" } });
        let patch = tests::merged(lawful, refusal);
        let refused = world.patch_profile(&someone, patch).await.is(422);
        assert_eq!(
            (refused.problem(), &refused.body["field"]),
            (problem, &json!(field))
        );
    }
    assert_eq!(world.state(&someone).await["profile"], json!({}));
    let lawful = json!({ "vehicle": { "model": "i4" } });
    world.patch_profile(&someone, lawful).await.is(200);
    assert_eq!(world.state(&someone).await["profile"], json!({ "vehicle": 2 }));
    world.settle().await;
}

#[tokio::test]
async fn s43_a_category_that_is_not_there_blocks_no_other_and_nobody_is_asked_for_it() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );
    let held = world.holds("bmw-ag", &someone);
    assert_eq!((held.categories, held.content.len()), (names(BASE), 0));

    world
        .patch_profile(&someone, json!({ "contact": { "email": "ada@example.com" } }))
        .await
        .is(200);
    world.settle().await;
    // What is there is told, what is not is neither sent empty nor asked for.
    let told = world.told("bmw-ag", &someone);
    let heard: Vec<_> = told.iter().map(|change| change.change.as_str()).collect();
    assert_eq!(heard, ["granted", "entitlement-started", "updated"]);
    assert_eq!(told[2].categories, names(["contact"]));
    let held = world.holds("bmw-ag", &someone);
    assert_eq!(held.categories, names(BASE));
    assert_eq!(
        json!(held.content),
        json!({ "contact": { "email": "ada@example.com" } })
    );

    for category in ["contact", "vehicle"] {
        let question = json!({ "who": "bmw-ag", "category": category });
        let answer = world.decide(&someone, question).await;
        let because = [
            "consented",
            "sharing-consented",
            "on-the-list",
            "listed-for-the-group",
        ];
        assert_eq!(allowed(&answer), because, "{category}");
    }

    // It can go again, and leaves the others as they are.
    world
        .patch_profile(&someone, json!({ "vehicle": { "model": "i4" } }))
        .await
        .is(200);
    world
        .patch_profile(&someone, json!({ "contact": null }))
        .await
        .is(200);
    world.settle().await;
    let held = world.holds("bmw-ag", &someone);
    assert_eq!(held.categories, names(BASE));
    assert_eq!(json!(held.content), json!({ "vehicle": { "model": "i4" } }));
}
