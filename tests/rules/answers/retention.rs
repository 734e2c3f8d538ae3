//! Two clocks: how long a consent holds, and how long data are kept (T4); and the reminder before the end.

use jiff::SignedDuration;
use serde_json::json;
use tests::{BASE, Held, Someone, World, a_whole_profile, denied, instant, names};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const PROCESSORS: [&str; 2] = ["marketing-platform", "campaign-service"];

async fn content(world: &World, someone: &Someone, category: &str) -> usize {
    let key = format!("PROFILE#{category}#{}", someone.pseudonym);
    world.stored(&key).await.len()
}

#[tokio::test]
async fn content_is_deleted_at_the_end_of_its_retention_and_the_consent_goes_on() {
    let world = World::at_noon().await;
    let (someone, updated) = (
        world.someone_who_granted_everything().await,
        world.someone_who_granted_everything().await,
    );
    let interest = json!({
        "contact": { "email": "ada@example.com" },
        "vehicle-of-interest": { "model": "iX" },
    });
    for someone in [&someone, &updated] {
        world.patch_profile(someone, interest.clone()).await.is(200);
    }
    world.settle().await;
    world.clock.set(instant("2026-09-02T12:00:00Z"));
    let newer = json!({ "vehicle-of-interest": { "engine": "electric" } });
    world.patch_profile(&updated, newer).await.is(200);
    world.settle().await;

    // Twelve months for what somebody is interested in, counted from the last update.
    let end = instant("2027-03-02T12:00:00Z");
    world.clock.set(end - MINUTE);
    world.tick().await;
    assert_eq!(content(&world, &someone, "vehicle-of-interest").await, 1);
    world.clock.set(end + MINUTE);
    world.tick().await;
    world.advance(MINUTE + MINUTE);
    world.tick().await;

    assert_eq!(content(&world, &someone, "vehicle-of-interest").await, 0);
    assert_eq!(content(&world, &someone, "contact").await, 1);
    assert_eq!(content(&world, &updated, "vehicle-of-interest").await, 1);
    let act = world.history(&someone).await.pop().unwrap_or_default();
    assert_eq!(act["act"], "retention-ended");
    assert_eq!(act["cleared"], json!(["vehicle-of-interest"]));
    assert_eq!(world.state(&someone).await["profile"], json!({ "contact": 2 }));
    let kept = world.history(&updated).await;
    assert!(kept.iter().all(|act| act["act"] != "retention-ended"), "{kept:?}");

    let told = world.told("bmw-ag", &someone);
    let last = told.last().expect("something told");
    assert_eq!(last.change, "updated");
    assert_eq!(last.categories, names(["vehicle-of-interest"]));
    assert!(last.content.is_empty());
    let held = world.holds("bmw-ag", &someone);
    assert_eq!(
        json!(held.content),
        json!({ "contact": { "email": "ada@example.com" } })
    );
    // The right to hold it goes on with the consent.
    assert_eq!(held.categories, names(BASE));
    assert!(world.may(&someone, "bmw-ag", "email").await);
}

