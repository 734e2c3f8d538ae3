//! S47 and S49: what interactions with e-mails are for, and what those who send and analyse may know.

use serde_json::json;
use tests::{CHANNELS, Held, PURPOSES, TO_SEND, World, a_whole_profile, allowed, contacts, denied, names};

const PROCESSORS: [&str; 2] = ["marketing-platform", "campaign-service"];

#[tokio::test]
async fn s47_tracking_data_serve_the_campaigns_and_nothing_else() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-sales").await;
    let delivered = json!({ "delivered_on": "2025-06-01" });
    world
        .relate(&someone, "dealer-sales", "purchase", "vehicle-1", delivered)
        .await
        .is(200);
    world.settle().await;
    let tracked = async |who: &str, purpose: &str| {
        let question = json!({ "who": who, "purpose": purpose, "category": "email-interaction" });
        world.decide(&someone, question).await
    };

    for purpose in PURPOSES {
        let because = [
            "consented",
            "profiling-consented",
            "listed-for-the-profile",
            "email-consented",
        ];
        assert_eq!(allowed(&tracked("controller", purpose).await), because);
        for processor in PROCESSORS {
            let because = [
                "consented",
                "processor",
                "listed-for-processors",
                "email-consented",
            ];
            assert_eq!(allowed(&tracked(processor, purpose).await), because);
        }
        for recipient in ["bmw-ag", "dealer-sales"] {
            let answer = tracked(recipient, purpose).await;
            assert_eq!(denied(&answer), ("S23", "shared-with-nobody"), "{recipient}");
        }
    }
    for purpose in ["pricing", "credit", "employee-ranking"] {
        for who in ["controller", "marketing-platform", "campaign-service"] {
            let answer = tracked(who, purpose).await;
            assert_eq!(denied(&answer), ("S26", "unknown-purpose"), "{who}");
        }
    }

    // Without e-mail there is nothing to track, and what was tracked is not used any more.
    world
        .withdraw(&someone, json!({ "channels": ["email"] }))
        .await
        .is(200);
    for who in ["controller", "marketing-platform", "campaign-service"] {
        let answer = tracked(who, "marketing").await;
        assert_eq!(denied(&answer), ("S45", "no-email-consent"), "{who}");
    }
    world.settle().await;
}

#[tokio::test]
async fn s49_processors_get_the_state_of_the_channels_and_no_profile_beyond_what_sending_needs() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let ticked = json!({ "channels": ["email", "phone"] });
    let ticked = tests::merged(tests::everything(), ticked);
    world.grant(&someone, ticked).await.is(201);
    world.patch_profile(&someone, a_whole_profile()).await.is(200);
    world.settle().await;

    for processor in PROCESSORS {
        let held = world.holds(processor, &someone);
        assert_eq!(held.categories, names(TO_SEND), "{processor}");
        assert_eq!(
            held.facets,
            contacts(&PURPOSES, &["email", "phone"]),
            "{processor}"
        );
        let profile = a_whole_profile();
        assert_eq!(
            json!(held.content),
            json!({ "contact": profile["contact"], "campaigns": profile["campaigns"] })
        );
        for category in [
            "identifying",
            "vehicle",
            "preferences",
            "customer-history",
            "cooperation-partner",
        ] {
            let question = json!({ "who": processor, "category": category });
            let answer = world.decide(&someone, question).await;
            assert_eq!(denied(&answer), ("S49", "not-for-processors"), "{category}");
        }
    }

    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    world.settle().await;
    for processor in PROCESSORS {
        let told = world.told(processor, &someone);
        let withdrawn = told.last().expect("something told");
        assert_eq!(withdrawn.change, "withdrawn");
        assert_eq!(withdrawn.facets, contacts(&PURPOSES, &["phone"]));
        let held = world.holds(processor, &someone);
        assert_eq!(held.facets, contacts(&PURPOSES, &["email"]));
    }
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    for processor in PROCESSORS {
        assert_eq!(world.holds(processor, &someone), Held::default(), "{processor}");
    }
}

#[tokio::test]
async fn s49_a_processor_that_the_notice_does_not_name_gets_nothing() {
    let world = World::at_noon().await;
    let processor = json!({ "kind": "processor", "role": "processor" });
    world.register("print-shop", processor).await.is(201);
    let someone = world.someone_who_granted_everything().await;
    world.patch_profile(&someone, a_whole_profile()).await.is(200);
    world.settle().await;

    assert_eq!(world.recipients.requests("print-shop"), 0);
    for channel in CHANNELS {
        let question = json!({ "who": "print-shop", "channel": channel });
        let answer = world.decide(&someone, question).await;
        assert_eq!(denied(&answer), ("S49", "not-a-processor"), "{channel}");
        assert!(world.may(&someone, "campaign-service", channel).await);
    }
}
