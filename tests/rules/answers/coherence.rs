//! S55: one decision for everybody, and answers that say how long they hold.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{CHANNELS, PURPOSES, Someone, World, a_whole_profile};

const DEALERS: [(&str, &str); 3] = [
    ("dealer-sales", "purchase"),
    ("dealer-service", "service"),
    ("dealer-stranger", ""),
];
const RECIPIENTS: [&str; 6] = [
    "bmw-ag",
    "marketing-platform",
    "campaign-service",
    "dealer-sales",
    "dealer-service",
    "dealer-stranger",
];
const CATEGORIES: [&str; 14] = [
    "contact",
    "identifying",
    "vehicle",
    "vehicle-of-interest",
    "promotional-consent",
    "preferences",
    "campaigns",
    "programme-participation",
    "customer-history",
    "vehicle-usage",
    "app-web-usage",
    "recommended-actions",
    "email-interaction",
    "cooperation-partner",
];

/// What the decisions say that somebody may use for some purpose: categories, and purposes over channels.
async fn answered(world: &World, someone: &Someone, who: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut asked: Vec<(bool, String, Value)> = Vec::new();
    let question = |purpose: &str, name: &str, value: &str| json!({ "subject": someone.id, "who": who, "purpose": purpose, name: value });
    for purpose in PURPOSES {
        for category in CATEGORIES {
            let question = question(purpose, "category", category);
            asked.push((true, category.to_owned(), question));
        }
        for channel in CHANNELS {
            let question = question(purpose, "channel", channel);
            asked.push((false, format!("{purpose}/{channel}"), question));
        }
    }
    let questions: Vec<Value> = asked.iter().map(|(_, _, question)| question.clone()).collect();
    let answers = world.decisions(questions.clone()).await;
    assert_eq!(answers, world.decisions(questions).await, "asked again");

    let (mut categories, mut facets) = (BTreeSet::new(), BTreeSet::new());
    for ((is_category, name, _), answer) in asked.into_iter().zip(answers) {
        if answer["allowed"] == true {
            let into = if is_category { &mut categories } else { &mut facets };
            into.insert(name);
        }
    }
    (categories, facets)
}

/// Whatever was delivered, shown and answered says the same.
async fn all_agree(world: &World, someone: &Someone) {
    world.settle().await;
    let (_, controllers) = answered(world, someone, "controller").await;
    for recipient in RECIPIENTS {
        let (categories, facets) = answered(world, someone, recipient).await;
        let held = world.holds(recipient, someone);
        assert_eq!(held.categories, categories, "{recipient}");
        assert_eq!(held.facets, facets, "{recipient}");
        // Whoever may contact at all may over the same channels as the controller.
        if !facets.is_empty() {
            assert_eq!(facets, controllers, "{recipient}");
        }
        let view = world.view_as(someone, recipient).await;
        assert_eq!(view["facets"], json!(facets), "{recipient}");
    }
}

#[tokio::test]
async fn s55_everybody_gets_the_answer_that_its_delivery_told() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    for (dealer, relation) in DEALERS {
        world.dealer(dealer).await;
        if !relation.is_empty() {
            let facts = match relation {
                "purchase" => json!({ "delivered_on": "2025-06-01" }),
                _ => json!({}),
            };
            world
                .relate(&someone, dealer, relation, "vehicle-1", facts)
                .await
                .is(200);
        }
    }
    all_agree(&world, &someone).await;
    assert!(world.holds("bmw-ag", &someone).categories.is_empty());

    world.grant(&someone, tests::everything()).await.is(201);
    world.patch_profile(&someone, a_whole_profile()).await.is(200);
    all_agree(&world, &someone).await;
    assert_eq!(world.holds("bmw-ag", &someone).categories.len(), 8);
    assert_eq!(world.holds("dealer-sales", &someone).categories.len(), 12);
    assert!(world.holds("dealer-stranger", &someone).categories.is_empty());

    for withdrawn in [
        json!({ "channels": ["email"] }),
        json!({ "purposes": ["care"] }),
        json!({ "facets": ["separate/vehicle-usage"] }),
        json!({ "facets": ["sharing/dealer"] }),
    ] {
        world.withdraw(&someone, withdrawn).await.is(200);
        all_agree(&world, &someone).await;
    }
    assert!(world.holds("dealer-sales", &someone).categories.is_empty());
    assert_eq!(world.holds("bmw-ag", &someone).facets.len(), 8);

    world.object(&someone).await.is(200);
    all_agree(&world, &someone).await;
    world.grant(&someone, tests::everything()).await.is(201);
    all_agree(&world, &someone).await;
    assert_eq!(world.holds("bmw-ag", &someone).facets.len(), 15);
}

#[tokio::test]
async fn s55_an_answer_says_of_which_version_it_is_and_how_long_it_may_be_kept() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let question = json!({ "who": "dealer-unheard-of", "channel": "email" });
    let before = world.decide(&someone, question.clone()).await;
    assert_eq!(
        (&before["version"], &before["max_age_s"]),
        (&json!(0), &json!(60))
    );

    world.grant(&someone, tests::everything()).await.is(201);
    let mut versions = Vec::new();
    for who in ["controller", "bmw-ag", "campaign-service", "marketing-platform"] {
        let answer = world
            .decide(&someone, json!({ "who": who, "channel": "email" }))
            .await;
        assert_eq!(answer["allowed"], true, "{who}");
        assert_eq!(answer["max_age_s"], 60, "{who}");
        versions.push(answer["version"].clone());
    }
    assert_eq!(versions, vec![json!(1); 4]);
    world.settle().await;
    // Whoever kept an answer sees from the version that it is superseded.
    world.withdraw_all(&someone).await.is(200);
    let after = world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "email" }))
        .await;
    assert_eq!((&after["version"], &after["allowed"]), (&json!(2), &json!(false)));
    world.settle().await;
    for recipient in ["bmw-ag", "campaign-service"] {
        let letters = world.recipients.letters(recipient);
        let newest = letters.last().expect("a letter");
        assert_eq!(newest.body["data"]["version"], after["version"], "{recipient}");
    }
}
