//! The public form: a visitor whom nobody has an id for, and the link that it is sent.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{ADDRESS, Held, PURPOSES, Someone, World, allowed, contacts, denied, standings};

const PROCESSORS: [&str; 2] = ["marketing-platform", "campaign-service"];
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

async fn acts(world: &World, someone: &Someone) -> Vec<Value> {
    let history = world.history(someone).await.into_iter();
    history.map(|act| act["act"].clone()).collect()
}

async fn by_email(world: &World, visitor: &Someone) -> Value {
    let question = json!({ "who": "controller", "channel": "email" });
    world.decide(visitor, question).await
}

async fn contacts_kept(world: &World, visitor: &Someone) -> usize {
    world
        .stored(&format!("EVIDENCE#{}", visitor.pseudonym))
        .await
        .len()
}

#[tokio::test]
async fn a_form_needs_no_token_and_grants_nothing_until_it_is_confirmed() {
    let world = World::at_noon().await;
    let told = world.send_form("form-1", json!({})).await.is(202);
    assert_eq!(told.body["confirm_until"], "2026-03-09T12:00:00.000Z");
    let visitor = world.visitor("form-1").await;
    assert_eq!(told.body["subject"], visitor.id);
    assert!(visitor.id.starts_with("sub_") && !told.text.contains(ADDRESS));
    // Everything else asks for a token.
    let path = format!("/v1/subjects/{}", visitor.id);
    world
        .send("GET", &path, &[("authorization", "")], Vec::new())
        .await
        .is(401);

    let standings = standings(&world.state(&visitor).await);
    assert!(
        standings.values().all(|standing| standing == "pending"),
        "{standings:?}"
    );
    assert_eq!(
        denied(&by_email(&world, &visitor).await),
        ("GDPR 7(1)", "not-confirmed")
    );
    let act = world.history(&visitor).await.remove(0);
    assert_eq!(
        [&act["grade"], &act["brand"], &act["to_be_confirmed"]],
        [&json!("D"), &json!("mini"), &json!(true)]
    );
    // The contact is nowhere in the chain.
    let chain = format!("{:?}", world.chain(&visitor).await);
    assert!(!chain.contains("ada") && !chain.contains("example"), "{chain}");
    world.settle().await;
}

#[tokio::test]
async fn the_processors_and_nobody_else_are_asked_to_send_the_link() {
    let world = World::at_noon().await;
    world.dealer("dealer-1").await;
    let visitor = world.visitor("form-1").await;
    world
        .relate(&visitor, "dealer-1", "preferred", "1", json!({}))
        .await
        .is(200);
    world.settle().await;

    let link = world.link(&visitor);
    for processor in PROCESSORS {
        assert_eq!(world.heard(processor, &visitor), ["confirmation-requested"]);
        let asked = world.asked_to_confirm(processor, &visitor);
        assert_eq!(asked["contact"], json!({ "email": ADDRESS, "name": "Ada" }));
        assert_eq!((&asked["act"], &asked["link"]), (&json!(1), &json!(link)));
        assert_eq!(asked["until"], "2026-03-09T12:00:00.000Z");
        assert_eq!(world.holds(processor, &visitor), Held::default());
    }
    for other in ["bmw-ag", "dealer-1"] {
        assert_eq!(world.recipients.requests(other), 0, "{other}");
    }
    // The link names nobody.
    assert!(
        !link.contains(visitor.id.as_str()) && !link.contains("ada"),
        "{link}"
    );

    let answer = world.follow(&link).await.is(200);
    assert_eq!(answer.body["act"]["act"], "confirmed");
    assert_eq!(answer.body["act"]["grade"], "A");
    assert_eq!(allowed(&by_email(&world, &visitor).await), ["consented"]);
    world.settle().await;
    for processor in PROCESSORS {
        let heard = ["granted", "entitlement-started", "confirmed"];
        assert_eq!(world.heard(processor, &visitor)[1..], heard, "{processor}");
        assert_eq!(
            world.holds(processor, &visitor).facets,
            contacts(&PURPOSES, &["email"])
        );
    }
    for other in ["bmw-ag", "dealer-1"] {
        assert_eq!(
            world.heard(other, &visitor),
            ["granted", "entitlement-started"],
            "{other}"
        );
    }
}

