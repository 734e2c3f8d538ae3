//! The page with all that somebody allows.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::json;
use tests::pages::{buttons, hidden};
use tests::{CHANNELS, PURPOSES, World, contacts, standings};

fn active(world_state: &serde_json::Value) -> BTreeSet<String> {
    let standings = standings(world_state).into_iter();
    standings
        .filter(|(_, standing)| standing == "active")
        .map(|(facet, _)| facet)
        .collect()
}

#[tokio::test]
async fn it_says_what_is_allowed_since_when_until_when_and_under_which_notice() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let some = json!({ "controls": ["promotional"], "channels": ["email", "phone"] });
    world.grant(&someone, some).await.is(201);
    world.settle().await;

    let page = world.look(&world.preferences(&someone).await).await.is(200);
    for said in [
        "Since 2 March 2026, until 2 March 2028",
        "Advertising that suits you: what you allow and what you decide",
        "version 1",
        "Not allowed: Messaging app, Post, Text message",
        "A profile of your own",
    ] {
        assert!(page.text.contains(said), "{said}");
    }
    let withdrawable: BTreeSet<String> = buttons(&page.text, "withdraw").into_iter().collect();
    let mut expected = active(&world.state(&someone).await);
    expected.insert("all".to_owned());
    assert_eq!(withdrawable, expected, "a button for each thing, and one for all");
    assert_eq!(buttons(&page.text, "stop"), ["email", "phone"]);
}

#[tokio::test]
async fn one_press_withdraws_one_thing_a_channel_or_all_of_it() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let path = world.preferences(&someone).await;
    let all = active(&world.state(&someone).await);

    let answer = world.press(&path, &[("withdraw", "care/sms")]).await;
    assert_eq!(
        answer.header("location"),
        format!("{path}?language=en&done=withdrawn")
    );
    let page = world.sent_on(answer).await.is(200);
    assert!(page.text.contains("It is withdrawn, and applies at once."));
    let mut expected = all;
    expected.remove("care/sms");
    assert_eq!(active(&world.state(&someone).await), expected);

    world.press(&path, &[("stop", "phone")]).await.is(303);
    expected.retain(|facet| !contacts(&PURPOSES, &["phone"]).contains(facet));
    assert_eq!(active(&world.state(&someone).await), expected);

    world.press(&path, &[("withdraw", "all")]).await.is(303);
    assert!(active(&world.state(&someone).await).is_empty());
    let page = world.look(&path).await.is(200);
    assert!(page.text.contains("You allow nothing."));
    assert!(page.text.contains("You withdrew: everything"));
    world.settle().await;
}

/// What a person does to have something done: each box that is ticked and each button that is pressed.
#[tokio::test]
async fn withdrawing_never_takes_more_actions_than_giving() {
    let world = World::at_noon().await;
    for (facet, ticks) in [
        (
            "marketing/email",
            vec![("control", "promotional"), ("channel", "email")],
        ),
        ("separate/vehicle-usage", vec![("control", "vehicle-usage")]),
    ] {
        let someone = world.someone_who_granted_everything().await;
        let path = world.preferences(&someone).await;
        let page = world.look(&path).await.is(200).text;
        let take_back = [("withdraw", facet)];
        assert!(
            buttons(&page, "withdraw").contains(&facet.to_owned()),
            "one press, where it stands"
        );
        world.press(&path, &take_back).await.is(303);
        assert!(!active(&world.state(&someone).await).contains(facet));

        let given = ticks.len() + 1;
        assert!(
            take_back.len() <= given,
            "{facet}: {} against {given}",
            take_back.len()
        );
    }
    // All of it: one press, against a tick for each control and channel and the button that sends them.
    let someone = world.someone_who_granted_everything().await;
    let path = world.preferences(&someone).await;
    let page = world.look(&path).await.is(200).text;
    assert_eq!(
        buttons(&page, "withdraw")
            .iter()
            .filter(|value| *value == "all")
            .count(),
        1
    );
    let everything = buttons(&page, "control").len() + CHANNELS.len() + 1;
    assert!(1 <= everything);
    world.settle().await;
}

#[tokio::test]
async fn what_is_allowed_by_a_link_waits_for_the_address_on_file_to_confirm() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let contact = json!({ "contact": { "email": "ada@example.com" } });
    world.patch_profile(&someone, contact).await.is(200);
    world
        .withdraw(&someone, json!({ "channels": ["sms"] }))
        .await
        .is(200);
    world.settle().await;
    let path = world.preferences(&someone).await;

    let page = world.look(&path).await.is(200).text;
    let ticked = [
        ("notice", hidden(&page, "notice")),
        ("version", hidden(&page, "version")),
        ("brand", hidden(&page, "brand")),
        ("key", hidden(&page, "key")),
        ("control", "promotional".to_owned()),
        ("channel", "sms".to_owned()),
    ];
    let ticked: Vec<(&str, &str)> = ticked
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    for _ in 0..2 {
        let answer = world.press(&path, &ticked).await;
        let page = world.sent_on(answer).await.is(200);
        assert!(page.text.contains("It applies once you follow the link"));
    }
    // Nobody is told so by a word that was typed in, or long after.
    for done in ["granted", "withdrawn", "nonsense"] {
        let page = world.look(&format!("{path}?done={done}")).await.is(200);
        assert!(!page.text.contains("role=\"status\""), "{done}");
    }
    assert_eq!(world.history(&someone).await.len(), 4, "twice is once");
    let state = standings(&world.state(&someone).await);
    assert_eq!(
        (state["marketing/sms"].as_str(), state["marketing/email"].as_str()),
        ("pending", "active")
    );
    world.settle().await;

    let asked = world.asked_to_confirm("campaign-service", &someone);
    assert_eq!(asked["contact"], json!({ "email": "ada@example.com" }));
    world.follow(&world.link(&someone)).await.is(200);
    assert_eq!(standings(&world.state(&someone).await)["marketing/sms"], "active");
    world.settle().await;
}

