//! A look at the opposition register that grows too old (DPR 26/2022).

use std::collections::BTreeSet;

use serde_json::json;
use tests::{PURPOSES, Someone, World, contacts};

use crate::{DOCUMENT, acts, policies, someone_who_granted_on, tick_at};

const EVERYBODY: [&str; 4] = ["bmw-ag", "marketing-platform", "campaign-service", "dealer-one"];

/// The bundled notice, where whoever phones has looked less than 15 days ago, and whoever writes less than 30.
async fn careful() -> (World, Someone) {
    let document = DOCUMENT
        .replacen(
            "[channels.phone]\n",
            "[channels.phone]\nregister_check_days = 15\n",
            1,
        )
        .replacen(
            "[channels.post]\n",
            "[channels.post]\nregister_check_days = 30\n",
            1,
        );
    let world = World::under(policies(&[document]), "2026-03-02T12:00:00Z").await;
    let someone = someone_who_granted_on(&world, "2026-03-01T12:00:00Z").await;
    world.dealer("dealer-one").await;
    world
        .relate(&someone, "dealer-one", "service", "car-1", json!({}))
        .await
        .is(200);
    world.settle().await;
    (world, someone)
}

async fn check_at(world: &World, someone: &Someone, channel: &str, at: &str) {
    tick_at(world, at).await;
    let path = format!("/v1/subjects/{}/register-checks", someone.id);
    let asked = json!({ "channel": channel, "enrolled": false });
    world.post(&path, asked).await.is(200);
    world.settle().await;
}

/// What each was told since, in short, and about which facets.
fn since(world: &World, someone: &Someone, before: &[usize]) -> BTreeSet<(String, BTreeSet<String>)> {
    let mut told = BTreeSet::new();
    for (name, before) in EVERYBODY.iter().zip(before) {
        let heard = world.heard(name, someone).split_off(*before);
        let changes = world.told(name, someone).split_off(*before);
        assert_eq!(heard.len(), 1, "{name} heard {heard:?}");
        told.extend(
            heard
                .into_iter()
                .zip(changes.into_iter().map(|change| change.facets)),
        );
    }
    told
}

fn so_far(world: &World, someone: &Someone) -> Vec<usize> {
    EVERYBODY.map(|name| world.heard(name, someone).len()).into()
}

fn may_phone(world: &World, someone: &Someone) -> Vec<bool> {
    let phone = contacts(&PURPOSES, &["phone"]);
    let may = EVERYBODY.map(|name| phone.is_subset(&world.holds(name, someone).facets));
    may.into()
}

#[tokio::test]
async fn recipients_are_told_on_the_day_that_a_register_check_is_too_old_and_when_there_is_another() {
    let (world, someone) = careful().await;
    assert_eq!(may_phone(&world, &someone), [false; 4], "nobody has looked yet");
    check_at(&world, &someone, "phone", "2026-03-02T13:00:00Z").await;
    check_at(&world, &someone, "post", "2026-03-02T14:00:00Z").await;
    assert_eq!(may_phone(&world, &someone), [true; 4]);
    let before = so_far(&world, &someone);

    tick_at(&world, "2026-03-16T13:00:00Z").await;
    tick_at(&world, "2026-03-17T12:59:59.999Z").await;
    assert_eq!(so_far(&world, &someone), before);
    assert!(world.may(&someone, "bmw-ag", "phone").await);

    tick_at(&world, "2026-03-17T13:00:00Z").await;
    let phone = contacts(&PURPOSES, &["phone"]);
    let ended = "entitlement-ended: register-not-checked".to_owned();
    assert_eq!(since(&world, &someone, &before), [(ended, phone.clone())].into());
    assert_eq!(may_phone(&world, &someone), [false; 4]);
    assert!(!world.may(&someone, "bmw-ag", "phone").await);
    for still in ["post", "email"] {
        assert!(world.may(&someone, "dealer-one", still).await, "{still}");
    }
    assert_eq!(
        acts(&world, &someone).await.last().unwrap(),
        "register-check-outdated"
    );

    // Once, although the schedule runs again, and although the ledger wants the loss confirmed.
    let (before, version) = (so_far(&world, &someone), acts(&world, &someone).await.len());
    tick_at(&world, "2026-03-18T13:00:00Z").await;
    tick_at(&world, "2026-03-20T13:00:00Z").await;
    assert_eq!(so_far(&world, &someone), before);
    assert_eq!(acts(&world, &someone).await.len(), version);

    check_at(&world, &someone, "phone", "2026-03-21T13:00:00Z").await;
    assert_eq!(
        since(&world, &someone, &before),
        [("granted".to_owned(), phone)].into()
    );
    assert_eq!(may_phone(&world, &someone), [true; 4]);

    // Its own fifteen days, and the thirty of the post in between.
    let before = so_far(&world, &someone);
    tick_at(&world, "2026-04-01T13:59:59.999Z").await;
    assert_eq!(so_far(&world, &someone), before);
    tick_at(&world, "2026-04-01T14:00:00Z").await;
    let ended = "entitlement-ended: register-not-checked".to_owned();
    let post = contacts(&PURPOSES, &["post"]);
    assert_eq!(since(&world, &someone, &before), [(ended, post)].into());
    tick_at(&world, "2026-04-05T12:59:59.999Z").await;
    assert_eq!(may_phone(&world, &someone), [true; 4]);
    tick_at(&world, "2026-04-05T13:00:00Z").await;
    assert_eq!(may_phone(&world, &someone), [false; 4]);
}

#[tokio::test]
async fn a_register_check_in_time_leaves_nothing_to_tell_on_the_day_of_the_older_one() {
    let (world, someone) = careful().await;
    check_at(&world, &someone, "phone", "2026-03-02T13:00:00Z").await;
    check_at(&world, &someone, "phone", "2026-03-16T13:00:00Z").await;
    let (before, version) = (so_far(&world, &someone), acts(&world, &someone).await.len());

    tick_at(&world, "2026-03-17T13:00:00Z").await;
    tick_at(&world, "2026-03-31T12:59:59.999Z").await;
    assert_eq!(so_far(&world, &someone), before);
    assert_eq!(acts(&world, &someone).await.len(), version);
    assert_eq!(may_phone(&world, &someone), [true; 4]);

    tick_at(&world, "2026-03-31T13:00:00Z").await;
    assert_eq!(may_phone(&world, &someone), [false; 4]);
    assert_eq!(acts(&world, &someone).await.len(), version + 1);
}
