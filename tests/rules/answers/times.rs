//! Two times: when something happened, and when it was learnt.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{Someone, World, allowed, denied, instant, standings};

// 2 March 2026 is a Monday.
const MONDAY_EVENING: &str = "2026-03-02T18:00:00Z";
const TUESDAY: &str = "2026-03-03T12:00:00Z";
const WEDNESDAY: &str = "2026-03-04T12:00:00Z";

fn ticked() -> Value {
    json!({ "controls": ["promotional"], "channels": ["email"] })
}

/// On paper, found later.
fn on_paper(happened_at: &str) -> Value {
    json!({
        "source": "staff",
        "happened_at": happened_at,
        "evidence": { "kind": "paper", "reference": "sheet-17" },
    })
}

fn withdrawn_on_paper(happened_at: &str) -> Value {
    tests::merged(on_paper(happened_at), json!({ "all": true }))
}

async fn asked(world: &World, someone: &Someone, when: Value) -> Value {
    let question = tests::merged(json!({ "who": "controller", "channel": "email" }), when);
    world.decide(someone, question).await
}

#[tokio::test]
async fn a_backdated_withdrawal_changes_what_was_true_and_not_what_was_known() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    world.grant(&someone, ticked()).await.is(201);
    world.clock.set(instant(WEDNESDAY));
    world
        .withdraw(&someone, withdrawn_on_paper(MONDAY_EVENING))
        .await
        .is(200);

    let at_tuesday = asked(&world, &someone, json!({ "at": TUESDAY })).await;
    assert_eq!(denied(&at_tuesday), ("GDPR 7(3)", "withdrawn"));
    assert_eq!(at_tuesday["acts"], json!([2]));
    let as_known = json!({ "at": TUESDAY, "known_at": TUESDAY });
    assert_eq!(allowed(&asked(&world, &someone, as_known).await), ["consented"]);
    let still_known = json!({ "known_at": TUESDAY });
    assert_eq!(
        allowed(&asked(&world, &someone, still_known).await),
        ["consented"]
    );
    // Not retroactive: what was done before it happened stays lawful.
    let before = json!({ "at": "2026-03-02T17:59:59Z" });
    assert_eq!(allowed(&asked(&world, &someone, before).await), ["consented"]);
    assert_eq!(
        denied(&asked(&world, &someone, json!({})).await),
        ("GDPR 7(3)", "withdrawn")
    );

    let path = format!("/v1/subjects/{}", someone.id);
    let standing = async |query: &str| {
        let state = world.get(&format!("{path}?{query}")).await.is(200).body;
        standings(&state)["marketing/email"].clone()
    };
    assert_eq!(standing(&format!("at={TUESDAY}")).await, "withdrawn");
    assert_eq!(
        standing(&format!("at={TUESDAY}&known_at={TUESDAY}")).await,
        "active"
    );
    let act = world.history(&someone).await.remove(1);
    assert_eq!(act["happened_at"], "2026-03-02T18:00:00.000Z");
    assert_eq!(act["learnt_at"], "2026-03-04T12:00:00.000Z");
    world.settle().await;
}

