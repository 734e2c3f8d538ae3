//! S15, S16, S23 to S25: which categories each recipient may have.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{BASE, EXTENDED, UNBUNDLED, UNSHARED, World, names};

/// Every category that a recipient was ever told of, in any place of any event.
fn ever_named(world: &World, recipient: &str) -> BTreeSet<String> {
    let listed = |list: &Value| -> Vec<String> {
        let list = list.as_array().cloned().unwrap_or_default();
        list.iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    };
    let mut named = BTreeSet::new();
    for letter in world.recipients.letters(recipient) {
        let data = &letter.body["data"];
        named.extend(listed(&data["holds"]["categories"]));
        for change in data["changes"].as_array().into_iter().flatten() {
            named.extend(listed(&change["categories"]));
            named.extend(
                change["content"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.clone()),
            );
        }
    }
    named
}

/// The base categories that are content of the profile: the consent itself is not.
fn with_content() -> BTreeSet<String> {
    names(BASE.into_iter().filter(|name| *name != "promotional-consent"))
}

#[tokio::test]
async fn s15_the_group_company_gets_exactly_the_eight_base_categories() {
    let world = World::at_noon().await;
    let someone = world.someone_well_known().await;
    world.settle().await;
    let more = json!({ "customer-history": { "purchases": 3 }, "vehicle": { "model": "i5" } });
    world.patch_profile(&someone, more).await.is(200);
    world.settle().await;

    let held = world.holds("bmw-ag", &someone);
    assert_eq!(held.categories, names(BASE));
    assert_eq!(
        held.content.keys().cloned().collect::<BTreeSet<_>>(),
        with_content()
    );
    assert_eq!(held.content["vehicle"], json!({ "model": "i5" }));
    assert_eq!(ever_named(&world, "bmw-ag"), names(BASE));

    assert_eq!(world.verdicts(&someone, "bmw-ag", &BASE).await, ["allowed"; 8]);
    assert_eq!(
        world.verdicts(&someone, "bmw-ag", &EXTENDED).await,
        ["S15 not-for-the-group"; 4]
    );
    assert_eq!(
        world.verdicts(&someone, "bmw-ag", &["birth-chart"]).await,
        ["S36 unknown-category"]
    );
}

#[tokio::test]
async fn s16_related_dealers_get_the_base_categories_however_old_the_relation() {
    let world = World::at_noon().await;
    let someone = world.someone_well_known().await;
    let long_ago = json!({ "since": "1996-05-01" });
    let ties = [
        ("preferred", long_ago.clone(), "S16 not-for-this-relation"),
        ("service", long_ago.clone(), "S16 not-for-this-relation"),
        ("consultation", long_ago, "S16 not-for-this-relation"),
        (
            "purchase",
            json!({ "since": "1996-05-01", "delivered_on": "1996-06-01" }),
            "S19 delivery-too-long-ago",
        ),
    ];
    for (kind, facts, extended) in ties {
        let dealer = format!("dealer-{kind}");
        world.dealer(&dealer).await;
        world
            .relate(&someone, &dealer, kind, "tie-1", facts)
            .await
            .is(200);
        world.settle().await;

        let held = world.holds(&dealer, &someone);
        assert_eq!(held.categories, names(BASE), "{kind}");
        assert_eq!(
            held.content.keys().cloned().collect::<BTreeSet<_>>(),
            with_content()
        );
        assert_eq!(ever_named(&world, &dealer), names(BASE), "{kind}");
        assert_eq!(world.verdicts(&someone, &dealer, &BASE).await, ["allowed"; 8]);
        assert_eq!(world.verdicts(&someone, &dealer, &EXTENDED).await, [extended; 4]);
        // T8: no end is in sight but the consent's own.
        let answer = world
            .decide(&someone, json!({ "who": dealer, "category": "contact" }))
            .await;
        let consent = &world.state(&someone).await["facets"]["marketing/email"]["until"];
        assert_eq!(&answer["valid_until"], consent, "{kind}");
    }
}

#[tokio::test]
async fn s23_email_interactions_and_cooperation_data_are_shared_with_nobody() {
    let world = World::at_noon().await;
    let someone = world.someone_well_known().await;
    let dealers = ["preferred", "purchase", "service", "consultation"].map(|kind| format!("dealer-{kind}"));
    for dealer in &dealers {
        world.dealer(dealer).await;
        let kind = dealer.trim_start_matches("dealer-");
        let facts = if kind == "purchase" {
            json!({ "delivered_on": "2025-06-01" })
        } else {
            json!({})
        };
        world.relate(&someone, dealer, kind, "tie-1", facts).await.is(200);
    }
    world.settle().await;
    let more = json!({ "cooperation-partner": { "partner": "parking" } });
    world.patch_profile(&someone, more).await.is(200);
    world.settle().await;

    // The controller itself may use both.
    assert_eq!(
        world.verdicts(&someone, "controller", &UNSHARED).await,
        ["allowed"; 2]
    );
    assert!(world.state(&someone).await["profile"]["cooperation-partner"].is_number());
    for recipient in dealers.iter().map(String::as_str).chain(["bmw-ag"]) {
        assert_eq!(
            world.verdicts(&someone, recipient, &UNSHARED).await,
            ["S23 shared-with-nobody"; 2]
        );
        let named = ever_named(&world, recipient);
        assert!(!named.is_empty());
        for category in UNSHARED {
            assert!(!named.contains(category), "{recipient} was told of {category}");
        }
    }
}

