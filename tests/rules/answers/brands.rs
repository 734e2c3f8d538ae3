//! S53, and the notice as people are shown it.

use serde_json::{Value, json};
use tests::{BUNDLED, World, alone, edited};

const BMW: &str = "https://www.bmw.it/it/footer/footer-section/cookie-policy.html";
const MINI: &str = "https://www.mini.it/it_IT/home/footer/cookie-policy.html";

async fn notice(world: &World, query: &str) -> Value {
    let path = format!("/v1/notices/{BUNDLED}/1{query}");
    // Public: it is shown before anybody signs in.
    let told = world
        .send("GET", &path, &[("authorization", "")], Vec::new())
        .await;
    told.is(200).body
}

#[tokio::test]
async fn s53_the_brand_that_asked_selects_its_own_cookie_policy() {
    let world = World::at_noon().await;
    let both = notice(&world, "?language=it").await;
    let links = json!({
        "bmw": { "name": "BMW", "cookie_policy": BMW },
        "mini": { "name": "MINI", "cookie_policy": MINI },
    });
    assert_eq!(both["brands"], links);

    for (brand, link) in [("bmw", BMW), ("mini", MINI)] {
        let someone = world.someone().await;
        let ticked = json!({ "brand": brand, "controls": ["promotional"], "channels": ["email"] });
        world.grant(&someone, ticked).await.is(201);
        let act = world.history(&someone).await.remove(0);
        assert_eq!(act["notice"]["hash"], both["hash"], "it pins the links of both");

        // From the act alone one comes to the link that was shown.
        let (captured, language) = (&act["brand"], &act["notice"]["language"]);
        let query = format!(
            "?brand={}&language={}",
            captured.as_str().unwrap_or_default(),
            language.as_str().unwrap_or_default()
        );
        let shown = notice(&world, &query).await;
        let brands = shown["brands"].as_object().expect("brands");
        assert_eq!(brands.len(), 1);
        assert_eq!(brands[brand]["cookie_policy"], link);
    }
    assert_eq!(notice(&world, "?brand=other-make").await["brands"], json!({}));
    world.settle().await;
}

#[tokio::test]
async fn a_notice_is_shown_in_the_language_that_the_browser_prefers_or_else_in_its_own() {
    let german_one = edited(&[("language = \"it\"", "language = \"de\"")]);
    for (policies, own) in [(policies::all(), "it"), (alone(vec![german_one]), "de")] {
        let world = World::under(policies, "2026-03-02T12:00:00Z").await;
        for (query, accepts, language) in [
            ("", "", own),
            ("", "*", own),
            ("", "fr, es;q=0.5", own),
            ("", "fr, en-GB;q=0.5, it;q=0.4", "en"),
            ("?language=fr", "en", "en"),
            ("?language=fr", "", own),
            ("?language=it", "en", "it"),
            ("?language=de", "en", "de"),
        ] {
            let path = format!("/v1/notices/{BUNDLED}/1{query}");
            let headers = [("authorization", ""), ("accept-language", accepts)];
            let told = world.send("GET", &path, &headers, Vec::new()).await.is(200);
            let said = [told.header("content-language"), told.header("vary")];
            assert_eq!(said, [language, "accept-language"], "{query} {accepts}");
            assert_eq!(told.body["language"], language, "{query} {accepts}");
        }
    }
}

#[tokio::test]
async fn a_notice_is_shown_in_the_language_asked_for_each_with_a_hash_of_its_own() {
    let world = World::at_noon().await;
    let mut hashes = Vec::new();
    for (language, title, purpose) in [
        ("it", "Pubblicità su misura", "Assistenza clienti"),
        ("en", "Advertising that suits you", "Customer care"),
        ("de", "Werbung, die zu Ihnen passt", "Kundenbetreuung"),
    ] {
        let told = notice(&world, &format!("?language={language}")).await;
        assert_eq!(told["language"], language);
        assert_eq!(told["languages"], json!(["de", "en", "it"]));
        let shown = told["title"].as_str().unwrap_or_default();
        assert!(shown.starts_with(title), "{shown}");
        assert_eq!(told["purposes"]["care"], purpose);
        let controller = json!({
            "name": "BMW Italia S.p.A.",
            "address": "Via della Unione Europea 1, San Donato Milanese (MI)",
        });
        assert_eq!(told["controller"], controller);
        hashes.push(told["hash"].clone());
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 3);

    for (path, status) in [
        (format!("/v1/notices/{BUNDLED}/2"), 404),
        ("/v1/notices/no-such-notice/1".to_owned(), 404),
        (format!("/v1/notices/{BUNDLED}/1?colour=red"), 400),
    ] {
        world.get(&path).await.is(status);
    }
}