#[tokio::test]
async fn late_acts_are_kept_in_the_order_in_which_they_were_learnt_and_never_refused() {
    let world = World::at(WEDNESDAY).await;
    let someone = world.someone().await;
    let grant = |happened_at: &str| tests::merged(on_paper(happened_at), ticked());

    world
        .withdraw(&someone, withdrawn_on_paper("2026-03-03T10:00:00Z"))
        .await
        .is(200);
    // Older than the withdrawal: kept, and turns nothing on.
    world.grant(&someone, grant("2026-03-02T10:00:00Z")).await.is(201);
    assert_eq!(
        denied(&asked(&world, &someone, json!({})).await),
        ("GDPR 7(3)", "withdrawn")
    );
    // A withdrawal before both is kept too.
    world
        .withdraw(&someone, withdrawn_on_paper("2026-03-01T10:00:00Z"))
        .await
        .is(200);
    assert_eq!(
        denied(&asked(&world, &someone, json!({})).await),
        ("GDPR 7(3)", "withdrawn")
    );
    // Newer than the withdrawal, and so a consent.
    world.grant(&someone, grant("2026-03-03T11:00:00Z")).await.is(201);
    let answer = asked(&world, &someone, json!({})).await;
    assert_eq!((&answer["allowed"], &answer["acts"]), (&json!(true), &json!([4])));

    let happened: Vec<Value> = world
        .history(&someone)
        .await
        .into_iter()
        .map(|act| json!([act["version"], act["act"], act["happened_at"]]))
        .collect();
    let learnt = [
        json!([1, "withdrawn", "2026-03-03T10:00:00.000Z"]),
        json!([2, "granted", "2026-03-02T10:00:00.000Z"]),
        json!([3, "withdrawn", "2026-03-01T10:00:00.000Z"]),
        json!([4, "granted", "2026-03-03T11:00:00.000Z"]),
    ];
    assert_eq!(happened, learnt);
    world.settle().await;
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );
}

#[tokio::test]
async fn a_withdrawal_on_paper_of_monday_does_not_undo_the_renewal_of_tuesday() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    world.grant(&someone, ticked()).await.is(201);
    world.clock.set(instant(TUESDAY));
    world.grant(&someone, ticked()).await.is(201);
    world.settle().await;
    world.clock.set(instant(WEDNESDAY));
    world
        .withdraw(&someone, withdrawn_on_paper(MONDAY_EVENING))
        .await
        .is(200);
    world.settle().await;

    let answer = asked(&world, &someone, json!({})).await;
    assert_eq!((&answer["allowed"], &answer["acts"]), (&json!(true), &json!([2])));
    let between = asked(&world, &someone, json!({ "at": "2026-03-02T20:00:00Z" })).await;
    assert_eq!(denied(&between), ("GDPR 7(3)", "withdrawn"));
    assert_eq!(
        world.heard("bmw-ag", &someone),
        ["granted", "entitlement-started"]
    );
    // Tuesday's withdrawal would have.
    let tuesday_night = withdrawn_on_paper("2026-03-03T20:00:00Z");
    world.withdraw(&someone, tuesday_night).await.is(200);
    assert_eq!(
        denied(&asked(&world, &someone, json!({})).await),
        ("GDPR 7(3)", "withdrawn")
    );
    world.settle().await;
}

#[tokio::test]
async fn a_consent_on_paper_of_monday_does_not_undo_the_withdrawal_of_tuesday() {
    let world = World::at(TUESDAY).await;
    let someone = world.someone().await;
    world.withdraw_all(&someone).await.is(200);
    world.clock.set(instant(WEDNESDAY));
    let found = tests::merged(on_paper(MONDAY_EVENING), ticked());
    world.grant(&someone, found).await.is(201);

    let answer = asked(&world, &someone, json!({})).await;
    assert_eq!(denied(&answer), ("GDPR 7(3)", "withdrawn"));
    let between = asked(&world, &someone, json!({ "at": "2026-03-02T20:00:00Z" })).await;
    assert_eq!(allowed(&between), ["consented"]);
    world.settle().await;
    assert_eq!(world.recipients.requests("bmw-ag"), 0);
}

#[tokio::test]
async fn an_act_cannot_have_happened_later_than_clocks_differ() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let ahead = |by: SignedDuration| json!({ "all": true, "happened_at": (world.now() + by).to_string() });

    let refused = world
        .withdraw(&someone, ahead(SignedDuration::from_secs(301)))
        .await
        .is(422);
    assert_eq!(
        (refused.problem(), &refused.body["field"]),
        ("in-the-future", &json!("/happened_at"))
    );
    assert!(world.history(&someone).await.is_empty());
    world
        .withdraw(&someone, ahead(SignedDuration::from_secs(300)))
        .await
        .is(200);
    let act = world.history(&someone).await.remove(0);
    assert_eq!(act["happened_at"], act["learnt_at"], "never after it was learnt");
    world.settle().await;
}
