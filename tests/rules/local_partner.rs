//! S20 to S22, T6, T7: one local dealer, while there is no other.

use serde_json::{Value, json};
use tests::notices::{bundled_with, for_good};
use tests::{BASE, Change, EXTENDED, Held, Someone, UNSHARED, World, names};

const LOCAL: &str = "dealer-local";
const OTHER: &str = "dealer-roma";

async fn two_dealers(world: World) -> (World, Someone) {
    world.dealer(LOCAL).await;
    world.dealer(OTHER).await;
    let someone = world.someone_well_known().await;
    (world, someone)
}

async fn tie(world: &World, someone: &Someone, dealer: &str, kind: &str) {
    world
        .relate(someone, dealer, kind, "tie-1", json!({}))
        .await
        .is(200);
    world.settle().await;
}

fn to_hold(who: &str) -> Value {
    json!({ "who": who, "category": "contact" })
}

fn replaced() -> Change {
    Change {
        change: "entitlement-ended".to_owned(),
        categories: names(BASE),
        reason: "local-partner-replaced".to_owned(),
        ..Change::default()
    }
}

#[tokio::test]
async fn s20_one_authorised_local_partner_stands_in_where_there_is_no_other() {
    let (world, someone) = two_dealers(World::at_noon().await).await;
    tie(&world, &someone, LOCAL, "local").await;
    assert_eq!(world.verdict(&someone, to_hold(LOCAL)).await, "allowed");
    assert_eq!(world.holds(LOCAL, &someone).categories, names(BASE));

    // There is one at a time.
    tie(&world, &someone, OTHER, "local").await;
    assert_eq!(world.verdict(&someone, to_hold(LOCAL)).await, "S06 no-relation");
    assert_eq!(world.told(LOCAL, &someone).last(), Some(&replaced()));
    assert_eq!(world.holds(LOCAL, &someone), Held::default());
    assert_eq!(world.holds(OTHER, &someone).categories, names(BASE));

    let unauthorised = json!({ "kind": "dealer", "role": "separate-controller", "authorised": false });
    world.register(OTHER, unauthorised).await.is(200);
    world.settle().await;
    assert_eq!(
        world.verdict(&someone, to_hold(OTHER)).await,
        "S07 not-authorised"
    );
    assert_eq!(world.holds(OTHER, &someone), Held::default());
}

#[tokio::test]
async fn s20_a_customer_of_a_sales_partner_has_no_local_partner() {
    let (world, someone) = two_dealers(World::at_noon().await).await;
    tie(&world, &someone, OTHER, "purchase").await;
    tie(&world, &someone, LOCAL, "local").await;
    for question in [to_hold(LOCAL), json!({ "who": LOCAL, "channel": "email" })] {
        assert_eq!(world.verdict(&someone, question).await, "S20 another-partner");
    }
    assert_eq!(world.told(LOCAL, &someone), []);
    assert_eq!(world.holds(OTHER, &someone).categories, names(BASE));
}

#[tokio::test]
async fn s21_a_local_partner_never_gets_more_than_the_base_set() {
    let (world, someone) = two_dealers(World::at_noon().await).await;
    tie(&world, &someone, LOCAL, "local").await;
    let more = json!({ "customer-history": { "purchases": 3 }, "vehicle": { "model": "i5" } });
    world.patch_profile(&someone, more).await.is(200);
    world.settle().await;

    assert_eq!(world.verdicts(&someone, LOCAL, &BASE).await, ["allowed"; 8]);
    assert_eq!(
        world.verdicts(&someone, LOCAL, &EXTENDED).await,
        ["S21 not-for-the-local-partner"; 4]
    );
    assert_eq!(
        world.verdicts(&someone, LOCAL, &UNSHARED).await,
        ["S23 shared-with-nobody"; 2]
    );
    let held = world.holds(LOCAL, &someone);
    assert_eq!(held.categories, names(BASE));
    assert_eq!(held.content["vehicle"], json!({ "model": "i5" }));
    for letter in world.recipients.letters(LOCAL) {
        let text = letter.body.to_string();
        for category in EXTENDED.into_iter().chain(UNSHARED) {
            assert!(
                !text.contains(category),
                "the local partner was told of {category}"
            );
        }
    }
    // A delivery makes nobody a seller.
    let delivered = json!({ "delivered_on": "2025-06-01" });
    let refused = world.relate(&someone, LOCAL, "local", "tie-1", delivered).await;
    assert_eq!(refused.is(422).problem(), "no-delivery-here");
}

