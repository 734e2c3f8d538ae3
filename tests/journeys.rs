//! What people do, and what the recipients hear of it: each from the front door to the last delivery.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{
    BASE, CHANNELS, EXTENDED, Manner, PURPOSES, TO_SEND, UNBUNDLED, World, contacts, instant, names,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

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
async fn withdrawing_one_channel_leaves_the_others() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    world.settle().await;

    assert!(!world.may(&someone, "bmw-ag", "phone").await);
    assert!(world.may(&someone, "bmw-ag", "email").await);
    let last = world.told("bmw-ag", &someone).pop().unwrap();
    assert_eq!(
        (last.change.as_str(), last.facets),
        ("withdrawn", contacts(&PURPOSES, &["phone"]))
    );
    let held = world.holds("bmw-ag", &someone);
    assert_eq!(
        held.facets,
        contacts(&PURPOSES, &["email", "sms", "post", "messaging"])
    );
    assert_eq!(held.categories, names(BASE));
}

#[tokio::test]
async fn withdrawing_the_email_channel_ends_what_processors_collect_over_it() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    world
        .withdraw(&someone, json!({ "channels": ["email"] }))
        .await
        .is(200);
    world.settle().await;

    let held = world.holds("campaign-service", &someone);
    assert_eq!(
        held.categories,
        names(["contact", "promotional-consent", "campaigns"])
    );
}

#[tokio::test]
async fn withdrawing_what_was_never_given_is_recorded_and_reaches_nobody() {
    let world = World::at_noon().await;
    let someone = world.someone().await;

    world.withdraw_all(&someone).await.is(200);
    let again = world.withdraw_all(&someone).await.is(200);
    world.settle().await;

    assert!(again.body["act"].is_null(), "the second adds nothing");
    assert_eq!(acts(&world.history(&someone).await), ["withdrawn"]);
    assert_eq!(world.recipients.requests("bmw-ag"), 0);
}

#[tokio::test]
async fn a_separate_consent_ends_its_category_alone() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-sales").await;
    let delivered = json!({ "delivered_on": "2025-06-01" });
    world
        .relate(&someone, "dealer-sales", "purchase", "vehicle-1", delivered)
        .await
        .is(200);
    world.settle().await;

    world
        .withdraw(&someone, json!({ "facets": ["separate/vehicle-usage"] }))
        .await
        .is(200);
    world.settle().await;

    let last = world.told("dealer-sales", &someone).pop().unwrap();
    assert_eq!(last.reason, "separate-consent-ended");
    assert_eq!(last.categories, names(["vehicle-usage"]));
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"],
        "no business of theirs"
    );
    assert!(world.may(&someone, "dealer-sales", "email").await);
}

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
async fn an_objection_denies_everything_until_the_person_lifts_it_and_lifts_no_more_than_is_granted() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    world.object(&someone).await.is(200);
    world.settle().await;
    assert_eq!(
        world.heard("bmw-ag", &someone)[2..],
        ["objected", "entitlement-ended: objected"]
    );

    let email = json!({ "controls": ["promotional"], "channels": ["email"] });
    let paper = json!({ "evidence": { "kind": "paper", "reference": "letter-7" }, "source": "staff" });
    world
        .grant(&someone, tests::merged(email.clone(), paper))
        .await
        .is(201);
    let denied = world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "email" }))
        .await;
    assert_eq!(rules(&denied), ["GDPR 21(2)"], "a letter does not lift it");

    world.grant(&someone, email).await.is(201);
    world.settle().await;
    assert!(world.may(&someone, "bmw-ag", "email").await);
    assert!(
        !world.may(&someone, "bmw-ag", "phone").await,
        "what was granted before stays off"
    );
    assert_eq!(
        world.holds("bmw-ag", &someone).facets,
        contacts(&PURPOSES, &["email"])
    );
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

#[tokio::test]
async fn a_consent_on_paper_counts_from_the_day_on_which_it_was_signed() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let paper = json!({
        "controls": ["promotional"], "channels": ["post"], "source": "dealer",
        "happened_at": "2026-02-20T09:00:00Z",
        "evidence": { "kind": "paper", "reference": "form 0815", "note": "signed in the showroom" },
    });
    world.grant(&someone, paper).await.is(201);
    world.settle().await;

    let at = |at: &str, known_at: Option<&str>| json!({ "who": "controller", "channel": "post", "at": at, "known_at": known_at });
    assert_eq!(
        world.decide(&someone, at("2026-02-20T08:59:59Z", None)).await["allowed"],
        false
    );
    assert_eq!(
        world.decide(&someone, at("2026-02-20T09:00:00Z", None)).await["allowed"],
        true
    );
    let as_known_then = at("2026-02-25T00:00:00Z", Some("2026-02-25T00:00:00Z"));
    assert_eq!(
        world.decide(&someone, as_known_then).await["allowed"],
        false,
        "nobody knew of it then"
    );

    let history = world.history(&someone).await;
    assert_eq!(history[0]["happened_at"], "2026-02-20T09:00:00.000Z");
    assert_eq!(history[0]["learnt_at"], "2026-03-02T12:00:00.000Z");
    assert_eq!(
        (&history[0]["source"], &history[0]["grade"]),
        (&json!("dealer"), &json!("C"))
    );
    assert!(
        !history[0].to_string().contains("0815"),
        "what identifies lies outside the chain"
    );
}

