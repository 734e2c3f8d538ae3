//! What a record says, now and of a date.

use serde_json::{Value, json};
use tests::{CHANNELS, World, contacts, names};

use crate::{DAY, acts};

#[tokio::test]
async fn a_consent_on_paper_counts_from_the_day_on_which_it_was_signed() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let paper = json!({
        "controls": ["promotional"], "channels": ["post"], "source": "dealer",
        "happened_at": "2026-02-20T09:00:00Z",
        "evidence": { "kind": "paper", "reference": "form 0815", "note": "signed in the showroom" },
    });
    world.grant(&someone, paper).await.is(201);
    world.settle().await;

    let at = |at: &str, known_at: Option<&str>| json!({ "who": "controller", "channel": "post", "at": at, "known_at": known_at });
    assert_eq!(
        world.decide(&someone, at("2026-02-20T08:59:59Z", None)).await["allowed"],
        false
    );
    assert_eq!(
        world.decide(&someone, at("2026-02-20T09:00:00Z", None)).await["allowed"],
        true
    );
    let as_known_then = at("2026-02-25T00:00:00Z", Some("2026-02-25T00:00:00Z"));
    assert_eq!(
        world.decide(&someone, as_known_then).await["allowed"],
        false,
        "nobody knew of it then"
    );

    let history = world.history(&someone).await;
    assert_eq!(history[0]["happened_at"], "2026-02-20T09:00:00.000Z");
    assert_eq!(history[0]["learnt_at"], "2026-03-02T12:00:00.000Z");
    assert_eq!(
        (&history[0]["source"], &history[0]["grade"]),
        (&json!("dealer"), &json!("C"))
    );
    assert!(
        !history[0].to_string().contains("0815"),
        "what identifies lies outside the chain"
    );
}

#[tokio::test]
async fn an_old_letter_does_not_undo_a_newer_withdrawal() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.withdraw_all(&someone).await.is(200);

    let letter = json!({
        "controls": ["promotional"], "channels": ["email"], "source": "staff",
        "happened_at": "2026-03-01T09:00:00Z", "evidence": { "kind": "paper", "reference": "x" },
    });
    world.grant(&someone, letter).await.is(201);
    world.settle().await;

    assert!(!world.may(&someone, "controller", "email").await);
    assert_eq!(world.holds("bmw-ag", &someone).facets, names([]));
}

#[tokio::test]
async fn the_state_is_told_as_it_was_at_any_instant() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let granted_at = world.now();
    world.advance(DAY);
    world.withdraw_all(&someone).await.is(200);
    world.advance(DAY);

    let facet = |state: &Value| state["facets"]["marketing/email"]["state"].clone();
    assert_eq!(facet(&world.state(&someone).await), "withdrawn");
    assert_eq!(facet(&world.state_at(&someone, granted_at).await), "active");
    assert_eq!(
        facet(&world.state_at(&someone, granted_at + DAY).await),
        "withdrawn"
    );
    assert!(facet(&world.state_at(&someone, granted_at - DAY).await).is_null());
    let past = json!({ "who": "bmw-ag", "channel": "email", "at": granted_at });
    assert_eq!(
        world.decide(&someone, past).await["allowed"],
        true,
        "a withdrawal is not retroactive"
    );
}

#[tokio::test]
async fn the_history_has_every_act_with_its_evidence_in_order() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-one").await;
    world
        .relate(&someone, "dealer-one", "service", "contract-1", json!({}))
        .await
        .is(200);
    world
        .patch_profile(&someone, json!({ "contact": { "city": "Milano" } }))
        .await
        .is(200);
    world
        .part(&someone, "dealer-one", "service", "contract-1")
        .await
        .is(200);
    world
        .withdraw(&someone, json!({ "purposes": ["research"] }))
        .await
        .is(200);
    world.object(&someone).await.is(200);

    let history = world.history(&someone).await;
    assert_eq!(
        acts(&history),
        [
            "granted",
            "relation-started",
            "profile-updated",
            "relation-ended",
            "withdrawn",
            "objected"
        ]
    );
    let versions: Vec<&Value> = history.iter().map(|act| &act["version"]).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
    let learnt: Vec<&str> = history
        .iter()
        .filter_map(|act| act["learnt_at"].as_str())
        .collect();
    assert!(learnt.windows(2).all(|pair| pair[0] < pair[1]), "{learnt:?}");
    let notice = &history[0]["notice"];
    assert_eq!(
        (&notice["id"], &notice["version"], &notice["language"]),
        (&json!(tests::BUNDLED), &json!(1), &json!("it"))
    );
    assert_eq!(
        notice["hash"].as_str().map(str::len),
        Some(43),
        "the very words are pinned"
    );
    assert_eq!(
        (&history[0]["brand"], &history[0]["grade"]),
        (&json!("bmw"), &json!("B"))
    );
    assert_eq!(history[4]["facets"], json!(contacts(&["research"], &CHANNELS)));
    assert!(!json!(history).to_string().contains("Milano"));
}

#[tokio::test]
async fn a_recipients_view_is_what_it_is_sent() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    for recipient in ["bmw-ag", "campaign-service"] {
        let view = world.view_as(&someone, recipient).await;
        let categories = view["categories"].as_object().unwrap();
        assert_eq!(categories.len(), 14, "each with its reasons, allowed or not");
        let allowed = categories
            .iter()
            .filter(|(_, decision)| decision["allowed"] == true);
        let allowed = names(allowed.map(|(category, _)| category.as_str()));
        let held = world.holds(recipient, &someone);
        assert_eq!(
            (allowed, json!(held.facets)),
            (held.categories, view["facets"].clone()),
            "{recipient}"
        );
    }
    world
        .get(&format!("/v1/subjects/{}/view-as/nobody", someone.id))
        .await
        .is(404);
}
