//! An address that cannot be reached (S50).

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{HOUR, spring};

#[tokio::test]
async fn s50_an_undeliverable_address_suppresses_and_changes_no_consent() {
    let world = spring().await;
    let someone = world.someone_who_granted_everything().await;
    let before = world.state(&someone).await;
    world.advance(HOUR);
    for (kind, told) in [
        ("bounced-temporary", "undeliverable-temporary"),
        ("bounced-permanent", "undeliverable-permanent"),
    ] {
        world.advance(HOUR);
        world.report(vec![world.event(&someone, kind, json!({}))]).await;
        assert_eq!(world.suppressed(&someone).await, told);
    }

    let state = world.state(&someone).await;
    assert_eq!(state["version"], before["version"]);
    assert_eq!(state["facets"], before["facets"]);
    assert_eq!(
        world.tracked(&someone).await,
        Value::Null,
        "a bounce is no interaction"
    );
    for other in [
        json!({ "who": "controller", "channel": "phone" }),
        json!({ "who": "bmw-ag", "channel": "email" }),
        json!({ "who": "controller", "channel": "email", "at": before["at"] }),
    ] {
        let answer = world.decide(&someone, other).await;
        assert_eq!(answer["suppressed"], Value::Null);
    }
    let controller = json!({ "who": "controller", "channel": "email" });
    assert_eq!(
        world.decide(&someone, controller).await["suppressed"],
        "undeliverable-permanent"
    );
}

#[tokio::test]
async fn s50_a_later_delivery_clears_it_whatever_order_they_come_in() {
    let world = spring().await;
    let someone = world.someone_who_granted_everything().await;
    world.advance(HOUR);
    let bounce = world.event(&someone, "bounced-permanent", json!({}));
    world.advance(HOUR);
    let delivery = world.event(&someone, "delivered", json!({}));

    world.report(vec![bounce.clone()]).await;
    assert_eq!(world.suppressed(&someone).await, "undeliverable-permanent");
    world.report(vec![delivery]).await;
    assert_eq!(world.suppressed(&someone).await, "");
    world.report(vec![bounce]).await;
    assert_eq!(world.suppressed(&someone).await, "");
}

#[tokio::test]
async fn s50_a_new_address_clears_it_and_mail_to_the_former_says_nothing_of_it() {
    let world = spring().await;
    let someone = world.someone_who_granted_everything().await;
    world.advance(HOUR);
    let sent = world.now().to_string();
    world
        .report(vec![world.event(&someone, "bounced-permanent", json!({}))])
        .await;
    world.advance(HOUR);

    let phone = json!({ "contact": { "phone": "+39 02 0000 0000" } });
    world.patch_profile(&someone, phone).await.is(200);
    assert_eq!(world.suppressed(&someone).await, "undeliverable-permanent");
    let address = json!({ "contact": { "email": "new@example.com" } });
    world.patch_profile(&someone, address).await.is(200);
    assert_eq!(world.suppressed(&someone).await, "");

    world.advance(HOUR);
    let former = json!({ "sent_at": sent });
    world
        .report(vec![world.event(&someone, "bounced-permanent", former)])
        .await;
    assert_eq!(world.suppressed(&someone).await, "");
    world.settle().await;
}

#[tokio::test]
async fn s50_a_temporary_failure_clears_itself() {
    let world = spring().await;
    let someone = world.someone_who_granted_everything().await;
    world
        .report(vec![world.event(&someone, "bounced-temporary", json!({}))])
        .await;
    world.advance(7 * 24 * HOUR - SignedDuration::from_secs(1));
    assert_eq!(world.suppressed(&someone).await, "undeliverable-temporary");
    world.advance(SignedDuration::from_secs(1));
    assert_eq!(world.suppressed(&someone).await, "");
}
