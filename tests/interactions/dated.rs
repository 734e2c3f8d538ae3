//! By whose terms what was tracked ends, and what an operator does when they change or nobody has looked (T4).

use std::future::pending;

use domain::policy::Policies;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::notices::{bundled_toml, bundled_with, for_good};
use tests::{Someone, World, everything, instant, merged};

use crate::{HOUR, click};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const FROM_20_APRIL: &str = "[supersedes]\nversions = [1]\nfrom = \"2026-04-20\"\n";

const KEPT: &str = "fields = [\"receipt\", \"link-click\", \"content-click\"]\nretention = \"P12M\"";

/// How the notice says that interactions are kept for a month.
fn for_a_month() -> String {
    KEPT.replace("P12M", "P1M")
}

/// A second version of the notice, under which interactions are kept for a month.
fn with_a_stricter_version(supersedes: &str) -> &'static Policies {
    let stricter = bundled_toml(&[("version = 1\n", "version = 2\n"), (KEPT, &for_a_month())]);
    let stricter = policies::load("stricter.toml", &format!("{stricter}\n{supersedes}"));
    for_good(vec![bundled_with(&[]), stricter.expect("a policy that loads")])
}

async fn someone_who_clicked(world: &World) -> Someone {
    world.declare("spring", json!({})).await;
    let someone = world.someone_who_granted_everything().await;
    click(world, &someone, json!({})).await;
    someone
}

async fn until(world: &World, someone: &Someone) -> Value {
    world.tracked(someone).await["link-click"][0]["until"].clone()
}

#[tokio::test]
async fn a_stricter_version_counts_for_those_who_consented_under_it_or_whom_it_takes_over() {
    for (supersedes, end) in [
        ("", "2027-03-02T12:00:00.000Z"),
        (FROM_20_APRIL, "2026-04-19T22:00:00.000Z"),
    ] {
        let world = World::under(with_a_stricter_version(supersedes), "2026-03-02T12:00:00Z").await;
        let someone = someone_who_clicked(&world).await;
        assert_eq!(until(&world, &someone).await, end);

        let newer = world.someone().await;
        let notice = json!({ "notice": { "id": tests::BUNDLED, "version": 2, "language": "it" } });
        world.grant(&newer, merged(everything(), notice)).await.is(201);
        click(&world, &newer, json!({})).await;
        assert_eq!(until(&world, &newer).await, "2026-04-02T11:00:00.000Z");
    }
}

#[tokio::test]
async fn recompute_dates_anew_what_was_tracked_before_the_stricter_version_took_over() {
    let world = World::at_noon().await;
    let someone = someone_who_clicked(&world).await;
    world.tick().await;
    let (store, queue) = world.table_and_queue(with_a_stricter_version(FROM_20_APRIL));
    for (dry_run, changed) in [(true, 1), (false, 1), (true, 0)] {
        let did = world.recompute(&store, dry_run).await;
        assert_eq!((did.looked_at, did.changed), (1, changed));
    }

    for (at, is_kept) in [
        ("2026-04-18T22:00:00Z", true),
        ("2026-04-19T21:59:59.999Z", true),
        ("2026-04-19T22:00:00Z", false),
    ] {
        world.clock.set(instant(at));
        let swept = consent_expire::handle(&store, &queue, world.now(), pending()).await;
        assert!(swept.is_ok(), "{swept:?}");
        assert_eq!(!world.tracked(&someone).await.is_null(), is_kept, "{at}");
    }
}

/// The sweep stood still until everything that was noted had been collected.
#[tokio::test]
async fn recompute_notes_what_is_over_though_nobody_swept_for_more_than_a_month() {
    let policies = for_good(vec![bundled_with(&[(KEPT, &for_a_month())])]);
    let world = World::under(policies, "2026-03-02T12:00:00Z").await;
    let someone = someone_who_clicked(&world).await;
    world.tick().await;
    world.advance(DAY * 70);
    world.collect().await;
    world.tick().await;
    assert_ne!(world.tracked(&someone).await, Value::Null, "nobody looks");

    let (store, _) = world.table_and_queue(policies);
    assert_eq!(world.recompute(&store, false).await.changed, 1);
    world.advance(HOUR);
    world.tick().await;
    assert_eq!(world.tracked(&someone).await, Value::Null);
    assert_eq!(world.recompute(&store, true).await.changed, 0);
}
