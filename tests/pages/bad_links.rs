//! Links that were tampered with, cut off, made up, or meant for something else.

use serde_json::json;
use tests::{Answer, World};

const FIELDS: [(&str, &str); 2] = [("withdraw", "all"), ("List-Unsubscribe", "One-Click")];

fn is_the_same_no(answer: &Answer) {
    assert_eq!(answer.status, 404, "{}", answer.text);
    assert!(answer.text.starts_with("<!DOCTYPE html>"));
    assert!(answer.text.contains("This link does not work"));
}

#[tokio::test]
async fn a_link_that_is_not_quite_ours_says_the_same_whatever_is_wrong_with_it() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let visitor = world.visitor("form-1").await;
    world.settle().await;
    let links = world
        .links(&someone, json!({ "unsubscribe": "marketing/email" }))
        .await;
    let preferences = world.path_of(&links["preferences"]["url"]);
    let unsubscribe = world.path_of(&links["unsubscribe"]["url"]);
    let confirmation = world.path_of(&json!(world.link(&visitor)));
    let token = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();

    let oversized = "A".repeat(6_000);
    for path in [&preferences, &unsubscribe, &confirmation] {
        let (place, own) = (path.rsplit_once('/').expect("a path").0, token(path));
        let last = if own.ends_with('A') { "B" } else { "A" };
        let mut bad = vec![
            format!("{}{last}", &own[..own.len() - 1]),
            format!("B{}", &own[1..]),
            own[..own.len() - 4].to_owned(),
            format!("{own}AAAA"),
            own.to_uppercase(),
            "none".to_owned(),
            "%3Cscript%3Ealert(1)".to_owned(),
            oversized.clone(),
        ];
        let others = [&preferences, &unsubscribe, &confirmation].into_iter();
        bad.extend(others.filter(|other| *other != path).map(|other| token(other)));
        let mut said = Vec::new();
        for token in bad {
            let path = format!("{place}/{token}");
            let page = world.look(&path).await;
            is_the_same_no(&page);
            said.push(page.text);
            let pressed = world.press(&path, &FIELDS).await;
            // The button of a confirmation leads back to its page.
            let pressed = if pressed.status == 303 {
                world.sent_on(pressed).await
            } else {
                pressed
            };
            is_the_same_no(&pressed);
        }
        said.dedup();
        assert_eq!(said.len(), 1, "the same page for all");
    }
    assert_eq!(world.history(&someone).await.len(), 1);
    assert_eq!(world.history(&visitor).await.len(), 1);
}

#[tokio::test]
async fn a_link_to_somebody_of_whom_nothing_is_known_says_no_more_than_one_made_up() {
    let world = World::at_noon().await;
    let nobody = world.someone().await;
    let path = world.preferences(&nobody).await;
    let made_up = world.look("/v1/preferences/none").await;
    for answer in [
        world.look(&path).await,
        world.press(&path, &[("withdraw", "all")]).await,
    ] {
        assert_eq!((answer.status, &answer.text), (404, &made_up.text));
        assert!(answer.text.contains("or there is nothing here"));
        let names = |answer: &Answer| {
            let mut headers: Vec<_> = answer
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            headers.retain(|(name, _)| name != "date");
            headers.sort_by_key(|(name, _)| name.to_string());
            headers
        };
        assert_eq!(names(&answer), names(&made_up));
    }
    assert_eq!(world.history(&nobody).await.len(), 0);
}

#[tokio::test]
async fn what_is_none_of_the_buttons_changes_nothing() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let path = world.preferences(&someone).await;
    for (fields, status) in [
        (vec![], 400),
        (vec![("withdraw", "")], 400),
        (vec![("withdraw", "<script>")], 400),
        (vec![("withdraw", "marketing/pigeon")], 422),
        (vec![("stop", "pigeon")], 422),
        (vec![("withdraw", "all"), ("withdraw", "all")], 400),
        (vec![("withdraw", "all"), ("key", "1")], 400),
        (
            vec![
                ("notice", "none"),
                ("version", "1"),
                ("brand", "bmw"),
                ("key", "1"),
                ("control", "promotional"),
            ],
            422,
        ),
        (
            vec![
                ("notice", "bmw-italia-promotional"),
                ("version", "1"),
                ("brand", "bmw"),
                ("key", "x"),
                ("control", "promotional"),
            ],
            400,
        ),
    ] {
        let page = world.press(&path, &fields).await;
        assert_eq!(page.status, status, "{fields:?}");
        assert!(page.text.starts_with("<!DOCTYPE html>"), "{fields:?}");
    }
    world.look(&format!("{path}?more=1")).await.is(400);
    assert_eq!(world.history(&someone).await.len(), 1);
    world.settle().await;
}
