//! Two at once, twice, out of order, cut off in between, recipients down: what must hold whatever happens.

use std::sync::Arc;

use jiff::SignedDuration;
use local::sqs::{Disorder, Late};
use serde_json::{Value, json};
use tests::{BASE, Call, ERRANDS, Fate, Manner, PURPOSES, Someone, World, contacts, everything, names};
use tokio::task::JoinSet;

/// Longer than a message stays invisible after it failed, and than any lease.
const UNTIL_AGAIN: SignedDuration = SignedDuration::from_mins(7);
const NOTICED: [&str; 3] = ["bmw-ag", "marketing-platform", "campaign-service"];

// ---- two at once

#[tokio::test]
async fn of_two_captures_at_once_both_acts_are_kept() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let over = |channel: &str| json!({ "controls": ["promotional"], "channels": [channel] });

    let (first, second) = tokio::join!(
        world.grant(&someone, over("email")),
        world.grant(&someone, over("phone"))
    );

    assert_eq!([first.status, second.status], [201, 201]);
    assert_eq!(versions(&world.history(&someone).await), [1, 2]);
    assert!(world.may(&someone, "controller", "email").await);
    assert!(world.may(&someone, "controller", "phone").await);
    world.chain_is_unbroken(&someone).await;
}

#[tokio::test]
async fn a_capture_that_was_overtaken_decides_again_on_what_is_true_by_then() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone().await;
    let (other, them) = (world.clone(), someone.clone());
    let overtaking = async move {
        other
            .grant(
                &them,
                json!({ "controls": ["promotional"], "channels": ["email"] }),
            )
            .await
            .is(201);
    };
    world.calls.meanwhile(appends, overtaking);

    let told = world
        .grant(
            &someone,
            json!({ "controls": ["promotional"], "channels": ["phone"] }),
        )
        .await
        .is(201);

    assert_eq!(told.version(), 2);
    assert_eq!(told.body["state"]["facets"]["marketing/email"]["state"], "active");
    world.chain_is_unbroken(&someone).await;
}

#[tokio::test]
async fn evidence_and_profile_that_were_overtaken_replace_nothing() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone().await;
    let overtaken_by = |asked: Value| {
        let (other, them) = (world.clone(), someone.clone());
        let overtaking = async move {
            other.grant(&them, asked).await.is(201);
        };
        let transacts = |call: &Call| call.is("TransactWriteItems", "CHAIN");
        world.calls.meanwhile(transacts, overtaking);
    };
    let over = |channel: &str| json!({ "controls": ["promotional"], "channels": [channel] });
    let proof = json!({ "evidence": { "kind": "signed-in", "address": "192.0.2.7" } });

    overtaken_by(over("email"));
    let told = world
        .grant(&someone, tests::merged(over("phone"), proof))
        .await
        .is(201);
    assert_eq!(told.version(), 2);
    overtaken_by(over("sms"));
    let told = world
        .patch_profile(&someone, json!({ "contact": { "city": "Milano" } }))
        .await
        .is(200);
    assert_eq!(told.version(), 4);

    for channel in ["email", "phone", "sms"] {
        assert!(world.may(&someone, "controller", channel).await, "{channel}");
    }
    world.chain_is_unbroken(&someone).await;
}

#[tokio::test]
async fn many_at_once_lose_nothing() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone().await;
    let mut captures = JoinSet::new();
    for _ in 0..8 {
        let (world, someone) = (world.clone(), someone.clone());
        captures.spawn(async move { world.grant(&someone, everything()).await.status });
    }

    let statuses = captures.join_all().await;

    let done = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(done, 8, "{statuses:?}");
    assert_eq!(
        versions(&world.history(&someone).await),
        (1..=8).collect::<Vec<_>>()
    );
    world.chain_is_unbroken(&someone).await;
}

#[tokio::test]
async fn of_two_withdrawals_at_once_both_succeed_and_one_takes_effect() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    let (first, second) = tokio::join!(world.withdraw_all(&someone), world.withdraw_all(&someone));

    assert_eq!([first.status, second.status], [200, 200]);
    assert_eq!(versions(&world.history(&someone).await), [1, 2]);
    world.settle().await;
    assert_eq!(
        world.heard("bmw-ag", &someone)[2..],
        ["withdrawn", "entitlement-ended: withdrawn"]
    );
}

