//! S37 to S42: the consents that stand beside the promotional one.

use serde_json::{Value, json};
use tests::{
    BASE, BUNDLED, Someone, World, a_whole_profile, allowed, alone, denied, edited, names, standings,
};

const SEPARATE: [&str; 3] = ["vehicle-usage", "app-web-usage", "cooperation-partner"];
const NO_SEPARATE_CONSENT: (&str, &str) = ("S40", "no-separate-consent");

fn promotional() -> Value {
    json!({ "controls": ["promotional"], "channels": ["email"] })
}

async fn profiled(world: &World, someone: &Someone, category: &str) -> Value {
    let question = json!({ "who": "controller", "category": category });
    world.decide(someone, question).await
}

/// The category enters the profile only while the promotional consent and its own are both active.
async fn needs_both(category: &str) {
    let world = World::at_noon().await;
    let patch = json!({ category: a_whole_profile()[category] });
    let refused = async |someone: &Someone, rule: &str| {
        let refused = world.patch_profile(someone, patch.clone()).await.is(422);
        assert_eq!(refused.problem(), "category-without-consent");
        assert_eq!(refused.body["rules"], json!([rule]));
    };

    let someone = world.someone().await;
    world.grant(&someone, promotional()).await.is(201);
    assert_eq!(
        denied(&profiled(&world, &someone, category).await),
        NO_SEPARATE_CONSENT
    );
    refused(&someone, "S40").await;

    world
        .grant(&someone, json!({ "controls": [category] }))
        .await
        .is(201);
    let because = [
        "consented",
        "profiling-consented",
        "listed-for-the-profile",
        "separate-consent",
    ];
    let answer = profiled(&world, &someone, category).await;
    assert_eq!(
        (allowed(&answer), &answer["acts"]),
        (because.to_vec(), &json!([1, 2]))
    );
    world.patch_profile(&someone, patch.clone()).await.is(200);

    let withdrawn = json!({ "facets": [format!("separate/{category}")] });
    world.withdraw(&someone, withdrawn).await.is(200);
    assert_eq!(
        denied(&profiled(&world, &someone, category).await),
        NO_SEPARATE_CONSENT
    );
    refused(&someone, "S40").await;

    // The separate consent alone carries nothing.
    let other = world.someone().await;
    world
        .grant(&other, json!({ "controls": [category] }))
        .await
        .is(201);
    assert_eq!(
        denied(&profiled(&world, &other, category).await),
        ("S01", "no-consent")
    );
    refused(&other, "S01").await;
    world.settle().await;
}

#[tokio::test]
async fn s37_vehicle_usage_needs_its_own_consent_beside_the_promotional_one() {
    needs_both("vehicle-usage").await;
}

#[tokio::test]
async fn s38_app_and_website_usage_needs_its_own_consent_beside_the_promotional_one() {
    needs_both("app-web-usage").await;
}

#[tokio::test]
async fn s39_data_of_cooperation_partners_need_their_own_consent_beside_the_promotional_one() {
    needs_both("cooperation-partner").await;
}

#[tokio::test]
async fn s40_a_category_that_a_notice_puts_under_a_separate_consent_is_out_at_once() {
    let second = edited(&[
        ("version = 1\n", "version = 2\n"),
        (
            "[separate]\n",
            "[separate]\nloyalty = { it = \"Programmi\", en = \"Programmes\", de = \"Programme\" }\n",
        ),
        (
            "programme-participation = {}\ncustomer-history = {}\n",
            "programme-participation = { separate = \"loyalty\" }\ncustomer-history = {}\n",
        ),
        (
            "[controls.vehicle-usage]\n",
            "[controls.loyalty]\ntitle = { it = \"Sì\", en = \"Yes\", de = \"Ja\" }\n\
             facets = [\"separate/loyalty\"]\n\n[controls.vehicle-usage]\n",
        ),
    ]);
    let world = World::under(alone(vec![edited(&[]), second]), "2026-03-02T12:00:00Z").await;
    let notice = json!({ "id": BUNDLED, "version": 2, "language": "it" });
    let category = "programme-participation";
    let patch = json!({ category: { "programmes": ["club"] } });

    let (someone, under_the_first) = (world.someone().await, world.someone().await);
    for someone in [&someone, &under_the_first] {
        world.grant(someone, promotional()).await.is(201);
        world.patch_profile(someone, patch.clone()).await.is(200);
    }
    let renewed = tests::merged(promotional(), json!({ "notice": notice }));
    world.grant(&someone, renewed).await.is(201);

    assert_eq!(
        denied(&profiled(&world, &someone, category).await),
        NO_SEPARATE_CONSENT
    );
    let refused = world.patch_profile(&someone, patch.clone()).await.is(422);
    assert_eq!(refused.body["rules"], json!(["S40"]));
    for other in ["contact", "preferences", "customer-history"] {
        assert_eq!(
            profiled(&world, &someone, other).await["allowed"],
            true,
            "{other}"
        );
    }
    // Each consent means what its own notice said.
    assert_eq!(
        profiled(&world, &under_the_first, category).await["allowed"],
        true
    );

    let loyalty = json!({ "notice": notice, "controls": ["loyalty"] });
    world.grant(&someone, loyalty).await.is(201);
    let answer = profiled(&world, &someone, category).await;
    assert_eq!(allowed(&answer).last(), Some(&"separate-consent"));
    world.patch_profile(&someone, patch).await.is(200);
    world.settle().await;
}