#[tokio::test]
async fn without_an_address_on_file_a_link_allows_nothing() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.withdraw_all(&someone).await.is(200);
    let path = world.preferences(&someone).await;
    let page = world.look(&path).await.is(200).text;
    let (notice, key) = (hidden(&page, "notice"), hidden(&page, "key"));
    let ticked = [
        ("notice", notice.as_str()),
        ("version", "1"),
        ("brand", "bmw"),
        ("key", key.as_str()),
        ("control", "vehicle-usage"),
    ];
    let page = world.press(&path, &ticked).await.is(409);
    assert!(page.text.contains("We know no e-mail address of yours"));
    let page = world.look(&format!("{path}?done=pending")).await.is(200);
    assert!(
        !page.text.contains("It applies once you follow the link"),
        "nothing was written down"
    );
    assert_eq!(world.history(&someone).await.len(), 2);
    world.settle().await;
}

#[tokio::test]
async fn what_happened_is_said_once_it_did_and_not_an_hour_later() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let path = world.preferences(&someone).await;
    let says_so = async || {
        let page = world.look(&format!("{path}?done=withdrawn")).await;
        page.text.contains("It is withdrawn")
    };
    assert!(!says_so().await, "nothing was withdrawn");
    world.press(&path, &[("withdraw", "care/sms")]).await.is(303);
    assert!(says_so().await);
    world.advance(SignedDuration::from_mins(61));
    assert!(!says_so().await, "it has not just happened");
    world.press(&path, &[("withdraw", "care/email")]).await.is(303);
    world.advance(SignedDuration::from_hours(31 * 24));
    assert!(!says_so().await, "nor by a link that has ended");
    world.settle().await;
}

#[tokio::test]
async fn what_is_for_contact_is_not_allowed_without_a_channel() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let path = world.preferences(&someone).await;
    let page = world.look(&path).await.is(200).text;
    let (notice, key) = (hidden(&page, "notice"), hidden(&page, "key"));
    let ticked = [
        ("notice", notice.as_str()),
        ("version", "1"),
        ("brand", "bmw"),
        ("key", key.as_str()),
        ("control", "promotional"),
    ];
    let page = world.press(&path, &ticked).await.is(422);
    assert!(page.text.contains("Tick at least one way to reach you"));
    assert_eq!(world.history(&someone).await.len(), 1);
    world.settle().await;
}

#[tokio::test]
async fn a_link_that_has_ended_shows_nothing_and_still_withdraws_everything() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let path = world.preferences(&someone).await;
    world.advance(SignedDuration::from_hours(30 * 24));

    let page = world.look(&path).await.is(410);
    assert!(page.text.contains("This link has ended"));
    for secret in ["2026", "Marketing", "holders"] {
        assert!(!page.text.contains(secret), "{secret}");
    }
    world
        .press(&path, &[("withdraw", "marketing/email")])
        .await
        .is(410);
    world.press(&path, &[("control", "promotional")]).await.is(400);
    assert!(world.may(&someone, "controller", "email").await);

    let answer = world.press(&path, &[("withdraw", "all")]).await;
    let page = world.sent_on(answer).await.is(410);
    assert!(page.text.contains("It is withdrawn"));
    assert!(active(&world.state(&someone).await).is_empty());
    world.settle().await;
}

#[tokio::test]
async fn the_history_tells_every_kind_of_act_in_a_sentence() {
    let world = World::at_noon().await;
    world.dealer("dealer-1").await;
    let someone = world.someone_who_granted_everything().await;
    world
        .relate(
            &someone,
            "dealer-1",
            "purchase",
            "v-1",
            json!({ "delivered_on": "2026-02-01" }),
        )
        .await
        .is(200);
    world
        .patch_profile(&someone, tests::a_whole_profile())
        .await
        .is(200);
    world.settle().await;
    world
        .pass_on_withdrawal("bmw-ag", &someone, json!({ "channels": ["post"] }))
        .await
        .is(200);
    world.object(&someone).await.is(200);
    world.settle().await;

    let page = world.look(&world.preferences(&someone).await).await.is(200).text;
    let (_, history) = page.split_once("id=\"history\"").expect("a history");
    for said in [
        "You allowed: everything",
        "A tie to a dealer was noted: Selling dealer (dealer-1).",
        "Your data changed: ",
        "2 March 2026, 13:00",
        "passed on by Bayerische Motoren Werke",
        "You objected to direct marketing.",
    ] {
        assert!(history.contains(said), "{said}");
    }
    assert_eq!(
        history.matches("<time").count(),
        world.history(&someone).await.len()
    );

    world.erase(&someone).await.is(200);
    let page = world.look(&world.preferences(&someone).await).await.is(200).text;
    assert!(page.contains("Your data were erased."));
    assert!(!page.contains("ada@example.com"));
    world.settle().await;
}
