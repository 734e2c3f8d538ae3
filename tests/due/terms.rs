//! A new policy version with other terms, and what it does to those who consented before it.

use domain::policy::Policies;
use domain::state::State;
use indicatif::ProgressBar;
use jiff::Timestamp;
use local::recompute::recompute;
use local::scan::Options;
use platform::store::Store;
use serde_json::json;
use tests::notices::bundled_toml;
use tests::{Someone, World, instant};

use crate::{DOCUMENT, acts, policies, someone_who_granted_on, text, tick_at};

/// The next version of the notice: half the validity, and what it says about earlier consents.
fn next_version(supersedes: &str) -> String {
    let next = DOCUMENT.replacen("version = 1\n", "version = 2\n", 1).replacen(
        "validity = \"P24M\"",
        "validity = \"P12M\"",
        1,
    );
    format!("{next}\n{supersedes}")
}

fn with_next_version(supersedes: &str) -> &'static Policies {
    policies(&[DOCUMENT.to_owned(), next_version(supersedes)])
}

const FROM_JULY: &str = "[supersedes]\nversions = [1]\nfrom = \"2026-07-01\"\n";

async fn until(world: &World, someone: &Someone) -> String {
    let question = json!({ "who": "bmw-ag", "channel": "email" });
    text(&world.decide(someone, question).await["valid_until"])
}

#[tokio::test]
async fn a_new_version_leaves_earlier_consents_alone_unless_it_says_otherwise() {
    let world = World::under(with_next_version(""), "2026-03-02T12:00:00Z").await;
    let someone = someone_who_granted_on(&world, "2025-03-01T12:00:00Z").await;
    assert_eq!(until(&world, &someone).await, "2027-03-01T12:00:00.000Z");

    let (newer, asked) = (world.someone().await, tests::everything());
    let notice = json!({ "notice": { "id": tests::BUNDLED, "version": 2, "language": "it" } });
    world.grant(&newer, tests::merged(asked, notice)).await.is(201);
    assert_eq!(until(&world, &newer).await, "2027-03-02T12:00:00.000Z");
    world.settle().await;
}

#[tokio::test]
async fn what_ends_earlier_by_a_later_version_ends_on_its_first_day_and_not_before() {
    let world = World::under(with_next_version(FROM_JULY), "2026-03-02T12:00:00Z").await;
    // By the new terms this one ended before they began to count, the other one ends after that.
    let older = someone_who_granted_on(&world, "2025-03-01T12:00:00Z").await;
    let newer = someone_who_granted_on(&world, "2025-09-01T12:00:00Z").await;
    assert_eq!(until(&world, &older).await, "2026-06-30T22:00:00.000Z");
    assert_eq!(until(&world, &newer).await, "2026-09-01T12:00:00.000Z");

    world.clock.set(instant("2026-07-02T12:00:00Z"));
    world.tick().await;
    let past = json!({ "who": "bmw-ag", "channel": "email", "at": "2026-06-30T21:59:59Z" });
    assert_eq!(world.decide(&older, past).await["allowed"], true);
    assert_eq!(
        acts(&world, &older).await,
        ["granted", "lapsed"],
        "the reminder was due in the outage"
    );
    assert!(!world.may(&older, "bmw-ag", "email").await);
    assert!(world.may(&newer, "bmw-ag", "email").await);
}

/// Under another notice than its own the content would be over long since, and then its own counts no more.
#[tokio::test]
async fn content_that_only_the_consent_kept_longer_goes_with_the_consent() {
    let kept = "\"purchase-horizon\"]\nretention = \"P12M\"";
    let stricter = bundled_toml(&[
        ("version = 1\n", "version = 2\n"),
        (kept, &kept.replace("P12M", "P1M")),
    ]);
    let world = World::under(policies(&[DOCUMENT.to_owned(), stricter]), "2026-03-02T12:00:00Z").await;
    let someone = world.someone_who_granted_everything().await;
    let patch = json!({ "vehicle-of-interest": { "model": "iX" } });
    world.patch_profile(&someone, patch).await.is(200);
    world.settle().await;
    tick_at(&world, "2026-05-02T12:00:00Z").await;
    assert_eq!(acts(&world, &someone).await, ["granted", "profile-updated"]);

    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    tick_at(&world, "2026-05-02T12:07:00Z").await;
    let acts = acts(&world, &someone).await;
    assert_eq!(acts[2..], ["withdrawn", "retention-ended"]);
}

