//! What an erasure takes, what it leaves, and what is late for it.

use serde_json::{Value, json};
use tests::{Fate, Item, Someone, World, everything, merged};

use crate::{HOUR, MINUTE, NOTICED, UNTIL_DUE, a_paper, a_world, content, heard_erased, someone_well_known};

async fn evidence(world: &World, someone: &Someone) -> Vec<Item> {
    world.stored(&format!("EVIDENCE#{}", someone.pseudonym)).await
}

/// The whole table, as it is stored.
async fn table(world: &World) -> String {
    let (engine, table) = world.engine();
    let mut pages = engine.scan().table_name(table).into_paginator().send();
    let mut items = Vec::new();
    while let Some(page) = pages.next().await {
        items.extend(page.expect("the engine").items.unwrap_or_default());
    }
    format!("{items:?}")
}

#[tokio::test]
async fn an_erasure_takes_what_identifies_and_leaves_the_proof() {
    let world = a_world().await;
    let someone = someone_well_known(&world).await;
    world.advance(MINUTE);
    let before = world.now();
    let question = json!({ "who": "dealer-one", "category": "contact" });
    assert_eq!(world.decide(&someone, question.clone()).await["allowed"], true);
    assert!(!content(&world, &someone).await.is_empty());
    assert_eq!(evidence(&world, &someone).await.len(), 1);
    let acts = world.history(&someone).await;
    let personal = [
        "paper-1",
        "ada@example.com",
        "C-1",
        "racing",
        "spring",
        "charging",
    ];
    let written = table(&world).await;
    let missing = personal.iter().find(|text| !written.contains(*text));
    assert_eq!(missing, None, "it is looked for in vain");
    world.advance(HOUR);

    let told = world.erase(&someone).await.is(200).body;
    assert_eq!(told["act"]["act"], "erased");
    assert_eq!(told["act"]["source"], "staff");

    // At once, before anything follows from it.
    assert_eq!(content(&world, &someone).await, []);
    assert_eq!(evidence(&world, &someone).await, []);
    assert_eq!(world.tracked(&someone).await, Value::Null);
    let written = table(&world).await;
    let left = personal
        .iter()
        .find(|text| written.contains(*text) && **text != "spring");
    assert_eq!(left, None);
    let denied = world.decide(&someone, question.clone()).await;
    assert_eq!(denied["allowed"], false);
    assert_eq!(denied["reasons"][0]["code"], "erased", "{denied}");
    assert!(!world.may(&someone, "controller", "email").await);

    let state = world.state(&someone).await;
    assert_eq!(state["profile"], json!({}));
    assert_eq!(state["relations"], json!([]));
    for (facet, stands) in state["facets"].as_object().into_iter().flatten() {
        assert_eq!(stands["state"], "erased", "{facet}");
    }

    // The proof: every act as it was, unbroken, and yesterday's answer.
    let after = world.history(&someone).await;
    assert_eq!(after[..acts.len()], acts);
    assert_eq!(after.len(), acts.len() + 1);
    world.chain_is_unbroken(&someone).await;
    let then = merged(question, json!({ "at": before }));
    assert_eq!(world.decide(&someone, then).await["allowed"], true);
    world.view_as(&someone, "dealer-one").await;
    let why = format!("/v1/subjects/{}/why?purpose=marketing&channel=email", someone.id);
    let why = world.get(&why).await.is(200).body;
    assert_eq!(why["decision"]["reasons"][0]["code"], "erased", "{why}");
    world.settle().await;
}