#[tokio::test]
async fn a_link_confirms_exactly_the_act_that_it_names() {
    let world = World::at_noon().await;
    let (visitor, other) = (world.visitor("form-1").await, world.visitor("form-2").await);
    assert_ne!(visitor.id, other.id);
    // A second bare claim about the same visitor, that nobody was asked to confirm.
    let claim = json!({ "controls": ["vehicle-usage"], "evidence": {} });
    world.grant(&visitor, claim).await.is(201);
    world.settle().await;

    world.follow(&world.link(&visitor)).await.is(200);
    let after = standings(&world.state(&visitor).await);
    assert_eq!(after["marketing/email"], "active");
    assert_eq!(after["profiling"], "active");
    assert_eq!(after["separate/vehicle-usage"], "pending");
    assert_eq!(
        denied(&by_email(&world, &other).await),
        ("GDPR 7(1)", "not-confirmed")
    );
    world.settle().await;
}

#[tokio::test]
async fn the_same_link_twice_confirms_once_and_looking_at_it_confirms_nothing() {
    let world = World::at_noon().await;
    let visitor = world.visitor("form-1").await;
    world.settle().await;
    let link = world.link(&visitor);
    let path = &link[link.find("/v1/").unwrap_or_default()..];
    // Mail scanners look at every link.
    world.get(path).await.is(200);
    assert_eq!(acts(&world, &visitor).await, ["granted"]);

    world.follow(&link).await.is(200);
    world.settle().await;
    let again = world.follow(&link).await.is(200);
    assert_eq!(again.body["act"], Value::Null);
    assert_eq!(acts(&world, &visitor).await, ["granted", "confirmed"]);
    world.settle().await;
    assert_eq!(
        world.heard("bmw-ag", &visitor),
        ["granted", "entitlement-started"]
    );
}

#[tokio::test]
async fn a_link_that_was_tampered_with_or_has_ended_confirms_nothing() {
    let world = World::at_noon().await;
    let visitor = world.visitor("form-1").await;
    world.settle().await;
    let link = world.link(&visitor);
    let start = link.rfind('/').unwrap_or_default() + 1;
    for place in [start, start + 5, start + 30, link.len() - 1] {
        let other = if &link[place..=place] == "Q" { "g" } else { "Q" };
        let tampered = format!("{}{other}{}", &link[..place], &link[place + 1..]);
        let refused = world.follow(&tampered).await.is(404);
        assert_eq!(refused.problem(), "bad-link", "at {place}");
    }
    for made_up in ["A", "sub_x", &"A".repeat(300)] {
        let refused = world
            .follow(&format!("{}{made_up}", &link[..start]))
            .await
            .is(404);
        assert_eq!(refused.problem(), "bad-link");
    }
    world.advance(WEEK);
    let refused = world.follow(&link).await.is(404);
    assert_eq!(refused.problem(), "bad-link");
    assert_eq!(acts(&world, &visitor).await, ["granted"]);

    // A second earlier it was good.
    world.advance(SignedDuration::from_secs(-1));
    world.follow(&link).await.is(200);
    assert_eq!(by_email(&world, &visitor).await["allowed"], true);
    world.settle().await;
}

#[tokio::test]
async fn what_was_withdrawn_after_the_form_is_not_resurrected_by_its_link() {
    let world = World::at_noon().await;
    let (visitor, partly) = (world.visitor("form-1").await, world.visitor("form-2").await);
    world.settle().await;
    world.advance(SignedDuration::from_hours(1));
    world.withdraw_all(&visitor).await.is(200);
    world
        .withdraw(&partly, json!({ "purposes": ["research"] }))
        .await
        .is(200);
    world.settle().await;

    let refused = world.follow(&world.link(&visitor)).await.is(422);
    assert_eq!(refused.problem(), "nothing-to-confirm");
    assert_eq!(acts(&world, &visitor).await, ["granted", "withdrawn"]);
    let after = standings(&world.state(&visitor).await);
    assert!(
        after.values().all(|standing| standing == "withdrawn"),
        "{after:?}"
    );
    assert_eq!(
        denied(&by_email(&world, &visitor).await),
        ("GDPR 7(3)", "withdrawn")
    );

    world.follow(&world.link(&partly)).await.is(200);
    let after = standings(&world.state(&partly).await);
    assert_eq!(
        (after["research/email"].as_str(), after["care/email"].as_str()),
        ("withdrawn", "active")
    );
    world.settle().await;
    assert_eq!(world.heard("bmw-ag", &visitor), Vec::<String>::new());
    for processor in PROCESSORS {
        assert_eq!(world.heard(processor, &visitor), ["confirmation-requested"]);
    }
    let facets = contacts(&["marketing", "care"], &["email"]);
    assert_eq!(world.holds("bmw-ag", &partly).facets, facets);
}