#[tokio::test]
async fn an_old_letter_does_not_undo_a_newer_withdrawal() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.withdraw_all(&someone).await.is(200);

    let letter = json!({
        "controls": ["promotional"], "channels": ["email"], "source": "staff",
        "happened_at": "2026-03-01T09:00:00Z", "evidence": { "kind": "paper", "reference": "x" },
    });
    world.grant(&someone, letter).await.is(201);
    world.settle().await;

    assert!(!world.may(&someone, "controller", "email").await);
    assert_eq!(world.holds("bmw-ag", &someone).facets, names([]));
}

#[tokio::test]
async fn the_state_is_told_as_it_was_at_any_instant() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let granted_at = world.now();
    world.advance(DAY);
    world.withdraw_all(&someone).await.is(200);
    world.advance(DAY);

    let facet = |state: &Value| state["facets"]["marketing/email"]["state"].clone();
    assert_eq!(facet(&world.state(&someone).await), "withdrawn");
    assert_eq!(facet(&world.state_at(&someone, granted_at).await), "active");
    assert_eq!(
        facet(&world.state_at(&someone, granted_at + DAY).await),
        "withdrawn"
    );
    assert!(facet(&world.state_at(&someone, granted_at - DAY).await).is_null());
    let past = json!({ "who": "bmw-ag", "channel": "email", "at": granted_at });
    assert_eq!(
        world.decide(&someone, past).await["allowed"],
        true,
        "a withdrawal is not retroactive"
    );
}

#[tokio::test]
async fn the_history_has_every_act_with_its_evidence_in_order() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-one").await;
    world
        .relate(&someone, "dealer-one", "service", "contract-1", json!({}))
        .await
        .is(200);
    world
        .patch_profile(&someone, json!({ "contact": { "city": "Milano" } }))
        .await
        .is(200);
    world
        .part(&someone, "dealer-one", "service", "contract-1")
        .await
        .is(200);
    world
        .withdraw(&someone, json!({ "purposes": ["research"] }))
        .await
        .is(200);
    world.object(&someone).await.is(200);

    let history = world.history(&someone).await;
    assert_eq!(
        acts(&history),
        [
            "granted",
            "relation-started",
            "profile-updated",
            "relation-ended",
            "withdrawn",
            "objected"
        ]
    );
    let versions: Vec<&Value> = history.iter().map(|act| &act["version"]).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
    let learnt: Vec<&str> = history
        .iter()
        .filter_map(|act| act["learnt_at"].as_str())
        .collect();
    assert!(learnt.windows(2).all(|pair| pair[0] < pair[1]), "{learnt:?}");
    let notice = &history[0]["notice"];
    assert_eq!(
        (&notice["id"], &notice["version"], &notice["language"]),
        (&json!(tests::BUNDLED), &json!(1), &json!("it"))
    );
    assert_eq!(
        notice["hash"].as_str().map(str::len),
        Some(43),
        "the very words are pinned"
    );
    assert_eq!(
        (&history[0]["brand"], &history[0]["grade"]),
        (&json!("bmw"), &json!("B"))
    );
    assert_eq!(history[4]["facets"], json!(contacts(&["research"], &CHANNELS)));
    assert!(!json!(history).to_string().contains("Milano"));
}

#[tokio::test]
async fn a_recipients_view_is_what_it_is_sent() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    for recipient in ["bmw-ag", "campaign-service"] {
        let view = world.view_as(&someone, recipient).await;
        let categories = view["categories"].as_object().unwrap();
        assert_eq!(categories.len(), 14, "each with its reasons, allowed or not");
        let allowed = categories
            .iter()
            .filter(|(_, decision)| decision["allowed"] == true);
        let allowed = names(allowed.map(|(category, _)| category.as_str()));
        let held = world.holds(recipient, &someone);
        assert_eq!(
            (allowed, json!(held.facets)),
            (held.categories, view["facets"].clone()),
            "{recipient}"
        );
    }
    world
        .get(&format!("/v1/subjects/{}/view-as/nobody", someone.id))
        .await
        .is(404);
}

