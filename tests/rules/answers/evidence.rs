//! How good the proof of a consent must be (GDPR 7(1)).

use serde_json::{Value, json};
use tests::{PURPOSES, World, allowed, alone, contacts, denied, edited, standings};

fn ticked(evidence: Value) -> Value {
    json!({ "evidence": evidence, "controls": ["promotional"], "channels": ["email", "sms"] })
}

#[tokio::test]
async fn a_double_opt_in_a_signed_in_person_and_paper_with_a_reference_grant() {
    let world = World::at_noon().await;
    for (evidence, grade) in [
        (json!({ "kind": "double-opt-in" }), "A"),
        (json!({ "kind": "signed-in" }), "B"),
        (json!({ "kind": "staff", "reference": "call-17" }), "C"),
        (json!({ "kind": "paper", "reference": "sheet-17" }), "C"),
    ] {
        let someone = world.someone().await;
        world.grant(&someone, ticked(evidence)).await.is(201);
        assert_eq!(world.history(&someone).await[0]["grade"], grade);
        let question = json!({ "who": "controller", "channel": "email" });
        assert_eq!(
            allowed(&world.decide(&someone, question).await),
            ["consented"],
            "{grade}"
        );
        world.settle().await;
        assert_eq!(
            world.heard("bmw-ag", &someone),
            ["granted", "entitlement-started"]
        );
    }
}

#[tokio::test]
async fn a_bare_claim_is_kept_as_pending_and_grants_nothing() {
    let world = World::at_noon().await;
    for evidence in [
        json!({ "kind": "none" }),
        json!({}),
        json!({ "kind": "staff" }),
        json!({ "kind": "staff", "reference": " " }),
        json!({ "kind": "paper", "note": "somebody said so" }),
    ] {
        let someone = world.someone().await;
        world.grant(&someone, ticked(evidence)).await.is(201);
        let act = world.history(&someone).await.remove(0);
        assert_eq!((&act["act"], &act["grade"]), (&json!("granted"), &json!("D")));
        let standings = standings(&world.state(&someone).await);
        assert!(
            standings.values().all(|standing| standing == "pending"),
            "{standings:?}"
        );
        assert_eq!(standings.len(), 9);

        for who in ["controller", "bmw-ag", "campaign-service"] {
            let answer = world
                .decide(&someone, json!({ "who": who, "channel": "email" }))
                .await;
            assert_eq!(denied(&answer), ("GDPR 7(1)", "not-confirmed"), "{who}");
            assert_eq!(answer["acts"], json!([1]));
        }
        let patch = json!({ "contact": { "email": "ada@example.com" } });
        world.patch_profile(&someone, patch).await.is(422);
        world.settle().await;
        for recipient in ["bmw-ag", "campaign-service", "marketing-platform"] {
            assert_eq!(world.heard(recipient, &someone), Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn a_bare_claim_takes_nothing_from_a_consent_that_stands_and_gives_none_back() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    world
        .grant(&someone, ticked(json!({ "kind": "signed-in" })))
        .await
        .is(201);
    world.grant(&someone, ticked(json!({}))).await.is(201);
    let question = json!({ "who": "controller", "channel": "email" });
    let answer = world.decide(&someone, question.clone()).await;
    assert_eq!((&answer["allowed"], &answer["acts"]), (&json!(true), &json!([1])));

    world.withdraw_all(&someone).await.is(200);
    world.grant(&someone, ticked(json!({}))).await.is(201);
    let answer = world.decide(&someone, question).await;
    assert_eq!(denied(&answer), ("GDPR 7(1)", "not-confirmed"));
    world.settle().await;
}

#[tokio::test]
async fn a_policy_says_facet_by_facet_how_good_the_proof_must_be() {
    let strict = edited(&[(
        "[evidence]\nneeded = \"C\"\n",
        "[evidence]\nneeded = \"C\"\n\n[evidence.by_facet]\n\"marketing/email\" = \"A\"\n\"profiling\" = \"B\"\n",
    )]);
    let world = World::under(alone(vec![strict]), "2026-03-02T12:00:00Z").await;
    let pending = async |evidence: Value| {
        let someone = world.someone().await;
        world.grant(&someone, ticked(evidence)).await.is(201);
        world.settle().await;
        let standings = standings(&world.state(&someone).await);
        let pending = standings.iter().filter(|(_, standing)| *standing == "pending");
        let names: Vec<String> = pending.map(|(facet, _)| facet.clone()).collect();
        (someone, names)
    };

    let paper = json!({ "kind": "paper", "reference": "sheet-17" });
    assert_eq!(pending(paper).await.1, ["marketing/email", "profiling"]);
    let (someone, names) = pending(json!({ "kind": "signed-in" })).await;
    assert_eq!(names, ["marketing/email"]);
    let email = json!({ "who": "controller", "channel": "email" });
    let answer = world.decide(&someone, email.clone()).await;
    assert_eq!(denied(&answer), ("GDPR 7(1)", "not-confirmed"));
    assert!(world.may(&someone, "controller", "sms").await);
    let mut facets = contacts(&PURPOSES, &["email", "sms"]);
    facets.remove("marketing/email");
    assert_eq!(world.holds("bmw-ag", &someone).facets, facets);

    let (someone, names) = pending(json!({ "kind": "double-opt-in" })).await;
    assert_eq!(names, Vec::<String>::new());
    assert_eq!(allowed(&world.decide(&someone, email).await), ["consented"]);
    let facets = contacts(&PURPOSES, &["email", "sms"]);
    assert_eq!(world.holds("bmw-ag", &someone).facets, facets);
}
