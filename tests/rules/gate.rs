//! S01 to S03: no consent, no controller, no words: no allowance.

use std::collections::BTreeSet;

use domain::act::{Grade, Via};
use domain::decide::{Decision, Party, Question, decide};
use domain::grant::Given;
use domain::policy::Policies;
use domain::record::Record;
use serde_json::{Value, json};
use tests::notices::{bundled_toml, bundled_with, for_good};
use tests::{BUNDLED, CHANNELS, PURPOSES, Someone, UNBUNDLED, World, everything, instant, names, verdict};

const SELLER: &str = "dealer-roma";
const TOLD: [&str; 4] = ["bmw-ag", "marketing-platform", "campaign-service", SELLER];

#[tokio::test]
async fn s01_without_a_consent_everything_is_denied_and_nobody_is_told() {
    let world = World::at_noon().await;
    world.dealer(SELLER).await;
    let someone = world.someone().await;
    let bought = json!({ "delivered_on": "2025-06-01" });
    world
        .relate(&someone, SELLER, "purchase", "car-1", bought)
        .await
        .is(200);
    // A separate consent opens nothing by itself.
    let apart = json!({ "controls": ["vehicle-usage"] });
    world.grant(&someone, apart).await.is(201);
    let contact = json!({ "contact": { "email": "someone@example.com" } });
    let refused = world.patch_profile(&someone, contact.clone()).await.is(422);
    assert_eq!(refused.problem(), "category-without-consent");
    assert_eq!(refused.body["rules"], json!(["S01"]));
    world.tick().await;

    for answer in world.decisions(every_question(&someone)).await {
        assert_eq!(verdict(&answer), "S01 no-consent");
    }
    for recipient in TOLD {
        assert_eq!(world.recipients.letters(recipient), [], "{recipient}");
    }

    world.grant(&someone, everything()).await.is(201);
    world.patch_profile(&someone, contact).await.is(200);
    world.settle().await;
    for answer in world.decisions(every_question(&someone)).await {
        assert_eq!(verdict(&answer), "allowed");
    }
    for recipient in TOLD {
        assert_ne!(world.recipients.letters(recipient), [], "{recipient}");
    }
}

/// Each purpose, for everybody: over each channel, and to hold or use the contact data.
fn every_question(someone: &Someone) -> Vec<Value> {
    let mut questions = Vec::new();
    for purpose in PURPOSES {
        for who in TOLD.into_iter().chain(["controller"]) {
            let asked = json!({ "subject": someone.id, "who": who, "purpose": purpose });
            let question = |name: &str, what: &str| tests::merged(asked.clone(), json!({ name: what }));
            questions.extend(CHANNELS.map(|channel| question("channel", channel)));
            questions.push(question("category", "contact"));
        }
    }
    questions
}

#[tokio::test]
async fn s02_each_consent_and_each_event_names_the_controller() {
    let world = World::at_noon().await;
    for notice in [BUNDLED, UNBUNDLED] {
        let someone = world.someone().await;
        let facets = ["marketing/email", "sharing/group-company"];
        let ticked = json!({ "notice": { "id": notice, "version": 1, "language": "it" }, "facets": facets });
        world.grant(&someone, ticked).await.is(201);
        world.settle().await;

        let pinned = world.history(&someone).await[0]["notice"].clone();
        assert_eq!(pinned["id"], notice);
        let shown = world
            .get(&format!("/v1/notices/{notice}/{}", pinned["version"]))
            .await;
        let controller = json!({
            "name": "BMW Italia S.p.A.",
            "address": "Via della Unione Europea 1, San Donato Milanese (MI)",
        });
        assert_eq!(shown.is(200).body["controller"], controller);
        assert_eq!(pinned["controller"], controller);

        for recipient in ["bmw-ag", "campaign-service"] {
            let letters = world.recipients.letters(recipient).into_iter();
            let of_theirs: Vec<_> = letters
                .filter(|letter| letter.subject == someone.pseudonym)
                .collect();
            assert_eq!(of_theirs.len(), 1);
            assert_eq!(of_theirs[0].body["data"]["controller"], controller);
        }
    }
}

#[tokio::test]
async fn s02_a_policy_without_a_controller_or_its_address_is_refused() {
    let name = "name = \"BMW Italia S.p.A.\"\n";
    let address = "address = \"Via della Unione Europea 1, San Donato Milanese (MI)\"\n";
    let whole = format!("[controller]\n{name}{address}");
    let cases = [
        (whole.as_str(), "", "the controller is missing"),
        (name, "", "the controller has no name (S02)"),
        (name, "name = \"\"\n", "the controller has no name (S02)"),
        (address, "", "the controller has no address (S02)"),
        (
            address,
            "address = \" \"\n",
            "the controller has no address (S02)",
        ),
    ];
    for (was, is, missing) in cases {
        let refused = policies::load("test.toml", &bundled_toml(&[(was, is)]));
        let findings = refused.expect_err(missing);
        assert!(
            findings.iter().any(|finding| finding.sentence.contains(missing)),
            "{missing}: {findings:?}"
        );
    }
    assert_eq!(bundled_with(&[]).controller.name, "BMW Italia S.p.A.");
}