#[tokio::test]
async fn nothing_that_is_late_brings_back_what_was_erased() {
    let world = a_world().await;
    let someone = someone_well_known(&world).await;
    let visitor = world.visitor("form-1").await;
    world.settle().await;
    let link = world.link(&visitor);
    let capture = || world.grant_keyed(&someone, "before", everything());
    let captured = capture().await.is(201);
    let (sent, bounced) = (world.now(), "bounced-permanent");
    world.advance(HOUR);
    world.erase(&someone).await.is(200);
    world.erase(&visitor).await.is(200);
    world.settle().await;

    // The same request once more; a paper of the day before; the link of before.
    assert_eq!(capture().await.is(201).text, captured.text);
    let yesterday = json!({ "happened_at": world.now() - HOUR * 24 });
    let late = merged(everything(), merged(a_paper(2), yesterday));
    world.grant(&someone, late).await.is(201);
    assert_eq!(world.follow(&link).await.is(422).problem(), "nothing-to-confirm");
    // An update without a consent; a relation since before; reports of mail that was sent before.
    let patched = world
        .patch_profile(&someone, json!({ "contact": { "city": "Turin" } }))
        .await
        .is(422);
    assert_eq!(patched.problem(), "category-without-consent");
    let since = json!({ "since": "2026-02-01" });
    world
        .relate(&someone, "dealer-one", "purchase", "vehicle-1", since)
        .await
        .is(200);
    let mail = json!({ "at": world.now(), "sent_at": sent });
    let clicked = world.event(&someone, "link-clicked", mail.clone());
    world
        .report(vec![clicked, world.event(&someone, bounced, mail)])
        .await;
    world.settle().await;

    assert_eq!(content(&world, &someone).await, []);
    assert_eq!(evidence(&world, &someone).await, []);
    assert_eq!(evidence(&world, &visitor).await, []);
    assert_eq!(world.tracked(&someone).await, Value::Null);
    let state = world.state(&someone).await;
    assert_eq!(state["relations"], json!([]));
    assert!(!world.may(&someone, "controller", "email").await);
    assert!(!world.may(&visitor, "controller", "email").await);
    for recipient in NOTICED {
        assert_eq!(heard_erased(&world, recipient, &someone), 1, "{recipient}");
        assert_eq!(
            world.holds(recipient, &someone),
            Default::default(),
            "{recipient}"
        );
    }
    // Of the late paper the hash alone is kept.
    let chain = world.chain(&someone).await;
    let paper = chain.iter().filter(|item| {
        let act = item["act"].as_s().map(String::as_str).unwrap_or_default();
        act.contains(r#""x":""#)
    });
    assert_eq!(paper.count(), 2);

    // The bounce said something of an address that is gone.
    world.grant(&someone, everything()).await.is(201);
    assert_eq!(world.suppressed(&someone).await, "");
    world.settle().await;
}

#[tokio::test]
async fn an_objection_outlives_the_erasure() {
    let world = a_world().await;
    let someone = someone_well_known(&world).await;
    world.object(&someone).await.is(200);
    world.erase(&someone).await.is(200);
    world
        .grant(&someone, merged(everything(), a_paper(3)))
        .await
        .is(201);
    assert!(
        !world.may(&someone, "controller", "email").await,
        "a paper lifts no objection"
    );
    world.grant(&someone, everything()).await.is(201);
    assert!(world.may(&someone, "controller", "email").await);
    world.settle().await;
}

#[tokio::test]
async fn more_evidence_than_one_write_deletes_goes_too_wherever_it_is_cut_off() {
    const PAPERS: usize = 95;
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone().await;
    for number in 0..PAPERS {
        let one = json!({ "controls": ["promotional"], "channels": ["post"] });
        world.grant(&someone, merged(one, a_paper(number))).await.is(201);
    }
    world.settle().await;
    assert_eq!(evidence(&world, &someone).await.len(), PAPERS);

    // Cut off between the note of what is left and the erasure itself, nothing is lost.
    world.calls.judge(|call| match call.operation.as_str() {
        "TransactWriteItems" => Fate::DiesBefore,
        _ => Fate::Answered,
    });
    world.erase(&someone).await;
    world.calls.heal();
    world.advance(UNTIL_DUE);
    world.tick().await;
    assert_eq!(evidence(&world, &someone).await.len(), PAPERS);

    world.erase(&someone).await.is(200);
    let left = evidence(&world, &someone).await.len();
    assert!((1..20).contains(&left), "{left} are left");
    // A paper that comes after it is none of its business.
    world.grant(&someone, a_new_paper()).await.is(201);
    // The sweep stands still until the note is collected, and an operator has it written anew.
    world.advance(HOUR * 24 * 32);
    world.collect().await;
    world.tick().await;
    assert_eq!(evidence(&world, &someone).await.len(), left + 1);
    let (store, _) = world.table_and_queue(policies::all());
    assert_eq!(world.recompute(&store, false).await.changed, 1);
    world.advance(UNTIL_DUE);
    // Each sweep dies at its first deletion, which was made.
    let mut sweeps = 0;
    while evidence(&world, &someone).await.len() > 1 {
        world.calls.judge(|call| match call.is("DeleteItem", "EVIDENCE") {
            true => Fate::DiesAfter,
            false => Fate::Answered,
        });
        world.tick().await;
        world.calls.heal();
        world.advance(MINUTE);
        sweeps += 1;
        assert!(sweeps <= left, "a sweep that deletes nothing");
    }
    assert_eq!(sweeps, left);
    world.tick().await;
    let kept = evidence(&world, &someone).await;
    assert_eq!(kept.len(), 1);
    let version = kept[0]["sk"].as_s().cloned().unwrap_or_default();
    assert_eq!(version.parse(), Ok(PAPERS + 2), "{version}");
    world.settle().await;
}

fn a_new_paper() -> Value {
    merged(everything(), a_paper(1_000))
}

/// Whatever comes at the same time is before the erasure, and goes with it; or after it, and stands by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_all_that_comes_at_once_what_is_kept_came_after_the_erasure() {
    let world = a_world().await;
    let (mut kept, mut gone) = (0, 0);
    for _ in 0..25 {
        let someone = someone_well_known(&world).await;
        let click = async {
            let clicked = world.event(&someone, "link-clicked", json!({ "id": "b" }));
            world.report(vec![clicked]).await;
        };
        let city = json!({ "contact": { "city": "Turin" } });
        let (erased, granted, patched, ()) = tokio::join!(
            world.erase(&someone),
            world.grant(&someone, a_new_paper()),
            world.patch_profile(&someone, city),
            click,
        );
        erased.is(200);
        granted.is(201);
        assert!([200, 422].contains(&patched.status), "{}", patched.text);

        let acts = world.history(&someone).await;
        let version_of = |what: &str| {
            let mut newest = acts.iter().rev();
            let act = newest.find(|act| act["act"] == what);
            act.map_or(0, |act| act["version"].as_u64().unwrap_or_default())
        };
        let (erased, granted) = (version_of("erased"), version_of("granted"));
        let papers = evidence(&world, &someone).await;
        assert_eq!(papers.len(), usize::from(granted > erased), "{acts:?}");
        let updated = version_of("profile-updated") > erased;
        let contact = world
            .stored(&format!("PROFILE#contact#{}", someone.pseudonym))
            .await;
        assert_eq!(contact.len(), usize::from(updated), "{acts:?}");
        if granted < erased {
            assert_eq!(content(&world, &someone).await, [], "{acts:?}");
        }
        kept += usize::from(granted > erased);
        gone += usize::from(granted < erased);
        world.settle().await;
        world.everyone_is_in_step(&[someone], &NOTICED).await;
    }
    println!("the erasure came first {kept} times, and last {gone} times");
}