#[tokio::test]
async fn s41_giving_one_consent_never_sets_another() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    world.grant(&someone, promotional()).await.is(201);
    let after_marketing = standings(&world.state(&someone).await);
    let separate = |facets: &std::collections::BTreeMap<String, String>| {
        let names = facets.keys().filter(|facet| facet.starts_with("separate/"));
        names.cloned().collect::<Vec<_>>()
    };
    assert_eq!(separate(&after_marketing), Vec::<String>::new());

    let mut before = after_marketing;
    for name in SEPARATE {
        world.grant(&someone, json!({ "controls": [name] })).await.is(201);
        let after = standings(&world.state(&someone).await);
        let mut expected = before.clone();
        expected.insert(format!("separate/{name}"), "active".to_owned());
        assert_eq!(after, expected, "{name} changes itself alone");
        before = after;
    }
    // And none of them brings the promotional one.
    let other = world.someone().await;
    world.grant(&other, json!({ "controls": SEPARATE })).await.is(201);
    assert_eq!(standings(&world.state(&other).await).len(), SEPARATE.len());
    assert!(!world.may(&other, "controller", "email").await);
    world.settle().await;
}

#[tokio::test]
async fn s41_withdrawing_one_consent_never_changes_another() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-sales").await;
    let delivered = json!({ "delivered_on": "2025-06-01" });
    world
        .relate(&someone, "dealer-sales", "purchase", "vehicle-1", delivered)
        .await
        .is(200);
    world.settle().await;
    let before = standings(&world.state(&someone).await);

    let withdrawn = json!({ "facets": ["separate/vehicle-usage"] });
    world.withdraw(&someone, withdrawn).await.is(200);
    world.settle().await;
    let mut expected = before.clone();
    expected.insert("separate/vehicle-usage".to_owned(), "withdrawn".to_owned());
    assert_eq!(standings(&world.state(&someone).await), expected);
    // Only its category goes.
    let told = world.told("dealer-sales", &someone);
    let ended = told.last().expect("something told");
    assert_eq!(
        (ended.change.as_str(), ended.reason.as_str()),
        ("entitlement-ended", "separate-consent-ended")
    );
    assert_eq!(ended.categories, names(["vehicle-usage"]));
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );

    // The other way round: purposes, channels and an objection leave the separate ones alone.
    for withdrawn in [json!({ "purposes": ["care"] }), json!({ "channels": ["phone"] })] {
        world.withdraw(&someone, withdrawn).await.is(200);
    }
    world.object(&someone).await.is(200);
    let after = standings(&world.state(&someone).await);
    assert_eq!(after["marketing/email"], "objected");
    assert_eq!(after["separate/vehicle-usage"], "withdrawn");
    for name in ["app-web-usage", "cooperation-partner"] {
        assert_eq!(after[&format!("separate/{name}")], "active", "{name}");
    }
    world.settle().await;
}

#[tokio::test]
async fn s42_usage_that_is_not_lawfully_in_use_is_not_shared_with_the_selling_dealer_either() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.patch_profile(&someone, a_whole_profile()).await.is(200);
    let withdrawn = json!({ "facets": ["separate/vehicle-usage", "separate/app-web-usage"] });
    world.withdraw(&someone, withdrawn).await.is(200);
    world.dealer("dealer-sales").await;
    let delivered = json!({ "delivered_on": "2025-06-01" });
    world
        .relate(&someone, "dealer-sales", "purchase", "vehicle-1", delivered)
        .await
        .is(200);
    world.settle().await;

    let without_usage = names(
        BASE.into_iter()
            .chain(["customer-history", "recommended-actions"]),
    );
    assert_eq!(world.holds("dealer-sales", &someone).categories, without_usage);
    for letter in world.recipients.letters("dealer-sales") {
        let text = letter.body.to_string();
        assert!(text.contains("test-drive"), "{text}");
        assert!(!text.contains("mileage") && !text.contains("app-usage"), "{text}");
    }
    for category in ["vehicle-usage", "app-web-usage"] {
        let question = json!({ "who": "dealer-sales", "category": category });
        assert_eq!(
            denied(&world.decide(&someone, question).await),
            NO_SEPARATE_CONSENT
        );
    }

    world
        .grant(&someone, json!({ "controls": ["vehicle-usage"] }))
        .await
        .is(201);
    world.settle().await;
    let held = world.holds("dealer-sales", &someone);
    let with_usage: Vec<_> = held.categories.difference(&without_usage).cloned().collect();
    assert_eq!(with_usage, ["vehicle-usage"]);
    assert_eq!(held.content["vehicle-usage"], json!({ "mileage": 12_345 }));
    let question = json!({ "who": "dealer-sales", "category": "vehicle-usage" });
    let because = [
        "consented",
        "sharing-consented",
        "related",
        "listed-for-the-relation",
        "delivered-recently",
        "separate-consent",
    ];
    assert_eq!(allowed(&world.decide(&someone, question).await), because);
}
