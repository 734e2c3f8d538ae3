//! S05, S07, S14: what turns a share off although the consent to be contacted stands.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{BASE, Change, Someone, UNBUNDLED, World, names};

const DEALER: &str = "dealer-roma";

fn ended(reason: &str, categories: &[&str]) -> Change {
    Change {
        change: "entitlement-ended".to_owned(),
        categories: names(categories.iter().copied()),
        reason: reason.to_owned(),
        ..Change::default()
    }
}

fn to_hold(who: &str) -> Value {
    json!({ "who": who, "category": "contact" })
}

async fn a_preferred_dealer(world: &World, someone: &Someone) {
    world
        .relate(someone, DEALER, "preferred", "account", json!({}))
        .await
        .is(200);
}

#[tokio::test]
async fn s05_one_act_of_consent_switches_sharing_on_as_facets_of_their_own() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let one_control = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant(&someone, one_control).await.is(201);
    world.settle().await;

    let facets = world.state(&someone).await["facets"].clone();
    for facet in [
        "sharing/group-company",
        "sharing/dealer",
        "profiling",
        "marketing/email",
    ] {
        assert_eq!(facets[facet]["state"], "active", "{facet}");
        assert_eq!(facets[facet]["act"], 1, "{facet}");
    }
    assert_eq!(world.verdict(&someone, to_hold("bmw-ag")).await, "allowed");
    assert_eq!(world.holds("bmw-ag", &someone).categories, names(BASE));
}

#[tokio::test]
async fn s05_under_the_unbundled_notice_sharing_is_switched_off_alone() {
    let world = World::at_noon().await;
    world.dealer(DEALER).await;
    let someone = world.someone().await;
    let ticked = json!({
        "notice": { "id": UNBUNDLED, "version": 1, "language": "it" },
        "controls": ["marketing", "sharing-group-company", "sharing-dealer"],
        "channels": ["email"],
    });
    world.grant(&someone, ticked).await.is(201);
    a_preferred_dealer(&world, &someone).await;
    world.settle().await;
    assert_eq!(world.verdict(&someone, to_hold(DEALER)).await, "allowed");
    let told_the_group = world.told("bmw-ag", &someone);

    world
        .withdraw(&someone, json!({ "facets": ["sharing/dealer"] }))
        .await
        .is(200);
    world.settle().await;

    assert_eq!(world.verdict(&someone, to_hold(DEALER)).await, "S05 no-sharing");
    let by_email = json!({ "who": DEALER, "channel": "email" });
    assert_eq!(world.verdict(&someone, by_email).await, "S05 no-sharing");
    assert_eq!(
        world.told(DEALER, &someone).last(),
        Some(&ended("sharing-withdrawn", &BASE))
    );
    assert_eq!(world.holds(DEALER, &someone), tests::Held::default());
    for who in ["bmw-ag", "controller", "campaign-service"] {
        assert!(world.may(&someone, who, "email").await, "{who}");
    }
    assert_eq!(world.told("bmw-ag", &someone), told_the_group);
}

#[tokio::test]
async fn s05_without_the_box_for_sharing_nothing_is_shared() {
    let world = World::at_noon().await;
    world.dealer(DEALER).await;
    let someone = world.someone().await;
    let ticked = json!({
        "notice": { "id": UNBUNDLED, "version": 1, "language": "it" },
        "controls": ["marketing", "sharing-dealer"],
        "channels": ["email"],
    });
    world.grant(&someone, ticked).await.is(201);
    a_preferred_dealer(&world, &someone).await;
    world.settle().await;

    assert_eq!(world.verdict(&someone, to_hold("bmw-ag")).await, "S05 no-sharing");
    assert_eq!(world.told("bmw-ag", &someone), []);
    assert_eq!(world.holds(DEALER, &someone).categories, names(BASE));
}

