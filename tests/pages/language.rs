//! The languages of the pages.

use serde_json::json;
use tests::{BUNDLED, World};

#[tokio::test]
async fn every_page_speaks_three_languages_by_query_or_by_browser() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let links = world
        .links(&someone, json!({ "unsubscribe": "marketing/email" }))
        .await;
    let preferences = world.path_of(&links["preferences"]["url"]);
    let unsubscribe = world.path_of(&links["unsubscribe"]["url"]);
    let form = format!("/v1/forms/{BUNDLED}");
    let none = "/v1/preferences/none".to_owned();
    for (path, [it, en, de]) in [
        (
            preferences,
            ["Le Sue scelte", "Your choices", "Ihre Entscheidungen"],
        ),
        (unsubscribe, ["Disiscrizione", "Unsubscribe", "Abmelden"]),
        (form, ["Pubblicità", "Advertising", "Werbung"]),
        (none, ["collegamento", "This link", "Dieser Link"]),
    ] {
        for (language, said) in [("it", it), ("en", en), ("de", de)] {
            let by_query = world.look(&format!("{path}?language={language}")).await;
            let accepts = format!("xx, {language}-CH;q=0.8, fr;q=0.1");
            let by_browser = world.look_with(&path, &[("accept-language", &accepts)]).await;
            for page in [by_query, by_browser] {
                assert_eq!(page.header("content-language"), language);
                assert!(
                    page.text.contains(&format!("<html lang=\"{language}\"")),
                    "{path}"
                );
                assert!(page.text.contains(said), "{path}: {said}");
                for excuse in [
                    "non esiste nella lingua",
                    "does not exist in the",
                    "gibt es in der gew",
                ] {
                    assert!(!page.text.contains(excuse), "{path} has nothing to excuse");
                }
            }
        }
    }
    world.settle().await;
}

#[tokio::test]
async fn a_language_that_the_notices_lack_falls_back_and_says_so() {
    let world = World::at_noon().await;
    let path = format!("/v1/forms/{BUNDLED}");
    for lacking in ["fr", "zz-ZZ", "%3Cscript%3E", ""] {
        let page = world.look(&format!("{path}?language={lacking}")).await.is(200);
        assert!(
            page.text
                .contains("does not exist in the language that you asked for"),
            "{lacking}"
        );
        assert!(!page.text.contains("<script"));
        // What the browser would rather have is the next best.
        let german = [("accept-language", "de")];
        let page = world
            .look_with(&format!("{path}?language={lacking}"), &german)
            .await
            .is(200);
        assert!(
            page.text.contains("gibt es in der gewünschten Sprache nicht"),
            "{lacking}"
        );
    }
    // Where nobody says anything that helps, the notice's own language is spoken.
    let french = world
        .look_with(&path, &[("accept-language", "fr;q=0.9, *;q=0.1")])
        .await
        .is(200);
    assert!(french.text.contains("non esiste nella lingua"));
    let nothing_said = world.look_with(&path, &[("accept-language", "*")]).await.is(200);
    assert!(!nothing_said.text.contains("non esiste nella lingua"));
    for page in [french, nothing_said] {
        let told = ["content-language", "vary"].map(|name| page.header(name).to_owned());
        assert_eq!(told, ["it", "accept-language"]);
    }
    for nonsense in ["q=;;,,", "en;q=NaN, de;q=2", "de;q=-1"] {
        world
            .look_with(&path, &[("accept-language", nonsense)])
            .await
            .is(200);
    }
}
