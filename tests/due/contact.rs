//! The contact of a visitor's form: kept while it is of use, and no longer (GDPR 5(1)(c), (e)).

use serde_json::json;
use tests::{Someone, World};

use crate::{DOCUMENT, acts, policies, tick_at};

/// Whether the contact that came with the form is still there.
async fn is_kept(world: &World, visitor: &Someone) -> bool {
    let (store, _) = world.table_and_queue(policies::all());
    let subject = visitor.pseudonym.parse().expect("a pseudonym");
    store.contact(&subject, 1).await.expect("a table").is_some()
}

async fn a_confirmed_visitor(world: &World, key: &str) -> Someone {
    let visitor = world.visitor(key).await;
    world.settle().await;
    world.follow(&world.link(&visitor)).await.is(200);
    world.settle().await;
    visitor
}

#[tokio::test]
async fn a_confirmed_visitors_contact_goes_when_the_consent_that_it_confirmed_ends() {
    let for_forty_days = DOCUMENT.replacen("validity = \"P24M\"", "validity = \"P40D\"", 1);
    let world = World::under(policies(&[for_forty_days]), "2026-03-02T12:00:00Z").await;
    let visitor = a_confirmed_visitor(&world, "\"form-1\"").await;
    assert_eq!(acts(&world, &visitor).await, ["granted", "confirmed"]);

    // In Rome, where the summer has begun meanwhile.
    for day in [
        "2026-03-10T12:00:00Z",
        "2026-04-10T11:00:00Z",
        "2026-04-11T10:59:59.999Z",
    ] {
        tick_at(&world, day).await;
        assert!(is_kept(&world, &visitor).await, "{day}");
    }
    tick_at(&world, "2026-04-11T11:00:00Z").await;
    assert!(!is_kept(&world, &visitor).await);
    tick_at(&world, "2026-04-12T11:00:00Z").await;
    assert_eq!(
        acts(&world, &visitor).await,
        ["granted", "confirmed", "reminder-due", "lapsed"]
    );
    assert!(!is_kept(&world, &visitor).await);
}

#[tokio::test]
async fn a_visitors_contact_goes_with_the_last_that_is_withdrawn_and_not_before() {
    let world = World::at_noon().await;
    let visitor = a_confirmed_visitor(&world, "\"form-1\"").await;
    world
        .withdraw(&visitor, json!({ "purposes": ["care", "research"] }))
        .await
        .is(200);
    assert!(is_kept(&world, &visitor).await, "the rest stands on it");
    world.withdraw_all(&visitor).await.is(200);
    assert!(!is_kept(&world, &visitor).await);

    let objecting = a_confirmed_visitor(&world, "\"form-2\"").await;
    world
        .withdraw(&objecting, json!({ "objection": true }))
        .await
        .is(200);
    assert!(!is_kept(&world, &objecting).await);

    // Nobody is asked to confirm any more, and what nobody confirms is over all the same.
    let hasty = world.visitor("\"form-3\"").await;
    world.withdraw_all(&hasty).await.is(200);
    assert!(!is_kept(&world, &hasty).await);
    world.settle().await;
    assert_eq!(world.heard("campaign-service", &hasty), Vec::<String>::new());
    tick_at(&world, "2026-03-09T12:00:01Z").await;
    assert_eq!(
        acts(&world, &hasty).await,
        ["granted", "withdrawn", "confirmation-lapsed"]
    );
}

#[tokio::test]
async fn a_visitors_contact_goes_with_the_last_that_is_withdrawn_on_a_page_and_not_before() {
    let world = World::at_noon().await;
    let visitor = a_confirmed_visitor(&world, "\"form-1\"").await;
    let page = world.preferences(&visitor).await;
    world.press(&page, &[("withdraw", "care/email")]).await.is(303);
    assert!(is_kept(&world, &visitor).await, "the rest stands on it");
    world.press(&page, &[("withdraw", "all")]).await.is(303);
    assert!(!is_kept(&world, &visitor).await);
    world.settle().await;
}

#[tokio::test]
async fn a_visitors_contact_goes_when_a_newer_consent_takes_the_place_of_its_own() {
    let world = World::at_noon().await;
    let visitor = a_confirmed_visitor(&world, "\"form-1\"").await;
    let again = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant(&visitor, again).await.is(201);
    assert!(!is_kept(&world, &visitor).await);
    assert!(world.may(&visitor, "controller", "email").await);
    world.settle().await;
}