#[tokio::test]
async fn s07_a_dealer_that_loses_its_authorisation_is_told_so_and_nothing_after_it() {
    let world = World::at_noon().await;
    world.dealer(DEALER).await;
    let someone = world.someone_well_known().await;
    a_preferred_dealer(&world, &someone).await;
    world.settle().await;
    world.advance(SignedDuration::from_hours(1));
    let while_authorised = world.now();
    assert_eq!(world.verdict(&someone, to_hold(DEALER)).await, "allowed");

    world.advance(SignedDuration::from_hours(1));
    authorise(&world, false).await;
    world.settle().await;
    assert_eq!(
        world.verdict(&someone, to_hold(DEALER)).await,
        "S07 not-authorised"
    );
    assert_eq!(
        world.told(DEALER, &someone).last(),
        Some(&ended("authorisation-lost", &BASE))
    );
    assert_eq!(world.holds(DEALER, &someone), tests::Held::default());
    let then = json!({ "who": DEALER, "category": "contact", "at": while_authorised.to_string() });
    assert_eq!(world.verdict(&someone, then).await, "allowed");

    let letters = world.recipients.letters(DEALER).len();
    let moved = json!({ "contact": { "phone": "+39 06 000000" } });
    world.patch_profile(&someone, moved).await.is(200);
    world.settle().await;
    assert_eq!(world.recipients.letters(DEALER).len(), letters);

    authorise(&world, true).await;
    world.settle().await;
    assert_eq!(world.verdict(&someone, to_hold(DEALER)).await, "allowed");
    let held = world.holds(DEALER, &someone);
    assert_eq!(held.content["contact"]["phone"], "+39 06 000000");
}

#[tokio::test]
async fn s07_a_dealer_that_is_not_authorised_yet_is_told_once_it_is() {
    let world = World::at_noon().await;
    authorise(&world, false).await;
    let someone = world.someone_well_known().await;
    a_preferred_dealer(&world, &someone).await;
    world.settle().await;
    assert_eq!(
        world.verdict(&someone, to_hold(DEALER)).await,
        "S07 not-authorised"
    );
    assert_eq!(world.recipients.letters(DEALER), []);

    authorise(&world, true).await;
    world.settle().await;
    assert_eq!(world.holds(DEALER, &someone).categories, names(BASE));
}

async fn authorise(world: &World, authorised: bool) {
    let dealer = json!({ "kind": "dealer", "role": "separate-controller", "authorised": authorised });
    world.register(DEALER, dealer).await;
}

#[tokio::test]
async fn s14_a_share_is_switched_off_without_touching_the_consent() {
    let world = World::at_noon().await;
    world.dealer(DEALER).await;
    let someone = world.someone_well_known().await;
    a_preferred_dealer(&world, &someone).await;
    world.settle().await;
    let consented = world.state(&someone).await;
    let told_the_dealer = world.told(DEALER, &someone);

    share(&world, false).await;
    assert_eq!(
        world.verdict(&someone, to_hold("bmw-ag")).await,
        "S14 sharing-switched-off"
    );
    assert_eq!(
        world.told("bmw-ag", &someone).last(),
        Some(&ended("sharing-off", &BASE))
    );
    assert_eq!(world.state(&someone).await["facets"], consented["facets"]);
    assert_eq!(world.state(&someone).await["version"], consented["version"]);
    assert_eq!(world.told(DEALER, &someone), told_the_dealer);
    for who in [DEALER, "controller", "campaign-service"] {
        assert!(world.may(&someone, who, "email").await, "{who}");
    }

    // No consent can switch it on, for it was not the consent that was switched off.
    let told = world.told("bmw-ag", &someone).len();
    world.grant(&someone, tests::everything()).await.is(201);
    world.settle().await;
    assert_eq!(world.told("bmw-ag", &someone).len(), told);

    share(&world, true).await;
    assert_eq!(world.verdict(&someone, to_hold("bmw-ag")).await, "allowed");
    assert_eq!(world.holds("bmw-ag", &someone).categories, names(BASE));
}

async fn share(world: &World, sharing: bool) {
    let company = json!({ "kind": "group-company", "role": "separate-controller", "sharing": sharing });
    world.register("bmw-ag", company).await.is(200);
    world.settle().await;
}