#[tokio::test]
async fn of_two_forms_that_saw_the_same_state_one_is_asked_to_look_again() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone_who_granted_everything().await;
    let path = format!("/v1/subjects/{}/withdrawals", someone.id);
    let headers = [("Content-Type", "application/json"), ("If-Match", "\"1\"")];
    let phone = json!({ "channels": ["phone"] }).to_string().into_bytes();
    let post = json!({ "channels": ["post"] }).to_string().into_bytes();

    let (first, second) = tokio::join!(
        world.send("POST", &path, &headers, phone),
        world.send("POST", &path, &headers, post)
    );

    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(versions(&world.history(&someone).await), [1, 2]);
}

// ---- twice

#[tokio::test]
async fn the_same_request_twice_at_once_and_later_is_one_act_and_the_same_answer() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let capture = || world.grant_keyed(&someone, "\"form-1\"", everything());

    let (first, second) = tokio::join!(capture(), capture());
    assert_eq!([first.status, second.status], [201, 201]);
    assert_eq!(first.text, second.text);

    world.withdraw_all(&someone).await.is(200);
    world
        .grant(
            &someone,
            json!({ "controls": ["promotional"], "channels": ["sms"] }),
        )
        .await
        .is(201);
    world
        .withdraw(&someone, json!({ "purposes": ["care"] }))
        .await
        .is(200);
    world.advance(SignedDuration::from_hours(24 * 800));
    let later = capture().await.is(201);

    assert_eq!(later.text, first.text, "however much later");
    assert_eq!(later.header("etag"), first.header("etag"));
    assert_eq!(world.history(&someone).await.len(), 4);
    assert!(
        !world.may(&someone, "controller", "email").await,
        "an old retry grants nothing"
    );
}

#[tokio::test]
async fn a_repeated_key_with_another_body_is_refused() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    world.grant_keyed(&someone, "form-1", everything()).await.is(201);

    let other = json!({ "controls": ["promotional"], "channels": ["email"] });
    let refused = world.grant_keyed(&someone, "form-1", other.clone()).await.is(422);
    assert_eq!(
        (refused.problem(), &refused.body["field"]),
        ("key-reused", &json!("header Idempotency-Key"))
    );
    assert_eq!(world.history(&someone).await.len(), 1);

    let somebody_else = world.someone().await;
    world.grant_keyed(&somebody_else, "form-1", other).await.is(201);
}

#[tokio::test]
async fn a_first_capture_that_expects_a_newcomer_is_one_act_however_often_it_comes() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let path = format!("/v1/subjects/{}/consents", someone.id);
    let body = || {
        tests::merged(tests::a_consent(), everything())
            .to_string()
            .into_bytes()
    };
    let headers = |key| {
        [
            ("Content-Type", "application/json"),
            ("If-None-Match", "*"),
            ("Idempotency-Key", key),
        ]
    };

    let first = world.send("POST", &path, &headers("a"), body()).await.is(201);
    let again = world.send("POST", &path, &headers("a"), body()).await.is(201);
    assert_eq!(first.text, again.text);
    let other = world.send("POST", &path, &headers("b"), body()).await.is(412);
    assert_eq!(other.problem(), "already-known");
    assert_eq!(world.history(&someone).await.len(), 1);
}

// ---- between the change and its delivery

#[tokio::test]
async fn what_is_withdrawn_between_enqueue_and_delivery_never_leaves() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world
        .patch_profile(&someone, json!({ "contact": { "email": "ada@example.org" } }))
        .await
        .is(200);
    world.fan_out().await;
    assert_eq!(world.sqs.bodies(ERRANDS).len(), 3);

    world.withdraw_all(&someone).await.is(200);
    world.settle().await;

    for recipient in NOTICED {
        assert_eq!(world.recipients.requests(recipient), 0, "{recipient}");
    }
}

#[tokio::test]
async fn what_is_withdrawn_between_the_claim_and_the_read_never_leaves() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone_who_granted_everything().await;
    world.fan_out().await;

    let (other, them) = (world.clone(), someone.clone());
    let withdrawing = async move { drop(other.withdraw_all(&them).await.is(200)) };
    world.calls.meanwhile(reads_for_a_delivery, withdrawing);
    world.settle().await;

    for recipient in NOTICED {
        assert_eq!(world.recipients.requests(recipient), 0, "{recipient}");
    }
}