#[tokio::test]
async fn a_withdrawal_freezes_the_profile_at_once_and_its_retention_deletes_it() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let profile =
        json!({ "contact": { "email": "ada@example.com" }, "vehicle-of-interest": { "model": "iX" } });
    world.patch_profile(&someone, profile).await.is(200);
    world.settle().await;
    world.advance(SignedDuration::from_hours(24));
    world.withdraw_all(&someone).await.is(200);

    // Before anybody is told: no read and no use.
    for who in ["controller", "bmw-ag", "campaign-service"] {
        for category in ["contact", "vehicle-of-interest"] {
            let question = json!({ "who": who, "category": category });
            let answer = world.decide(&someone, question).await;
            assert_eq!(denied(&answer), ("GDPR 7(3)", "withdrawn"), "{who} {category}");
        }
    }
    let path = format!("/v1/subjects/{}/why?purpose=marketing&channel=email", someone.id);
    assert_eq!(world.get(&path).await.is(200).body["categories"], json!([]));
    world.patch_profile(&someone, a_whole_profile()).await.is(422);
    let update = json!({ "contact": { "email": "eve@example.com" } });
    world
        .tell_update("bmw-ag", &someone, "group-company-update", update)
        .await
        .is(422);
    world.settle().await;
    for recipient in ["bmw-ag", "marketing-platform", "campaign-service"] {
        assert_eq!(world.holds(recipient, &someone), Held::default(), "{recipient}");
    }
    let letters = world.recipients.letters("bmw-ag").len();
    assert_eq!(content(&world, &someone, "vehicle-of-interest").await, 1);

    let end = instant("2027-03-02T12:00:00Z");
    world.clock.set(end + MINUTE + MINUTE);
    world.tick().await;
    assert_eq!(content(&world, &someone, "vehicle-of-interest").await, 0);
    assert_eq!(
        content(&world, &someone, "contact").await,
        1,
        "kept for 24 months"
    );
    let act = world.history(&someone).await.pop().unwrap_or_default();
    assert_eq!(act["act"], "retention-ended");
    // Nobody holds it any more, so nobody is told.
    assert_eq!(world.recipients.letters("bmw-ag").len(), letters);
}

#[tokio::test]
async fn thirty_days_before_the_end_the_processors_are_asked_once_to_remind() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    let due = instant("2028-02-01T12:00:00Z");
    let reminders = |recipient: &str, someone: &Someone| {
        let heard = world.heard(recipient, someone).into_iter();
        heard.filter(|change| change == "reminder-due").count()
    };

    world.clock.set(due - MINUTE);
    world.tick().await;
    assert_eq!(PROCESSORS.map(|processor| reminders(processor, &someone)), [0, 0]);
    for _ in 0..3 {
        world.advance(MINUTE + MINUTE);
        world.tick().await;
    }
    world.advance(SignedDuration::from_hours(24));
    world.tick().await;
    assert_eq!(PROCESSORS.map(|processor| reminders(processor, &someone)), [1, 1]);
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );
    let letters = world.recipients.letters("campaign-service");
    let said = &letters.last().expect("a letter").body["data"]["changes"];
    assert_eq!(
        said,
        &json!([{ "change": "reminder-due", "until": "2028-03-02T12:00:00.000Z" }])
    );
    let history = world.history(&someone).await;
    let acts: Vec<_> = history.iter().filter_map(|act| act["act"].as_str()).collect();
    assert_eq!(acts, ["granted", "reminder-due"]);

    // Without an answer it goes out by itself, at its end.
    world.clock.set(instant("2028-03-02T11:59:59Z"));
    assert!(world.may(&someone, "bmw-ag", "email").await);
    world.clock.set(instant("2028-03-02T12:00:00Z"));
    let answer = world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "email" }))
        .await;
    assert_eq!(denied(&answer), ("T4", "lapsed"));
    world.advance(MINUTE + MINUTE);
    world.tick().await;
    assert_eq!(
        world.heard("bmw-ag", &someone)[2..],
        ["lapsed", "entitlement-ended: lapsed"]
    );
}

#[tokio::test]
async fn whoever_renewed_in_time_is_not_reminded() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.clock.set(instant("2027-11-02T12:00:00Z"));
    world.grant(&someone, tests::everything()).await.is(201);
    world.settle().await;

    world.clock.set(instant("2028-02-01T12:02:00Z"));
    world.tick().await;
    for processor in PROCESSORS {
        let heard = world.heard(processor, &someone);
        assert_eq!(heard, ["granted", "entitlement-started"], "{processor}");
    }
    // The renewed consent lives past the end of the first.
    world.clock.set(instant("2028-03-02T12:00:00Z"));
    assert!(world.may(&someone, "controller", "email").await);
}