#[tokio::test]
async fn s03_a_consent_to_words_that_are_not_stored_is_refused() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let shown = |id: &str, version: u32, language: &str| {
        let notice = json!({ "id": id, "version": version, "language": language });
        json!({ "notice": notice })
    };
    let cases = [
        (shown("another-notice", 1, "it"), "unknown-notice"),
        (shown(BUNDLED, 2, "it"), "unknown-notice"),
        (shown(BUNDLED, 1, "fr"), "unknown-language"),
    ];
    for (notice, problem) in cases {
        let asked = tests::merged(everything(), notice);
        let refused = world.grant(&someone, asked).await.is(422);
        assert_eq!(refused.problem(), problem);
    }
    assert_eq!(world.history(&someone).await, [] as [Value; 0]);
    let question = json!({ "who": "controller", "channel": "email" });
    assert_eq!(world.verdict(&someone, question).await, "S01 no-consent");
}

#[tokio::test]
async fn s03_each_consent_pins_the_words_that_were_shown() {
    let world = World::at_noon().await;
    let mut hashes = BTreeSet::new();
    for language in ["it", "en", "de"] {
        let someone = world.someone().await;
        let notice = json!({ "id": BUNDLED, "version": 1, "language": language });
        let ticked = tests::merged(everything(), json!({ "notice": notice }));
        world.grant(&someone, ticked).await.is(201);

        let words = world
            .get(&format!("/v1/notices/{BUNDLED}/1?language={language}"))
            .await
            .is(200);
        let hash = words.body["hash"].as_str().unwrap_or_default();
        let pinned = world.history(&someone).await[0]["notice"].clone();
        let told = (
            &pinned["id"],
            &pinned["version"],
            &pinned["language"],
            &pinned["hash"],
        );
        assert_eq!(told, (&json!(BUNDLED), &json!(1), &json!(language), &json!(hash)));
        let question = json!({ "who": "controller", "channel": "email" });
        assert_eq!(world.verdict(&someone, question).await, "allowed");
        hashes.insert(hash.to_owned());
    }
    assert_eq!(hashes.len(), 3, "each language has words of its own");
    assert!(!hashes.contains(""));
}

/// Nothing at the front door can take a stored notice away, so this one asks the domain.
#[test]
fn s03_a_consent_whose_words_are_stored_no_more_allows_nothing() {
    let stored = for_good(vec![bundled_with(&[])]);
    let rewritten = for_good(vec![bundled_with(&[(
        "Pubblicità su misura:",
        "Pubblicità per Lei:",
    )])]);
    let of_another = bundled_with(&[("\"bmw-italia-promotional\"", "\"another-notice\"")]);
    let gone = for_good(vec![of_another]);

    let now = instant("2026-03-02T12:00:00Z");
    let record = Record::empty("sub_0123456789abcdefghijkl".parse().unwrap());
    let act = record.grant(stored, &given(), now).unwrap();
    let record = record.after(stored, &act);

    let asked = |policies: &Policies| -> Decision {
        let question = Question {
            purpose: "marketing".parse().unwrap(),
            channel: Some("email".parse().unwrap()),
            category: None,
        };
        decide(&record.now(policies, now), Party::Controller, &question)
    };
    assert!(asked(stored).allowed);
    for policies in [rewritten, gone] {
        let decision = asked(policies);
        assert!(!decision.allowed);
        let said: BTreeSet<String> = names(decision.reasons.iter().map(|reason| reason.because.slug()));
        assert_eq!(said, names(["notice-not-stored"]));
        assert_eq!(decision.reasons[0].because.rule(), "S03");
        assert_eq!(decision.reasons[0].act, Some(1));
    }
}

fn given() -> Given {
    Given {
        notice: BUNDLED.parse().expect("a code"),
        version: 1,
        language: "it".parse().expect("a code"),
        brand: "bmw".parse().expect("a code"),
        via: Via::Form,
        grade: Grade::B,
        controls: vec!["promotional".parse().expect("a code")],
        channels: vec!["email".parse().expect("a code")],
        facets: Vec::new(),
        happened_at: None,
        to_be_confirmed: false,
    }
}
