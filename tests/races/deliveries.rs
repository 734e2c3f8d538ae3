//! What changes while a delivery is under way.

use std::sync::Arc;

use jiff::SignedDuration;
use local::sqs::Disorder;
use serde_json::json;
use tests::{BASE, Call, ERRANDS, Fate, Manner, World, names};

use crate::{NOTICED, UNTIL_AGAIN};

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
    let reads = |call: &Call| reads_for_a_delivery(call) && call.request.to_string().contains("#bmw-ag");
    world.calls.meanwhile(reads, withdrawing);
    world.settle().await;

    assert_eq!(world.recipients.requests("bmw-ag"), 0);
    world.everyone_is_in_step(&[someone], &NOTICED).await;
}

#[tokio::test]
async fn a_recipient_that_hangs_keeps_no_other_of_its_batch_waiting() {
    let world = World::at_noon().await;
    world.recipients.set("bmw-ag", Manner::Holds);
    let someone = world.someone_who_granted_everything().await;

    let meanwhile = async {
        for recipient in NOTICED {
            world.recipients.until_requested(recipient, 1).await;
        }
        world.recipients.set("bmw-ag", Manner::Acknowledges);
    };
    tokio::join!(world.settle(), meanwhile);

    // Nobody had hung up on it before the others were told.
    world
        .everyone_is_in_step(std::slice::from_ref(&someone), &NOTICED)
        .await;
    let ledger = world
        .get(&format!("/v1/subjects/{}/recipients", someone.id))
        .await;
    for entry in ledger.is(200).body["recipients"].as_array().into_iter().flatten() {
        assert_eq!(entry["state"], "up-to-date", "{entry}");
    }
}

/// Whoever read before the claim would send what is withdrawn by then.
#[tokio::test]
async fn what_is_withdrawn_just_before_the_claim_never_leaves() {
    let world = Arc::new(World::at_noon().await);
    let someone = world.someone_who_granted_everything().await;
    world.fan_out().await;

    let (other, them) = (world.clone(), someone.clone());
    let withdrawing = async move { drop(other.withdraw_all(&them).await.is(200)) };
    world.calls.meanwhile(claims_for_the_group, withdrawing);
    world.settle().await;

    assert_eq!(world.recipients.requests("bmw-ag"), 0);
    world.everyone_is_in_step(&[someone], &NOTICED).await;
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
async fn what_is_said_again_after_something_else_is_no_repetition() {
    let world = World::at_noon().await;
    world.dealer("dealer-one").await;
    let someone = world.someone_who_granted_everything().await;
    let relation = world.relate(&someone, "dealer-one", "preferred", "account", json!({}));
    relation.await.is(200);
    world.settle().await;
    assert_eq!(world.holds("dealer-one", &someone).categories, names(BASE));

    // Off, on and off again. Until the last, its answers are lost.
    world.recipients.set("dealer-one", Manner::LosesAnswers);
    for sharing in [false, true, false] {
        world.advance(UNTIL_AGAIN);
        let dealer = json!({ "kind": "dealer", "sharing": sharing });
        world.register("dealer-one", dealer).await.is(200);
        world.settle().await;
    }
    world.recipients.set("dealer-one", Manner::Acknowledges);
    world.advance(UNTIL_AGAIN);
    world
        .post("/v1/recipients/dealer-one/redrive", json!({}))
        .await
        .is(202);
    world.settle().await;

    assert_eq!(world.holds("dealer-one", &someone), Default::default());
    let letters = world.recipients.letters("dealer-one");
    let ids: Vec<&str> = letters.iter().map(|letter| letter.id.as_str()).collect();
    assert_eq!(ids.len(), 5, "{ids:?}");
    assert_eq!(ids[3], ids[4], "the same once more is a repetition");
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

/// The read that follows a claim.
fn reads_for_a_delivery(call: &Call) -> bool {
    call.is("BatchGetItem", "CHAIN")
}

/// The claim of one recipient's entry.
fn claims_for_the_group(call: &Call) -> bool {
    call.is("UpdateItem", "LEDGER") && call.request["Key"]["sk"]["S"] == "bmw-ag"
}

/// The write that follows a recipient's answer.
fn acknowledges(call: &Call) -> bool {
    let update = call.request["UpdateExpression"].as_str().unwrap_or_default();
    call.is("UpdateItem", "LEDGER") && update.contains("acknowledged_at")
}
