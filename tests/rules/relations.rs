//! S06, S08, S09: a dealer is told what its relations to the person entitle it to.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{BASE, EXTENDED, Held, World, names};

const KINDS: [&str; 4] = ["preferred", "purchase", "service", "consultation"];

fn to_hold(who: &str) -> Value {
    json!({ "who": who, "category": "contact" })
}

#[tokio::test]
async fn s06_a_dealer_is_told_while_a_relation_of_a_known_kind_is_active() {
    let world = World::at_noon().await;
    let (someone, other) = (world.someone_well_known().await, world.someone_well_known().await);
    for kind in KINDS {
        let dealer = format!("dealer-{kind}");
        world.dealer(&dealer).await;
        let question = to_hold(&dealer);
        assert_eq!(world.verdict(&someone, question.clone()).await, "S06 no-relation");

        world
            .relate(&someone, &dealer, kind, "tie-1", json!({}))
            .await
            .is(200);
        world.settle().await;
        let answer = world.decide(&someone, question.clone()).await;
        assert_eq!(answer["allowed"], true);
        let reasons = answer["reasons"].as_array().cloned().unwrap_or_default();
        assert!(
            reasons
                .iter()
                .any(|reason| reason["rule"] == "S06" && reason["code"] == "related")
        );
        assert_eq!(world.holds(&dealer, &someone).categories, names(BASE));
        // Somebody else's relation is nobody's business.
        assert_eq!(world.verdict(&other, question.clone()).await, "S06 no-relation");
        assert_eq!(world.told(&dealer, &other), []);

        world.part(&someone, &dealer, kind, "tie-1").await.is(200);
        world.settle().await;
        assert_eq!(world.verdict(&someone, question).await, "S06 no-relation");
        let told = world.told(&dealer, &someone);
        let last = told
            .last()
            .map(|change| (change.reason.as_str(), &change.categories));
        assert_eq!(last, Some(("relation-ended", &names(BASE))));
        assert_eq!(world.holds(&dealer, &someone), Held::default());
    }
}

#[tokio::test]
async fn s06_no_other_tie_and_no_unregistered_dealer_counts() {
    let world = World::at_noon().await;
    world.dealer("dealer-roma").await;
    let someone = world.someone_well_known().await;

    let unknown_kind = world
        .relate(&someone, "dealer-roma", "friend", "tie-1", json!({}))
        .await;
    assert_eq!(unknown_kind.is(422).problem(), "unknown-relation-kind");
    let unregistered = world
        .relate(&someone, "dealer-oslo", "service", "tie-1", json!({}))
        .await;
    assert_eq!(unregistered.is(422).problem(), "unknown-recipient");
    let no_dealer = world
        .relate(&someone, "bmw-ag", "service", "tie-1", json!({}))
        .await;
    assert_eq!(no_dealer.is(422).problem(), "not-a-dealer");
    world.settle().await;

    assert_eq!(
        world.verdict(&someone, to_hold("dealer-roma")).await,
        "S06 no-relation"
    );
    assert_eq!(
        world.verdict(&someone, to_hold("dealer-oslo")).await,
        "S06 unknown-recipient"
    );
    assert_eq!(world.recipients.letters("dealer-roma"), []);
}

