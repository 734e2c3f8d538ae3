//! The one click of a mail client (RFC 8058), and the page for whoever follows the link.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{Someone, World, standings};

const ONE_CLICK: [(&str, &str); 1] = [("List-Unsubscribe", "One-Click")];

async fn unsubscribe(world: &World, someone: &Someone, facet: &str) -> (String, Value) {
    let links = world.links(someone, json!({ "unsubscribe": facet })).await;
    let told = links["unsubscribe"].clone();
    (world.path_of(&told["url"]), told)
}

#[tokio::test]
async fn the_two_headers_of_a_mail_carry_the_link() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let (_, told) = unsubscribe(&world, &someone, "marketing/email").await;
    let url = told["url"].as_str().unwrap_or_default();
    assert_eq!(
        told["headers"],
        json!({
            "List-Unsubscribe": format!("<{url}>"),
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        })
    );
    assert!(!url.contains(&someone.id) && !url.contains("marketing"));
    for bad in [
        "marketing/pigeon",
        "profiling",
        "sharing/dealer",
        "separate/vehicle-usage",
    ] {
        let path = format!("/v1/subjects/{}/links", someone.id);
        let refused = world.post(&path, json!({ "unsubscribe": bad })).await.is(422);
        assert_eq!(
            (refused.problem(), &refused.body["field"]),
            ("unknown-facet", &json!("/unsubscribe"))
        );
    }
}

#[tokio::test]
async fn one_click_withdraws_exactly_what_the_mail_was_for() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let before = standings(&world.state(&someone).await);
    let (path, _) = unsubscribe(&world, &someone, "care/sms").await;

    for _ in 0..3 {
        // As a mail client sends it: no cookie, no origin, nothing else.
        let answer = world.press_with(&path, &[], &ONE_CLICK).await.is(200);
        assert_eq!(answer.header("set-cookie"), "");
        assert!(answer.text.contains("Customer care: Text message"));
    }
    let mut expected = before;
    expected.insert("care/sms".to_owned(), "withdrawn".to_owned());
    assert_eq!(standings(&world.state(&someone).await), expected);
    assert_eq!(world.history(&someone).await.len(), 2, "three times is once");
    world.settle().await;
}

#[tokio::test]
async fn a_link_that_was_used_says_so_and_leads_to_the_rest_without_showing_it() {
    let world = World::at_noon().await;
    let (someone, nobody) = (
        world.someone_who_granted_everything().await,
        world.someone().await,
    );
    let (path, _) = unsubscribe(&world, &someone, "care/sms").await;
    let unsubscribed = world.press(&path, &ONE_CLICK).await.is(200);
    let again = world.look(&path).await.is(200);
    assert!(again.text.contains("You are unsubscribed already"));
    for page in [&unsubscribed, &again] {
        assert!(page.text.contains("How to withdraw") && page.text.contains("Your other choices"));
        for secret in ["Marketing", "E-mail", "2026", &someone.id, &someone.pseudonym] {
            assert!(!page.text.contains(secret), "{secret}");
        }
    }
    // Of somebody who is not known it says no more.
    let (unknown, _) = unsubscribe(&world, &nobody, "care/sms").await;
    let unknown = world.look(&unknown).await.is(200);
    assert!(unknown.text.contains("You are unsubscribed already"));

    let (_, action) = again.text.split_once("action=\"").expect("a form");
    let action = action.split('"').next().unwrap_or_default();
    world.look(action).await.is(410);
    let withdrawn = world.press(action, &[("withdraw", "all")]).await;
    world.sent_on(withdrawn).await.is(410);
    assert!(!world.may(&someone, "controller", "email").await);
    world.settle().await;
}

#[tokio::test]
async fn the_other_encoding_that_mail_clients_use_works_as_well() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let (path, _) = unsubscribe(&world, &someone, "marketing/email").await;
    let body =
        "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    let headers = [("content-type", "multipart/form-data; boundary=b")];
    world
        .send_as(tests::Caller::Nobody, "POST", &path, &headers, body.into())
        .await
        .is(200);
    assert!(!world.may(&someone, "controller", "email").await);
    world.settle().await;
}

#[tokio::test]
async fn a_scanner_that_follows_the_link_unsubscribes_nobody() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let (path, _) = unsubscribe(&world, &someone, "marketing/email").await;
    for method in ["GET", "HEAD"] {
        world
            .send_as(tests::Caller::Nobody, method, &path, &[], Vec::new())
            .await;
    }
    let page = world.look(&path).await.is(200);
    assert!(page.text.contains("Marketing and news: E-mail"));
    // Nor does a post without the one pair.
    for fields in [&[][..], &[("List-Unsubscribe", "yes")], &[("one-click", "1")]] {
        let refused = world.press(&path, fields).await.is(400);
        assert!(refused.text.starts_with("<!DOCTYPE html>"));
    }
    assert!(world.may(&someone, "controller", "email").await);
    assert_eq!(world.history(&someone).await.len(), 1);
    world.settle().await;
}

#[tokio::test]
async fn a_mail_of_years_ago_still_unsubscribes() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let (path, _) = unsubscribe(&world, &someone, "marketing/email").await;
    world.advance(SignedDuration::from_hours(24 * 365 * 10));
    world.grant(&someone, tests::everything()).await.is(201);
    world.press_with(&path, &[], &ONE_CLICK).await.is(200);
    assert!(!world.may(&someone, "controller", "email").await);
    assert!(world.may(&someone, "controller", "sms").await);
    world.settle().await;
}