#[tokio::test]
async fn a_delivery_under_way_may_finish_and_the_withdrawal_follows() {
    let world = World::at_noon().await;
    world.recipients.set("bmw-ag", Manner::Holds);
    let someone = world.someone_who_granted_everything().await;

    let meanwhile = async {
        world.recipients.until_requested("bmw-ag", 1).await;
        world.withdraw_all(&someone).await.is(200);
        world.recipients.set("bmw-ag", Manner::Acknowledges);
    };
    tokio::join!(world.settle(), meanwhile);
    world.settle().await;

    let told = world.heard("bmw-ag", &someone);
    assert_eq!(
        told,
        [
            "granted",
            "entitlement-started",
            "withdrawn",
            "entitlement-ended: withdrawn"
        ]
    );
    assert_eq!(world.holds("bmw-ag", &someone), Default::default());
}

#[tokio::test]
async fn a_second_delivery_waits_while_the_first_is_under_way() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.sqs.disorder(Disorder {
        twice_every: 1,
        ..Disorder::default()
    });
    // Between claim and acknowledgement of the first copy, the second copy finds the entry taken.
    world.calls.judge(|call| {
        if acknowledges(call) {
            Fate::NeverSent
        } else {
            Fate::Answered
        }
    });
    world.settle().await;
    let first = world.recipients.requests("bmw-ag");
    assert_eq!(first, 1, "the copy was turned away by the claim");

    world.calls.heal();
    world.advance(UNTIL_AGAIN);
    world.settle().await;
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}

// ---- cut off

#[tokio::test]
async fn a_recipient_whose_answer_was_lost_is_told_when_its_entitlement_ends() {
    let world = World::at_noon().await;
    world.recipients.set("bmw-ag", Manner::LosesAnswers);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    assert_eq!(
        world.holds("bmw-ag", &someone).categories,
        names(BASE),
        "it holds what nobody knows that it holds"
    );

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    // It may still be at work on what it did not answer: until the lease is over, it is told nothing.
    world.advance(UNTIL_AGAIN);
    world.settle().await;

    assert_eq!(
        world.heard("bmw-ag", &someone)[2..],
        ["withdrawn", "entitlement-ended: withdrawn"]
    );
    assert_eq!(world.holds("bmw-ag", &someone), Default::default());
}

#[tokio::test]
async fn a_dealer_whose_answer_was_lost_is_told_when_its_relation_ends() {
    let world = World::at_noon().await;
    world.dealer("dealer-one").await;
    let someone = world.someone_who_granted_everything().await;
    world.recipients.set("dealer-one", Manner::LosesAnswers);
    world
        .relate(&someone, "dealer-one", "preferred", "account", json!({}))
        .await
        .is(200);
    world.settle().await;

    world.recipients.set("dealer-one", Manner::Acknowledges);
    world
        .part(&someone, "dealer-one", "preferred", "account")
        .await
        .is(200);
    world.settle().await;
    world.advance(UNTIL_AGAIN);
    world.settle().await;

    assert_eq!(world.holds("dealer-one", &someone), Default::default());
    world
        .everyone_is_in_step(&[someone], &["dealer-one", "bmw-ag"])
        .await;
}

#[tokio::test]
async fn a_recipient_that_was_down_through_grant_and_withdrawal_is_told_in_the_end() {
    let world = World::at_noon().await;
    world.tick().await;
    world.recipients.set("campaign-service", Manner::LosesAnswers);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("campaign-service", Manner::IsDown);
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    assert_ne!(world.holds("campaign-service", &someone), Default::default());

    for _ in 0..3 {
        world.advance(SignedDuration::from_mins(31));
        world.tick().await;
    }
    world.recipients.set("campaign-service", Manner::Acknowledges);
    world.advance(SignedDuration::from_hours(3));
    world.tick().await;

    assert_eq!(world.holds("campaign-service", &someone), Default::default());
}