#[tokio::test]
async fn s08_naming_another_preferred_dealer_ends_the_one_before_in_one_act() {
    let world = World::at_noon().await;
    world.dealer("dealer-roma").await;
    world.dealer("dealer-como").await;
    let someone = world.someone_well_known().await;
    world
        .relate(&someone, "dealer-roma", "preferred", "account", json!({}))
        .await
        .is(200);
    world.settle().await;
    world.advance(SignedDuration::from_hours(1));
    let just_before = world.now().to_string();
    world.advance(SignedDuration::from_secs(1));

    let acts = world.history(&someone).await.len();
    world
        .relate(
            &someone,
            "dealer-como",
            "preferred",
            "account",
            json!({ "source": "account" }),
        )
        .await
        .is(200);
    let history = world.history(&someone).await;
    assert_eq!(history.len(), acts + 1);
    let act = &history[acts];
    assert_eq!(act["act"], "relation-started");
    assert_eq!(act["relation"]["recipient"], "dealer-como");
    // Where it comes from is on record.
    assert_eq!(act["source"], "account");
    assert_eq!(act["happened_at"], act["learnt_at"]);

    let at = |who: &str, at: &Value| json!({ "who": who, "category": "contact", "at": at });
    let (before, from_then_on) = (json!(just_before), &act["happened_at"]);
    assert_eq!(
        world.verdict(&someone, at("dealer-roma", &before)).await,
        "allowed"
    );
    assert_eq!(
        world.verdict(&someone, at("dealer-como", &before)).await,
        "S06 no-relation"
    );
    assert_eq!(
        world.verdict(&someone, at("dealer-roma", from_then_on)).await,
        "S06 no-relation"
    );
    assert_eq!(
        world.verdict(&someone, at("dealer-como", from_then_on)).await,
        "allowed"
    );

    world.settle().await;
    assert_eq!(
        world.heard("dealer-roma", &someone),
        [
            "granted",
            "entitlement-started",
            "entitlement-ended: preferred-changed"
        ]
    );
    assert_eq!(world.holds("dealer-roma", &someone), Held::default());
    assert_eq!(world.holds("dealer-como", &someone).categories, names(BASE));
}

#[tokio::test]
async fn s09_every_partner_of_a_purchase_a_service_or_a_consultation_is_entitled_at_once() {
    let world = World::at_noon().await;
    let someone = world.someone_well_known().await;
    let ties = [
        ("seller-roma", "purchase"),
        ("seller-como", "purchase"),
        ("workshop-roma", "service"),
        ("workshop-como", "service"),
        ("adviser-roma", "consultation"),
        ("adviser-como", "consultation"),
    ];
    for (dealer, kind) in ties {
        world.dealer(dealer).await;
        world
            .relate(&someone, dealer, kind, "tie-1", json!({}))
            .await
            .is(200);
    }
    world.settle().await;
    for (dealer, _) in ties {
        assert_eq!(world.verdict(&someone, to_hold(dealer)).await, "allowed");
        assert_eq!(world.holds(dealer, &someone).categories, names(BASE));
    }

    // The last one goes, the others stay.
    world
        .part(&someone, "adviser-como", "consultation", "tie-1")
        .await
        .is(200);
    world.settle().await;
    for (dealer, _) in ties {
        let expected = if dealer == "adviser-como" {
            "S06 no-relation"
        } else {
            "allowed"
        };
        assert_eq!(
            world.verdict(&someone, to_hold(dealer)).await,
            expected,
            "{dealer}"
        );
    }
}

#[tokio::test]
async fn s09_a_dealer_with_several_relations_has_the_union_of_them() {
    let world = World::at_noon().await;
    world.dealer("dealer-roma").await;
    let someone = world.someone_well_known().await;
    let bought = json!({ "delivered_on": "2025-06-01" });
    for (kind, id, facts) in [
        ("purchase", "car-1", bought),
        ("preferred", "account", json!({})),
        ("service", "car-1", json!({})),
    ] {
        world
            .relate(&someone, "dealer-roma", kind, id, facts)
            .await
            .is(200);
    }
    world.settle().await;
    let all = names(BASE.into_iter().chain(EXTENDED));
    assert_eq!(world.holds("dealer-roma", &someone).categories, all);

    world
        .part(&someone, "dealer-roma", "purchase", "car-1")
        .await
        .is(200);
    world.settle().await;
    assert_eq!(world.holds("dealer-roma", &someone).categories, names(BASE));
    let told = world.told("dealer-roma", &someone);
    let last = told
        .last()
        .map(|change| (change.change.as_str(), &change.categories));
    assert_eq!(last, Some(("entitlement-ended", &names(EXTENDED))));

    world
        .part(&someone, "dealer-roma", "preferred", "account")
        .await
        .is(200);
    world.settle().await;
    assert_eq!(world.holds("dealer-roma", &someone).categories, names(BASE));
    world
        .part(&someone, "dealer-roma", "service", "car-1")
        .await
        .is(200);
    world.settle().await;
    assert_eq!(world.holds("dealer-roma", &someone), Held::default());
}
