//! The page that a confirmation link leads to.

use jiff::SignedDuration;
use serde_json::json;
use tests::{BUNDLED, World};

#[tokio::test]
async fn looking_shows_what_would_be_allowed_and_the_button_allows_it() {
    let world = World::at_noon().await;
    let visitor = world.visitor("form-1").await;
    world.settle().await;
    let path = world.path_of(&json!(world.link(&visitor)));

    let notice = format!("/v1/notices/{BUNDLED}/1?language=en");
    let notice = world.get(&notice).await.is(200).body;
    let first = notice["body"]
        .as_str()
        .and_then(|body| body.lines().next())
        .expect("words");
    for _ in 0..2 {
        let page = world.look(&path).await.is(200);
        for said in [
            "Was this you?",
            "Marketing and news: E-mail",
            // The words that were shown, and who receives data.
            first,
            "Cookie policy of MINI",
            "Bayerische Motoren Werke Aktiengesellschaft: Company of the group",
            "Works on our behalf",
            "The authorised dealers that you are tied to",
        ] {
            assert!(page.text.contains(said), "{said}");
        }
    }
    assert_eq!(world.history(&visitor).await.len(), 1, "looking changes nothing");

    let answer = world.press(&format!("{path}?language=de"), &[]).await;
    assert_eq!(answer.header("location"), format!("{path}?language=de"));
    let page = world.sent_on(answer).await.is(200);
    assert!(page.text.contains("Bestätigt, vielen Dank"));
    assert!(world.may(&visitor, "controller", "email").await);
    // Pressed again, it says the same and changes nothing.
    let answer = world.press(&path, &[]).await;
    let page = world.sent_on(answer).await.is(200);
    assert!(page.text.contains("Confirmed, thank you") && page.text.contains("How to withdraw"));
    let (_, link) = page
        .text
        .split_once("/v1/preferences/")
        .expect("a link to the choices");
    let choices = format!("/v1/preferences/{}", link.split('"').next().unwrap_or_default());
    let choices_page = world.look(&choices).await.is(200);
    assert!(
        choices_page
            .text
            .contains("You confirmed it by the link that you were sent.")
    );
    // However often the page is opened, that link ends as the form's own does.
    world.advance(SignedDuration::from_hours(24));
    assert!(world.look(&path).await.is(200).text.contains(&choices));
    assert_eq!(world.history(&visitor).await.len(), 2);
    world.settle().await;
}

#[tokio::test]
async fn a_link_to_what_was_withdrawn_or_has_ended_says_that_there_is_nothing_to_confirm() {
    let world = World::at_noon().await;
    let (withdrawn, late) = (world.visitor("form-1").await, world.visitor("form-2").await);
    world.settle().await;
    let paths = [&withdrawn, &late].map(|visitor| world.path_of(&json!(world.link(visitor))));
    world.withdraw_all(&withdrawn).await.is(200);
    for _ in 0..2 {
        let page = world.look(&paths[0]).await.is(410);
        assert!(page.text.contains("There is nothing to confirm"));
        let answer = world.press(&paths[0], &[]).await;
        world.sent_on(answer).await.is(410);
    }
    world.advance(SignedDuration::from_hours(7 * 24));
    world.look(&paths[1]).await.is(404);
    let answer = world.press(&paths[1], &[]).await;
    world.sent_on(answer).await.is(404);
    world.tick().await;
    assert!(!world.may(&late, "controller", "email").await);
}