#[tokio::test]
async fn an_acknowledgement_that_could_not_be_written_leaves_no_doubt_in_the_end() {
    for fate in [Fate::NeverSent, Fate::AnswerLost] {
        let world = World::at_noon().await;
        let someone = world.someone_who_granted_everything().await;
        world
            .calls
            .judge(move |call| if acknowledges(call) { fate } else { Fate::Answered });
        world.settle().await;
        world.calls.heal();

        world.withdraw_all(&someone).await.is(200);
        world.advance(UNTIL_AGAIN);
        world.settle().await;
        world.advance(UNTIL_AGAIN);
        world.settle().await;

        for recipient in NOTICED {
            assert_eq!(
                world.holds(recipient, &someone),
                Default::default(),
                "{recipient} after {fate:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_capture_whose_answer_the_table_lost_is_one_act() {
    let world = World::at_noon().await;
    let someone = world.someone().await;

    world.calls.once(Fate::AnswerLost, appends);
    let told = world.grant_keyed(&someone, "form-1", everything()).await.is(201);
    assert_eq!(told.version(), 1);
    assert_eq!(world.history(&someone).await.len(), 1);

    world.calls.judge(|call| {
        if appends(call) {
            Fate::AnswerLost
        } else {
            Fate::Answered
        }
    });
    let other = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant_keyed(&someone, "form-2", other.clone()).await.is(503);
    world.calls.heal();
    let told = world.grant_keyed(&someone, "form-2", other).await.is(201);
    assert_eq!(told.version(), 2);
    assert_eq!(world.history(&someone).await.len(), 2);
    world.chain_is_unbroken(&someone).await;
}

#[tokio::test]
async fn a_withdrawal_whose_answer_the_table_lost_is_one_act() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.calls.once(Fate::AnswerLost, appends);

    world.withdraw_all(&someone).await.is(200);

    assert_eq!(versions(&world.history(&someone).await), [1, 2]);
    assert!(!world.may(&someone, "bmw-ag", "email").await);
}

#[tokio::test]
async fn evidence_and_profile_are_written_once_though_the_tables_answer_was_lost() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let transacts = |call: &Call| call.operation == "TransactWriteItems";
    let proof = json!({ "evidence": { "kind": "signed-in", "address": "192.0.2.7" } });

    world.calls.once(Fate::AnswerLost, transacts);
    world
        .grant(&someone, tests::merged(everything(), proof))
        .await
        .is(201);
    world.calls.once(Fate::AnswerLost, transacts);
    world
        .patch_profile(&someone, json!({ "contact": { "city": "Milano" } }))
        .await
        .is(200);
    world.settle().await;

    assert_eq!(versions(&world.history(&someone).await), [1, 2]);
    assert_eq!(
        world.holds("bmw-ag", &someone).content["contact"],
        json!({ "city": "Milano" })
    );
}

#[tokio::test]
async fn while_the_engine_does_not_answer_everybody_is_asked_to_come_back() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone_who_granted_everything().await;
    world.dealer("dealer-one").await;
    let id = &someone.id;
    let (consents, withdrawals) = (
        format!("/v1/subjects/{id}/consents"),
        format!("/v1/subjects/{id}/withdrawals"),
    );
    let (profile, relation) = (
        format!("/v1/subjects/{id}/profile?source=subject"),
        format!("/v1/subjects/{id}/relations/dealer-one/service/contract-1"),
    );
    let consent = tests::merged(tests::a_consent(), everything());
    let question = json!({ "subject": id, "who": "bmw-ag", "purpose": "marketing", "channel": "email" });
    let recipient = json!({
        "kind": "dealer", "role": "separate-controller", "authorised": true, "endpoint": "http://127.0.0.1:9/x",
    });
    let requests = [
        ("POST", consents, consent),
        ("POST", withdrawals, json!({ "all": true })),
        (
            "POST",
            "/v1/decisions".to_owned(),
            json!({ "questions": [question] }),
        ),
        ("GET", format!("/v1/subjects/{id}"), Value::Null),
        ("GET", format!("/v1/subjects/{id}/history"), Value::Null),
        ("GET", format!("/v1/subjects/{id}/view-as/bmw-ag"), Value::Null),
        ("PATCH", profile, json!({ "contact": { "city": "Milano" } })),
        ("PUT", relation.clone(), json!({})),
        ("DELETE", relation, Value::Null),
        ("PUT", "/v1/recipients/dealer-two".to_owned(), recipient),
        ("GET", "/v1/recipients/dealer-one".to_owned(), Value::Null),
    ];
    let before = world.history(&someone).await;

    world.calls.cut_off();
    let mut answers = JoinSet::new();
    for (method, path, body) in requests {
        let world = world.clone();
        answers.spawn(async move {
            let media = if method == "PATCH" {
                "application/merge-patch+json"
            } else {
                "application/json"
            };
            let headers = [("Content-Type", media), ("Idempotency-Key", "k")];
            let answer = world
                .send(method, &path, &headers, body.to_string().into_bytes())
                .await;
            (format!("{method} {path}"), answer)
        });
    }
    let answers = answers.join_all().await;
    world.calls.heal();

    assert_eq!(answers.len(), 11);
    for (request, answer) in answers {
        assert_eq!(
            (answer.status, answer.problem()),
            (503, "unavailable"),
            "{request}: {}",
            answer.text
        );
        assert_eq!(answer.header("retry-after"), "2", "{request}");
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{request}"
        );
    }
    assert_eq!(world.history(&someone).await, before);
}