#[tokio::test]
async fn a_consent_that_nobody_renews_lapses_by_itself_and_recipients_are_told() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone().await;
    let old = json!({ "happened_at": "2024-04-02T12:00:00Z" });
    world
        .grant(&someone, tests::merged(tests::everything(), old))
        .await
        .is(201);
    world.settle().await;
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );

    world.clock.set(instant("2026-04-02T11:59:59.999Z"));
    assert!(world.may(&someone, "bmw-ag", "email").await);
    world.advance(SignedDuration::from_millis(1));
    let denied = world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "email" }))
        .await;
    assert_eq!(
        denied["reasons"][0]["code"], "lapsed",
        "denied before any schedule has run"
    );
    world.tick().await;
    world.tick().await;

    assert_eq!(acts(&world.history(&someone).await), ["granted", "lapsed"]);
    for recipient in ["bmw-ag", "campaign-service", "marketing-platform"] {
        assert_eq!(
            world.heard(recipient, &someone)[2..],
            ["lapsed", "entitlement-ended: lapsed"],
            "{recipient}"
        );
        assert_eq!(
            world.holds(recipient, &someone),
            Default::default(),
            "{recipient}"
        );
    }
}

#[tokio::test]
async fn a_renewal_in_time_carries_on_past_the_first_end() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone().await;
    let old = json!({ "happened_at": "2024-03-05T12:00:00Z" });
    world
        .grant(&someone, tests::merged(tests::everything(), old))
        .await
        .is(201);
    world.advance(DAY);
    world.grant(&someone, tests::everything()).await.is(201);
    world.settle().await;

    world.advance(DAY * 5);
    world.tick().await;

    assert!(world.may(&someone, "bmw-ag", "email").await);
    assert_eq!(acts(&world.history(&someone).await), ["granted", "granted"]);
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );
}

#[tokio::test]
async fn the_third_anniversary_ends_exactly_the_four_categories_for_that_dealer() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    for (dealer, delivered_on) in [("dealer-first", "2023-03-05"), ("dealer-second", "2023-03-06")] {
        world.dealer(dealer).await;
        let delivered = json!({ "delivered_on": delivered_on });
        world
            .relate(&someone, dealer, "purchase", "vehicle-1", delivered)
            .await
            .is(200);
    }
    world.settle().await;
    let before = world.heard("dealer-first", &someone).len();

    world.clock.set(instant("2026-03-05T22:59:59.999Z"));
    world.tick().await;
    assert_eq!(
        world.heard("dealer-first", &someone).len(),
        before,
        "the anniversary itself is included"
    );
    world.clock.set(instant("2026-03-05T23:00:00Z"));
    world.tick().await;
    world.tick().await;

    let [ended] = &world.told("dealer-first", &someone)[before..] else {
        panic!("{:?}", world.heard("dealer-first", &someone));
    };
    assert_eq!(
        (ended.change.as_str(), ended.reason.as_str()),
        ("entitlement-ended", "three-years")
    );
    assert_eq!(ended.categories, names(EXTENDED));
    assert_eq!(world.holds("dealer-first", &someone).categories, names(BASE));
    assert_eq!(
        world.holds("dealer-second", &someone).categories,
        names(BASE.into_iter().chain(EXTENDED))
    );
    assert_eq!(
        acts(&world.history(&someone).await)[3..],
        ["delivery-period-ended"]
    );
}

#[tokio::test]
async fn a_delivery_that_fails_is_tried_again_by_the_schedule_and_arrives() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::Fails);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 1);
    assert!(
        world.sqs.bodies(tests::ERRANDS).is_empty(),
        "it waits in the ledger, not in the queue"
    );

    world.advance(SignedDuration::from_mins(7));
    world.tick().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 2, "still failing");
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.advance(SignedDuration::from_mins(7));
    world.tick().await;

    assert_eq!(world.recipients.requests("bmw-ag"), 3);
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );
    assert_eq!(world.holds("bmw-ag", &someone).categories, names(BASE));
    world.advance(DAY);
    world.tick().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 3, "nothing is left to do");
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

fn rules(decision: &Value) -> Vec<String> {
    let reasons = decision["reasons"].as_array().into_iter().flatten();
    reasons
        .filter_map(|reason| reason["rule"].as_str().map(str::to_owned))
        .collect()
}

fn acts(history: &[Value]) -> Vec<&str> {
    history.iter().filter_map(|act| act["act"].as_str()).collect()
}
