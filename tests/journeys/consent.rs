//! What somebody allows, and who hears of it.

use serde_json::json;
use tests::{BASE, CHANNELS, EXTENDED, PURPOSES, TO_SEND, UNBUNDLED, World, contacts, names};

use crate::rules;

#[tokio::test]
async fn a_consent_and_its_withdrawal_reach_every_recipient_with_exactly_what_concerns_it() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    for dealer in ["dealer-sales", "dealer-service", "dealer-stranger"] {
        world.dealer(dealer).await;
    }
    let delivered = json!({ "delivered_on": "2025-06-01" });
    world
        .relate(&someone, "dealer-sales", "purchase", "vehicle-1", delivered)
        .await
        .is(200);
    world
        .relate(&someone, "dealer-service", "service", "vehicle-1", json!({}))
        .await
        .is(200);
    world.settle().await;
    let recipients = [
        ("bmw-ag", names(BASE)),
        ("dealer-sales", names(BASE.into_iter().chain(EXTENDED))),
        ("dealer-service", names(BASE)),
        ("marketing-platform", names(TO_SEND)),
        ("campaign-service", names(TO_SEND)),
    ];
    for (recipient, _) in &recipients {
        assert_eq!(
            world.recipients.requests(recipient),
            0,
            "{recipient} was told before there was a consent"
        );
        assert!(!world.may(&someone, recipient, "phone").await);
    }

    world.grant(&someone, tests::everything()).await.is(201);
    world.settle().await;
    let all = contacts(&PURPOSES, &CHANNELS);
    for (recipient, categories) in &recipients {
        let [granted, started] = &world.told(recipient, &someone)[..] else {
            panic!("{recipient} heard {:?}", world.heard(recipient, &someone));
        };
        assert_eq!(
            (granted.change.as_str(), &granted.facets),
            ("granted", &all),
            "{recipient}"
        );
        assert_eq!(
            (started.change.as_str(), &started.categories),
            ("entitlement-started", categories)
        );
        assert_eq!(
            &world.holds(recipient, &someone).categories,
            categories,
            "{recipient}"
        );
        assert!(world.may(&someone, recipient, "phone").await, "{recipient}");
    }

    let told = world.withdraw_all(&someone).await.is(200);
    assert_eq!(told.body["act"]["act"], "withdrawn");
    for (recipient, _) in &recipients {
        assert!(
            !world.may(&someone, recipient, "phone").await,
            "{recipient} before it was told"
        );
    }
    world.settle().await;
    for (recipient, categories) in &recipients {
        let [withdrawn, ended] = &world.told(recipient, &someone)[2..] else {
            panic!("{recipient} heard {:?}", world.heard(recipient, &someone));
        };
        assert_eq!(
            (withdrawn.change.as_str(), &withdrawn.facets),
            ("withdrawn", &all),
            "{recipient}"
        );
        assert_eq!(
            (ended.change.as_str(), ended.reason.as_str()),
            ("entitlement-ended", "withdrawn")
        );
        assert_eq!(&ended.categories, categories, "{recipient}");
        assert_eq!(
            world.holds(recipient, &someone),
            Default::default(),
            "{recipient}"
        );
    }
    assert_eq!(world.recipients.requests("dealer-stranger"), 0);
}

#[tokio::test]
async fn a_decision_says_which_rules_and_acts_it_rests_on_and_until_when_it_holds() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;

    let allowed = world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "phone" }))
        .await;
    assert_eq!(allowed["allowed"], true);
    assert_eq!(rules(&allowed), ["S01", "S05", "S04"]);
    assert_eq!(
        allowed["policy"],
        json!({ "notice": tests::BUNDLED, "version": 1 })
    );
    assert_eq!(allowed["acts"], json!([1]));
    assert_eq!(allowed["valid_until"], "2028-03-02T12:00:00.000Z");

    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    let denied = world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "phone" }))
        .await;
    assert_eq!(
        (&denied["allowed"], rules(&denied)),
        (&json!(false), vec!["GDPR 7(3)".to_owned()])
    );
    assert_eq!(denied["acts"], json!([2]));
    assert!(denied["valid_until"].is_null());
}

#[tokio::test]
async fn a_bare_claim_waits_for_better_proof_and_grants_nothing() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let claim = tests::merged(tests::everything(), json!({ "evidence": { "kind": "none" } }));

    let told = world.grant(&someone, claim).await.is(201);
    world.settle().await;

    assert_eq!(
        told.body["state"]["facets"]["marketing/email"]["state"],
        "pending"
    );
    let denied = world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "email" }))
        .await;
    assert_eq!(denied["reasons"][0]["code"], "not-confirmed");
    assert_eq!(world.recipients.requests("bmw-ag"), 0);
}