#[tokio::test]
async fn a_fan_out_that_was_cut_off_anywhere_starts_again() {
    for operation in ["Query", "PutItem", "SendMessageBatch"] {
        let world = World::at_noon().await;
        let someone = world.someone_who_granted_everything().await;

        let cut = move |call: &Call| {
            if call.operation == operation {
                Fate::NeverSent
            } else {
                Fate::Answered
            }
        };
        world.calls.judge(cut);
        world.fan_out().await;
        assert!(world.sqs.bodies(ERRANDS).is_empty(), "cut off at {operation}");
        world.calls.heal();
        world.settle().await;

        world.everyone_is_in_step(&[someone], &NOTICED).await;
    }
}

// ---- out of order

#[tokio::test]
async fn messages_that_come_twice_late_and_out_of_order_leave_everybody_in_step() {
    for seed in 1..=3 {
        let world = World::at_noon().await;
        world.dealer("dealer-one").await;
        world.dealer("dealer-two").await;
        world.settle().await;
        let late = Late {
            every: 3,
            by: SignedDuration::from_mins(10),
        };
        world.sqs.disorder(Disorder {
            twice_every: 2,
            shuffle_seed: Some(seed),
            late: Some(late),
        });

        let mut people: Vec<Someone> = Vec::new();
        for _ in 0..4 {
            people.push(world.someone_who_granted_everything().await);
        }
        for (place, someone) in people.iter().enumerate() {
            world
                .relate(someone, "dealer-one", "preferred", "account", json!({}))
                .await
                .is(200);
            world.fan_out().await;
            world
                .withdraw(someone, json!({ "channels": ["email"] }))
                .await
                .is(200);
            world
                .relate(someone, "dealer-two", "preferred", "account", json!({}))
                .await
                .is(200);
            world.settle().await;
            world
                .patch_profile(someone, json!({ "contact": { "city": "Milano" } }))
                .await
                .is(200);
            if place % 2 == 0 {
                world.withdraw_all(someone).await.is(200);
            }
            world.fan_out().await;
        }
        world.settle().await;
        world.advance(SignedDuration::from_mins(11));
        world.settle().await;

        let recipients = [&NOTICED[..], &["dealer-one", "dealer-two"]].concat();
        world.everyone_is_in_step(&people, &recipients).await;
        let still_there = contacts(&PURPOSES, &["phone", "sms", "post", "messaging"]);
        assert_eq!(world.holds("dealer-two", &people[1]).facets, still_there);
    }
}

#[tokio::test]
async fn the_stream_replayed_from_its_beginning_tells_nobody_anything_new() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world
        .withdraw(&someone, json!({ "channels": ["sms"] }))
        .await
        .is(200);
    world.settle().await;
    let before = world.recipients.letters("bmw-ag");

    world.replay().await;
    world.replay().await;

    assert_eq!(world.recipients.letters("bmw-ag"), before);
}

#[tokio::test]
async fn a_host_whose_clock_is_behind_cannot_undo_a_withdrawal() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.withdraw_all(&someone).await.is(200);

    world.advance(SignedDuration::from_hours(-1));
    assert!(!world.may(&someone, "bmw-ag", "email").await);
    world.settle().await;
    assert_eq!(world.holds("bmw-ag", &someone), Default::default());

    let an_hour_ago = json!({ "happened_at": world.now() });
    world
        .grant(&someone, tests::merged(everything(), an_hour_ago))
        .await
        .is(201);
    assert!(
        !world.may(&someone, "bmw-ag", "email").await,
        "it happened before the withdrawal"
    );
    world.grant(&someone, everything()).await.is(201);
    assert!(
        world.may(&someone, "bmw-ag", "email").await,
        "this one is newer, whatever the clock says"
    );
}

/// The write of an act.
fn appends(call: &Call) -> bool {
    call.is("PutItem", "CHAIN")
}

/// The read that follows a claim.
fn reads_for_a_delivery(call: &Call) -> bool {
    call.is("BatchGetItem", "CHAIN")
}

/// The write that follows a recipient's answer.
fn acknowledges(call: &Call) -> bool {
    let update = call.request["UpdateExpression"].as_str().unwrap_or_default();
    call.is("UpdateItem", "LEDGER") && update.contains("acknowledged_at")
}

fn versions(history: &[Value]) -> Vec<u64> {
    history.iter().filter_map(|act| act["version"].as_u64()).collect()
}