#[tokio::test]
async fn s22_the_local_partner_steps_back_for_a_sales_partner_and_may_return_after_the_last() {
    let (world, someone) = two_dealers(World::at_noon().await).await;
    world.dealer("dealer-como").await;
    tie(&world, &someone, LOCAL, "local").await;

    tie(&world, &someone, OTHER, "purchase").await;
    assert_eq!(
        world.verdict(&someone, to_hold(LOCAL)).await,
        "S20 another-partner"
    );
    assert_eq!(world.told(LOCAL, &someone).last(), Some(&replaced()));
    assert_eq!(world.holds(LOCAL, &someone), Held::default());
    assert_eq!(world.holds(OTHER, &someone).categories, names(BASE));

    // With two of them, the first to go is not the last.
    tie(&world, &someone, "dealer-como", "purchase").await;
    let told = world.told(LOCAL, &someone).len();
    world.part(&someone, OTHER, "purchase", "tie-1").await.is(200);
    world.settle().await;
    assert_eq!(
        world.verdict(&someone, to_hold(LOCAL)).await,
        "S20 another-partner"
    );
    assert_eq!(world.told(LOCAL, &someone).len(), told);

    world
        .part(&someone, "dealer-como", "purchase", "tie-1")
        .await
        .is(200);
    world.settle().await;
    assert_eq!(world.verdict(&someone, to_hold(LOCAL)).await, "allowed");
    let heard = world.heard(LOCAL, &someone);
    assert_eq!(heard[told..], ["granted", "entitlement-started"]);
    let held = world.holds(LOCAL, &someone);
    assert_eq!(held.categories, names(BASE));
    assert_eq!(held.content["vehicle"], json!({ "model": "i4" }));
}

#[tokio::test]
async fn t06_a_preferred_dealer_without_a_purchase_wins_over_the_local_one() {
    for first in ["preferred", "local"] {
        let (world, someone) = two_dealers(World::at_noon().await).await;
        let ties = [(OTHER, "preferred"), (LOCAL, "local")];
        for (dealer, kind) in ties.iter().filter(|(_, kind)| *kind == first) {
            tie(&world, &someone, dealer, kind).await;
        }
        for (dealer, kind) in ties.iter().filter(|(_, kind)| *kind != first) {
            tie(&world, &someone, dealer, kind).await;
        }
        assert_eq!(world.verdict(&someone, to_hold(OTHER)).await, "allowed");
        assert_eq!(
            world.verdict(&someone, to_hold(LOCAL)).await,
            "S20 another-partner"
        );
        assert_eq!(world.holds(LOCAL, &someone), Held::default());
        assert_eq!(world.holds(OTHER, &someone).categories, names(BASE));
    }
}

#[tokio::test]
async fn t07_a_workshop_customer_gets_no_second_dealer_unless_the_policy_says_so() {
    let otherwise = bundled_with(&[(
        "only_without = [\"preferred\", \"purchase\", \"service\", \"consultation\"]",
        "only_without = [\"preferred\", \"purchase\"]",
    )]);
    let noon = "2026-03-02T12:00:00Z";
    for kind in ["service", "consultation"] {
        let (world, someone) = two_dealers(World::at_noon().await).await;
        tie(&world, &someone, LOCAL, "local").await;
        tie(&world, &someone, OTHER, kind).await;
        assert_eq!(
            world.verdict(&someone, to_hold(LOCAL)).await,
            "S20 another-partner"
        );
        assert_eq!(world.holds(LOCAL, &someone), Held::default());
        assert_eq!(world.holds(OTHER, &someone).categories, names(BASE));

        let elsewhere = World::under(for_good(vec![otherwise.clone()]), noon).await;
        let (world, someone) = two_dealers(elsewhere).await;
        tie(&world, &someone, LOCAL, "local").await;
        tie(&world, &someone, OTHER, kind).await;
        for dealer in [LOCAL, OTHER] {
            assert_eq!(world.verdict(&someone, to_hold(dealer)).await, "allowed");
            assert_eq!(world.holds(dealer, &someone).categories, names(BASE));
        }
    }
}