#[tokio::test]
async fn an_unbundled_notice_shares_with_nobody_until_its_own_box_is_ticked() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    world.dealer("dealer-one").await;
    world
        .relate(&someone, "dealer-one", "preferred", "account", json!({}))
        .await
        .is(200);
    let unbundled = |controls: &[&str]| {
        let notice = json!({ "id": UNBUNDLED, "version": 1, "language": "de" });
        json!({ "notice": notice, "controls": controls, "channels": ["email"] })
    };

    world.grant(&someone, unbundled(&["marketing"])).await.is(201);
    world.settle().await;
    assert!(world.may(&someone, "controller", "email").await);
    assert!(world.may(&someone, "campaign-service", "email").await);
    assert_eq!(
        world.recipients.requests("bmw-ag") + world.recipients.requests("dealer-one"),
        0
    );
    let denied = world
        .decide(
            &someone,
            json!({ "who": "controller", "purpose": "care", "channel": "email" }),
        )
        .await;
    assert_eq!(rules(&denied), ["S30"]);
    world
        .patch_profile(&someone, json!({ "contact": { "city": "Milano" } }))
        .await
        .is(422);

    world
        .grant(&someone, unbundled(&["profiling", "sharing-dealer"]))
        .await
        .is(201);
    world
        .patch_profile(&someone, json!({ "contact": { "city": "Milano" } }))
        .await
        .is(200);
    world.settle().await;
    assert_eq!(
        world.holds("dealer-one", &someone).content,
        [("contact".into(), json!({ "city": "Milano" }))].into()
    );
    assert_eq!(
        world.holds("dealer-one", &someone).facets,
        contacts(&["marketing"], &["email"])
    );
    assert_eq!(world.recipients.requests("bmw-ag"), 0);
}

#[tokio::test]
async fn a_profile_update_reaches_whoever_may_hold_the_category_and_nobody_else() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-sales").await;
    world.dealer("dealer-service").await;
    let delivered = json!({ "delivered_on": "2025-06-01" });
    world
        .relate(&someone, "dealer-sales", "purchase", "vehicle-1", delivered)
        .await
        .is(200);
    world
        .relate(&someone, "dealer-service", "service", "vehicle-1", json!({}))
        .await
        .is(200);
    world.settle().await;

    let profile = json!({
        "contact": { "email": "ada@example.org", "city": "Milano" },
        "identifying": { "customer-number": "C-1" },
        "vehicle": { "vehicles": [{ "chassis-number": "WBA1", "model": "i4" }] },
        "vehicle-of-interest": { "model": "iX" },
        "preferences": { "interests": ["sailing"] },
        "campaigns": { "campaign": "spring" },
        "programme-participation": { "events": ["opening"] },
        "customer-history": { "test-drives": 2 },
        "vehicle-usage": { "mileage": 12000 },
        "app-web-usage": { "app-usage": "often" },
        "recommended-actions": { "action": "tyres" },
        "cooperation-partner": { "partner": "charging" },
    });
    world.patch_profile(&someone, profile.clone()).await.is(200);
    world.settle().await;

    let content = |categories: &[&str]| {
        let kept = categories
            .iter()
            .filter(|category| !profile[**category].is_null());
        kept.map(|category| ((*category).to_owned(), profile[*category].clone()))
            .collect()
    };
    let sales: Vec<&str> = BASE.into_iter().chain(EXTENDED).collect();
    for (recipient, categories) in [
        ("bmw-ag", &BASE[..]),
        ("dealer-service", &BASE),
        ("dealer-sales", &sales),
        ("campaign-service", &TO_SEND),
        ("marketing-platform", &TO_SEND),
    ] {
        assert_eq!(
            world.holds(recipient, &someone).content,
            content(categories),
            "{recipient}"
        );
    }

    let patch = json!({ "contact": { "city": null, "phone": "02 555" }, "preferences": null });
    world.patch_profile(&someone, patch).await.is(200);
    world.settle().await;
    let held = world.holds("bmw-ag", &someone);
    assert_eq!(
        held.content["contact"],
        json!({ "email": "ada@example.org", "phone": "02 555" })
    );
    assert!(
        !held.content.contains_key("preferences"),
        "what was emptied is emptied there too"
    );
    let last = world.told("campaign-service", &someone).pop().unwrap();
    assert_eq!(
        (last.change.as_str(), last.categories),
        ("updated", names(["contact"]))
    );
}