#[tokio::test]
async fn s24_every_event_says_which_purposes_and_channels_are_on() {
    let world = World::at_noon().await;
    world.dealer("dealer-roma").await;
    let recipients = ["bmw-ag", "dealer-roma", "campaign-service", "marketing-platform"];
    let someone = world.someone_well_known().await;
    world
        .relate(&someone, "dealer-roma", "service", "car-1", json!({}))
        .await
        .is(200);
    world.settle().await;

    // An act each, and what is on after it.
    for step in 0..5 {
        match step {
            0 => {}
            1 => drop(
                world
                    .withdraw(&someone, json!({ "channels": ["phone"] }))
                    .await
                    .is(200),
            ),
            2 => drop(
                world
                    .withdraw(&someone, json!({ "purposes": ["research"] }))
                    .await
                    .is(200),
            ),
            3 => drop(
                world
                    .grant(&someone, json!({ "facets": ["research/phone"] }))
                    .await
                    .is(201),
            ),
            _ => {
                let patch = json!({ "contact": { "phone": "+39 06 1" } });
                drop(world.patch_profile(&someone, patch).await.is(200));
            }
        }
        world.settle().await;
        let facets = world.state(&someone).await["facets"].clone();
        let facets = facets.as_object().cloned().unwrap_or_default();
        let on: BTreeSet<String> = facets
            .into_iter()
            .filter(|(name, facet)| {
                let kept = ["sharing/", "separate/", "profiling"];
                facet["state"] == "active" && !kept.iter().any(|other| name.starts_with(other))
            })
            .map(|(name, _)| name)
            .collect();
        assert_eq!(on.len(), [15, 12, 8, 9, 9][step]);
        for recipient in recipients {
            let letters = world.recipients.letters(recipient);
            assert_eq!(letters.len(), step + 1, "{recipient} is told of each act");
            let held = world.holds(recipient, &someone);
            assert_eq!(held.facets, on, "{recipient} after step {step}");
            assert!(held.categories.contains("promotional-consent"), "{recipient}");
        }
    }
}

#[tokio::test]
async fn s25_recommended_actions_go_to_a_recent_seller_and_never_into_the_profile() {
    let world = World::at_noon().await;
    for dealer in ["seller-recent", "seller-long-ago"] {
        world.dealer(dealer).await;
    }
    let someone = world.someone_well_known().await;
    for (dealer, day) in [("seller-recent", "2025-06-01"), ("seller-long-ago", "2020-06-01")] {
        let bought = json!({ "delivered_on": day });
        world
            .relate(&someone, dealer, "purchase", "car-1", bought)
            .await
            .is(200);
    }
    world.settle().await;

    let cases = [
        ("controller", "S36 not-for-the-profile"),
        ("seller-recent", "allowed"),
        ("seller-long-ago", "S19 delivery-too-long-ago"),
        ("bmw-ag", "S15 not-for-the-group"),
        ("campaign-service", "S49 not-for-processors"),
    ];
    for (who, verdict) in cases {
        let said = world.verdicts(&someone, who, &["recommended-actions"]).await;
        assert_eq!(said, [verdict], "{who}");
    }
    let actions = |dealer: &str| {
        world
            .holds(dealer, &someone)
            .content
            .get("recommended-actions")
            .cloned()
    };
    assert_eq!(actions("seller-recent"), Some(json!({ "action": "call" })));
    assert_eq!(actions("seller-long-ago"), None);

    // What went into a message for the controller does not name them.
    let path = format!("/v1/subjects/{}/why?purpose=marketing&channel=email", someone.id);
    let told = world.get(&path).await.is(200).body;
    let used = told["categories"].as_array().expect("categories").iter();
    let used: Vec<&Value> = used.map(|named| &named["code"]).collect();
    assert!(used.contains(&&json!("customer-history")));
    assert!(!used.contains(&&json!("recommended-actions")));
}

#[tokio::test]
async fn s25_without_a_share_that_could_carry_them_recommended_actions_are_not_taken() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let ticked = |controls: Value| {
        let notice = json!({ "id": UNBUNDLED, "version": 1, "language": "it" });
        json!({ "notice": notice, "controls": controls, "channels": ["email"] })
    };
    let alone = ticked(json!(["marketing", "profiling", "sharing-group-company"]));
    world.grant(&someone, alone).await.is(201);
    let actions = json!({ "recommended-actions": { "action": "call" } });
    let refused = world.patch_profile(&someone, actions.clone()).await.is(422);
    assert_eq!(refused.problem(), "category-without-consent");
    assert_eq!(refused.body["rules"], json!(["S36"]));

    let shared = ticked(json!(["sharing-dealer"]));
    world.grant(&someone, shared).await.is(201);
    world.patch_profile(&someone, actions).await.is(200);
    world.settle().await;
}
