//! Events that come when the consent to e-mail has ended, or before it began (S48).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{HOUR, click, recipients, spring};

#[tokio::test]
async fn s48_after_a_withdrawal_late_events_count_and_are_stored_against_nobody() {
    let world = spring().await;
    let someone = world.someone_who_granted_everything().await;
    world.advance(HOUR);
    let before = world.now().to_string();
    world.advance(HOUR);
    world.withdraw_all(&someone).await.is(200);
    world.advance(HOUR);
    let after = world.now().to_string();
    world.advance(HOUR);

    // It happened under consent, and is learnt of too late to be stored.
    let receipt = json!({ "at": before });
    world
        .report(vec![world.event(&someone, "delivered", receipt)])
        .await;
    // It happened after the end, with a mail that was sent before.
    let late = json!({ "sent_at": before, "at": after, "link": "hero" });
    click(&world, &someone, late).await;
    // The mail should never have been sent.
    let unlawful = json!({ "sent_at": after, "at": after });
    world
        .report(vec![world.event(&someone, "content-clicked", unlawful)])
        .await;

    assert_eq!(world.tracked(&someone).await, Value::Null);
    assert_eq!(recipients(&world, "delivered").await, 1);
    assert_eq!(recipients(&world, "link-clicked").await, 1);
    assert_eq!(recipients(&world, "content-clicked").await, Value::Null);
}

#[tokio::test]
async fn s48_what_happened_before_the_consent_is_not_stored_after_it() {
    let world = spring().await;
    let someone = world.someone().await;
    let before = world.now().to_string();
    world.advance(HOUR);
    world.grant(&someone, tests::everything()).await.is(201);
    world.advance(HOUR);

    click(&world, &someone, json!({ "at": before })).await;
    assert_eq!(world.tracked(&someone).await, Value::Null);
    assert_eq!(recipients(&world, "link-clicked").await, Value::Null);
}

#[tokio::test]
async fn s48_a_withdrawal_in_the_middle_of_it_is_faster() {
    let world = Arc::new(spring().await);
    let someone = world.someone_who_granted_everything().await;
    let clicked = world.event(&someone, "link-clicked", json!({}));
    world.advance(HOUR);
    let withdrawing = {
        let (world, someone) = (Arc::clone(&world), someone.clone());
        async move {
            world.withdraw_all(&someone).await.is(200);
        }
    };
    world
        .calls
        .meanwhile(|call| call.is("TransactWriteItems", "PROFILE"), withdrawing);
    world.report(vec![clicked]).await;

    assert!(!world.may(&someone, "controller", "email").await);
    assert_eq!(world.tracked(&someone).await, Value::Null);
    assert_eq!(recipients(&world, "link-clicked").await, 1);
}