#[tokio::test]
async fn where_nobody_confirms_the_contact_is_gone_with_the_term() {
    let world = World::at_noon().await;
    let (visitor, confirmed) = (world.visitor("form-1").await, world.visitor("form-2").await);
    let withdrawn = world.visitor("form-3").await;
    world.settle().await;
    world.follow(&world.link(&confirmed)).await.is(200);
    world.withdraw_all(&withdrawn).await.is(200);
    // Whoever withdrew is asked nothing more, and following the link in vain keeps no contact either.
    assert_eq!(contacts_kept(&world, &withdrawn).await, 0);
    world.follow(&world.link(&withdrawn)).await.is(422);
    world.settle().await;
    for visitor in [&visitor, &confirmed] {
        assert_eq!(contacts_kept(&world, visitor).await, 1);
    }

    world.advance(WEEK - SignedDuration::from_mins(1));
    world.tick().await;
    assert_eq!(contacts_kept(&world, &visitor).await, 1);
    world.advance(SignedDuration::from_mins(3));
    world.tick().await;

    for visitor in [&visitor, &withdrawn] {
        assert_eq!(contacts_kept(&world, visitor).await, 0);
        let last = world.history(visitor).await.pop().unwrap_or_default();
        assert_eq!(
            (&last["act"], &last["grant"]),
            (&json!("confirmation-lapsed"), &json!(1))
        );
    }
    assert_eq!(denied(&by_email(&world, &visitor).await), ("T4", "lapsed"));
    assert_eq!(
        denied(&by_email(&world, &withdrawn).await),
        ("GDPR 7(3)", "withdrawn")
    );
    let refused = world.follow(&world.link(&visitor)).await.is(404);
    assert_eq!(refused.problem(), "bad-link");
    // The proof of the one who confirmed stays.
    assert_eq!(contacts_kept(&world, &confirmed).await, 1);
    assert_eq!(by_email(&world, &confirmed).await["allowed"], true);
    world.settle().await;
}

#[tokio::test]
async fn the_same_form_sent_twice_is_one_visitor_and_another_form_is_another() {
    let world = World::at_noon().await;
    let first = world.send_form("form-1", json!({})).await.is(202);
    world.settle().await;
    let again = world.send_form("form-1", json!({})).await.is(202);
    assert_eq!(again.body, first.body);
    let visitor = world.visitor("form-1").await;
    assert_eq!(acts(&world, &visitor).await, ["granted"]);
    world.settle().await;
    world.asked_to_confirm("campaign-service", &visitor);

    let other_body = json!({ "channels": ["phone"] });
    let refused = world.send_form("form-1", other_body).await.is(422);
    assert_eq!(
        (refused.problem(), &refused.body["field"]),
        ("key-reused", &json!("header Idempotency-Key"))
    );
    assert_eq!(acts(&world, &visitor).await, ["granted"]);
    let refused = world.send_form("", json!({})).await.is(400);
    assert_eq!(refused.body["field"], "header Idempotency-Key");
    assert_ne!(world.visitor("form-2").await.id, visitor.id);
    world.settle().await;
}

#[tokio::test]
async fn a_contact_that_no_mail_reaches_is_refused_without_being_repeated() {
    let world = World::at_noon().await;
    let long = format!("{}@example.com", "a".repeat(250));
    for email in [
        "adalovelace",
        "ada.lovelace@nowhere",
        "@lovelace.example",
        "ada.lovelace@.example.com",
        "ada.lovelace@example.",
        "ada lovelace@example.com",
        "<ada.lovelace@example.com>",
        "ada.lovelace@example.com,eve@example.com",
        long.as_str(),
    ] {
        let asked = json!({ "contact": { "email": email } });
        let refused = world.send_form("form-1", asked).await.is(422);
        assert_eq!(
            (refused.problem(), &refused.body["field"]),
            ("bad-contact", &json!("/contact/email"))
        );
        assert!(
            !refused.text.contains(email) && !refused.text.contains("lovelace"),
            "{}",
            refused.text
        );
    }
    let asked = json!({ "contact": { "email": ADDRESS, "name": "Lovelace".repeat(30) } });
    let refused = world.send_form("form-1", asked).await.is(422);
    assert_eq!(
        (refused.problem(), &refused.body["field"]),
        ("bad-contact", &json!("/contact/name"))
    );
    assert!(!refused.text.contains("Lovelace"));
    let asked = json!({ "contact": { "email": ADDRESS, "fiscal-code": "LVLDAA" } });
    let refused = world.send_form("form-1", asked).await.is(400);
    assert!(!refused.text.contains("LVLDAA"), "{}", refused.text);

    // Nothing was kept of any of these, not even the key.
    let visitor = world.visitor("form-1").await;
    assert_eq!(acts(&world, &visitor).await, ["granted"]);
    world.settle().await;
}
