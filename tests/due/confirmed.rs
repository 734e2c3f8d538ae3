//! What an act begins that came before it: a confirmation, an act that is learnt late.

use domain::policy::Policies;
use jiff::SignedDuration;
use serde_json::json;
use tests::{PURPOSES, World, alone, contacts, edited, merged};

use crate::{acts, tick_at};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A consent holds for two months, so that nobody has to sweep through two years.
fn of_two_months() -> &'static Policies {
    alone(vec![edited(&[("validity = \"P24M\"", "validity = \"P2M\"")])])
}

#[tokio::test]
async fn a_consent_that_was_confirmed_is_reminded_of_and_ends_like_any_other() {
    let world = World::under(of_two_months(), "2026-03-02T12:00:00Z").await;
    let visitor = world.visitor("form-1").await;
    world.settle().await;
    tick_at(&world, "2026-03-02T12:10:00Z").await;
    world.follow(&world.link(&visitor)).await.is(200);
    world.settle().await;

    tick_at(&world, "2026-04-02T10:59:00Z").await;
    assert_eq!(acts(&world, &visitor).await, ["granted", "confirmed"]);
    tick_at(&world, "2026-04-02T12:00:00Z").await;
    assert!(
        world
            .heard("campaign-service", &visitor)
            .contains(&"reminder-due".to_owned())
    );

    tick_at(&world, "2026-05-02T12:00:00Z").await;
    assert_eq!(
        acts(&world, &visitor).await,
        ["granted", "confirmed", "reminder-due", "lapsed"]
    );
    assert_eq!(world.holds("bmw-ag", &visitor), Default::default());
    assert!(world.heard("bmw-ag", &visitor).contains(&"lapsed".to_owned()));
}

#[tokio::test]
async fn what_an_act_that_is_learnt_late_brings_back_ends_like_any_other() {
    let world = World::under(of_two_months(), "2026-03-02T12:00:00Z").await;
    let someone = world.someone().await;
    world.object(&someone).await.is(200);
    // A letter does not lift an objection, so what it grants waits.
    world.advance(DAY + DAY);
    let letter = json!({ "evidence": { "kind": "paper", "reference": "letter-7" }, "source": "staff" });
    let by_email = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant(&someone, merged(by_email, letter)).await.is(201);
    world.settle().await;
    assert!(!world.may(&someone, "bmw-ag", "email").await);

    // What lifted it in between is learnt after the letter.
    world.advance(DAY);
    let by_phone = json!({ "controls": ["promotional"], "channels": ["phone"] });
    let before = json!({ "happened_at": "2026-03-03T12:00:00Z" });
    world.grant(&someone, merged(by_phone, before)).await.is(201);
    world.settle().await;
    assert!(world.may(&someone, "bmw-ag", "email").await);

    tick_at(&world, "2026-05-03T12:00:00Z").await;
    assert_eq!(
        world.holds("bmw-ag", &someone).facets,
        contacts(&PURPOSES, &["email"])
    );
    tick_at(&world, "2026-05-04T12:00:00Z").await;
    assert_eq!(world.holds("bmw-ag", &someone), Default::default());
}
