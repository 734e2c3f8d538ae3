//! S26 to S28: three purposes and no other, each on its own.

use serde_json::json;
use tests::{BUNDLED, PURPOSES, Someone, UNBUNDLED, World, names};

const PARTIES: [&str; 3] = ["controller", "bmw-ag", "campaign-service"];

async fn verdict(world: &World, someone: &Someone, who: &str, purpose: &str) -> String {
    let question = json!({ "who": who, "purpose": purpose, "channel": "email" });
    world.verdict(someone, question).await
}

#[tokio::test]
async fn s26_there_are_three_purposes_and_any_other_is_denied() {
    let world = World::at_noon().await;
    for notice in [BUNDLED, UNBUNDLED] {
        let shown = world.get(&format!("/v1/notices/{notice}/1")).await.is(200);
        let purposes = shown.body["purposes"].as_object().cloned().unwrap_or_default();
        assert_eq!(names(purposes.keys().map(String::as_str)), names(PURPOSES));
    }
    let someone = world.someone_well_known().await;
    for who in PARTIES {
        for purpose in PURPOSES {
            assert_eq!(verdict(&world, &someone, who, purpose).await, "allowed");
        }
        for purpose in ["pricing", "credit", "warranty", "analytics", "p1"] {
            for what in [json!({ "channel": "email" }), json!({ "category": "contact" })] {
                let question = tests::merged(what, json!({ "who": who, "purpose": purpose }));
                assert_eq!(world.verdict(&someone, question).await, "S26 unknown-purpose");
            }
        }
    }
    // Nor can one be granted or withdrawn.
    let granted = world
        .grant(
            &someone,
            json!({ "facets": ["marketing/email", "pricing/email"] }),
        )
        .await
        .is(422);
    assert_eq!(
        (granted.problem(), &granted.body["field"]),
        ("unknown-facet", &json!("/facets/1"))
    );
    let withdrawn = world
        .withdraw(&someone, json!({ "purposes": ["pricing"] }))
        .await
        .is(422);
    assert_eq!(withdrawn.problem(), "unknown-purpose");
    world.settle().await;
}

#[tokio::test]
async fn s27_an_invitation_to_research_is_a_purpose_of_its_own() {
    let world = World::at_noon().await;
    let research_alone = world.someone().await;
    let ticked = json!({
        "notice": { "id": UNBUNDLED, "version": 1, "language": "it" },
        "controls": ["research"],
        "channels": ["email"],
    });
    world.grant(&research_alone, ticked).await.is(201);
    let all_but_research = world.someone_who_granted_everything().await;
    world
        .withdraw(&all_but_research, json!({ "purposes": ["research"] }))
        .await
        .is(200);
    world.settle().await;

    for who in ["controller", "campaign-service"] {
        for (purpose, alone, but) in [
            ("research", "allowed", "GDPR 7(3) withdrawn"),
            ("marketing", "S30 channel-not-selected", "allowed"),
            ("care", "S30 channel-not-selected", "allowed"),
        ] {
            assert_eq!(
                verdict(&world, &research_alone, who, purpose).await,
                alone,
                "{purpose}"
            );
            assert_eq!(
                verdict(&world, &all_but_research, who, purpose).await,
                but,
                "{purpose}"
            );
        }
    }
    assert_eq!(
        world.holds("campaign-service", &research_alone).facets,
        names(["research/email"])
    );
    // The invitation is all that it covers.
    for policy in policies::all().iter() {
        let types = &policy.purposes["research"].message_types;
        assert_eq!(*types, names(["study-invitation"]));
    }
}

#[tokio::test]
async fn s28_customer_care_covers_customers_and_prospects_alike() {
    let world = World::at_noon().await;
    world.dealer("dealer-roma").await;
    let (customer, prospect) = (world.someone().await, world.someone().await);
    let ticked = json!({
        "notice": { "id": UNBUNDLED, "version": 1, "language": "it" },
        "controls": ["care", "sharing-group-company", "sharing-dealer"],
        "channels": ["email"],
    });
    for someone in [&customer, &prospect] {
        world.grant(someone, ticked.clone()).await.is(201);
    }
    let bought = json!({ "delivered_on": "2025-06-01" });
    world
        .relate(&customer, "dealer-roma", "purchase", "car-1", bought)
        .await
        .is(200);
    world
        .relate(&prospect, "dealer-roma", "local", "home", json!({}))
        .await
        .is(200);
    world.settle().await;

    for someone in [&customer, &prospect] {
        for who in PARTIES.into_iter().chain(["dealer-roma"]) {
            assert_eq!(verdict(&world, someone, who, "care").await, "allowed", "{who}");
            assert_eq!(
                verdict(&world, someone, who, "marketing").await,
                "S30 channel-not-selected",
                "{who}"
            );
        }
    }
    // Without that consent neither is covered.
    let nobody = world.someone().await;
    assert_eq!(
        verdict(&world, &nobody, "controller", "care").await,
        "S01 no-consent"
    );
}