#[tokio::test]
async fn recompute_notes_the_dates_that_a_later_version_moves_and_may_be_cut_off() {
    let before = policies(&[DOCUMENT.to_owned()]);
    let world = World::under(before, "2026-03-02T12:00:00Z").await;
    let mut people = Vec::new();
    for _ in 0..5 {
        people.push(someone_who_granted_on(&world, "2025-09-01T12:00:00Z").await);
    }
    let later = with_next_version(FROM_JULY);
    let (store, queue) = world.table_and_queue(later);
    let file = std::env::temp_dir().join(format!("recompute-{}", std::process::id()));
    let options = |dry_run| Options {
        dry_run,
        per_second: 1_000,
        resume: Some(file.clone()),
    };
    let run = async |dry_run| {
        recompute(
            &store,
            || world.now(),
            &None,
            &options(dry_run),
            &ProgressBar::hidden(),
        )
        .await
    };

    let dry = run(true).await.expect("a dry run");
    assert_eq!((dry.looked_at, dry.changed), (5, 5));
    let mut puts = 0;
    world.calls.judge(move |call| {
        puts += usize::from(call.is("PutItem", "DUE"));
        if puts > 3 {
            tests::Fate::NeverSent
        } else {
            tests::Fate::Answered
        }
    });
    assert!(run(false).await.is_err());
    world.calls.heal();
    let rest = run(false).await.expect("the rest");
    assert_eq!(rest.changed, 4, "one has its two new dates, one has one of them");
    assert_eq!(run(true).await.expect("a dry run").changed, 0);
    assert!(!file.exists());

    world.clock.set(instant("2026-09-01T12:00:00Z"));
    let swept = consent_expire::handle(&store, &queue, world.now(), std::future::pending()).await;
    assert!(swept.is_ok(), "{swept:?}");
    for someone in &people {
        assert_eq!(acts(&world, someone).await, ["granted", "lapsed"]);
        the_fold_is_the_snapshot(&store, someone, world.now()).await;
    }
    world.settle().await;
}

#[tokio::test]
async fn recompute_concerns_only_those_who_consented_under_the_version_that_is_named() {
    let world = World::under(policies(&[DOCUMENT.to_owned()]), "2026-03-02T12:00:00Z").await;
    someone_who_granted_on(&world, "2025-09-01T12:00:00Z").await;
    let (store, _) = world.table_and_queue(with_next_version(FROM_JULY));
    for (version, changed) in [(1, 1), (2, 0)] {
        let under = Some((tests::BUNDLED.parse().expect("a notice"), version));
        let options = Options {
            dry_run: true,
            per_second: 1_000,
            resume: None,
        };
        let told = recompute(&store, || world.now(), &under, &options, &ProgressBar::hidden()).await;
        assert_eq!(told.expect("a dry run").changed, changed);
    }
}

/// What was stored under an older set of policies reads as if every act were folded under today's.
async fn the_fold_is_the_snapshot(store: &Store, someone: &Someone, now: Timestamp) {
    let subject = someone.pseudonym.parse().expect("a pseudonym");
    let newest = store.chain(&subject).await.expect("a table").record;
    let whole = store.whole_chain(&subject).await.expect("a table").record;
    let folded = State::of(store.policies, whole.acts().expect("every act"));
    assert_eq!(*newest.now(store.policies, now).state, folded);
}
