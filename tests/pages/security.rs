//! What keeps a page private, and what keeps others out of it.

use serde_json::json;
use tests::{Answer, BUNDLED, Caller, World};

const SCRIPT: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'";

fn is_private(page: &Answer, what: &str) {
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self' https://"), "{what}: {policy}");
    for (name, value) in [
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("set-cookie", ""),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(page.header(name), value, "{what}: {name}");
    }
    for inside in ["<script", "style=", "<style", "onclick", "javascript:"] {
        assert!(!page.text.contains(inside), "{what} has {inside}");
    }
    // What is loaded is of this host; a link elsewhere is only a link.
    for loaded in ["src=\"", "<link rel=\"stylesheet\" href=\"http", "action=\"http"] {
        assert!(!page.text.contains(loaded), "{what} has {loaded}");
    }
}

#[tokio::test]
async fn every_page_forbids_scripts_cookies_caches_and_referrers() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let visitor = world.visitor("form-1").await;
    world.settle().await;
    let links = world
        .links(&someone, json!({ "unsubscribe": "marketing/email" }))
        .await;
    for path in [
        format!("/v1/forms/{BUNDLED}"),
        "/v1/forms/none".to_owned(),
        world.path_of(&json!(world.link(&visitor))),
        world.path_of(&links["preferences"]["url"]),
        world.path_of(&links["unsubscribe"]["url"]),
        "/v1/unsubscribe/none".to_owned(),
    ] {
        is_private(&world.look(&path).await, &path);
    }
    let path = world.path_of(&links["preferences"]["url"]);
    let sent_on = world.press(&path, &[("withdraw", "all")]).await.is(303);
    assert_eq!(sent_on.header("referrer-policy"), "no-referrer");
    assert_eq!(sent_on.header("cache-control"), "no-store");
    world.settle().await;
}

#[tokio::test]
async fn a_form_that_another_website_makes_a_browser_post_is_refused() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let preferences = world.preferences(&someone).await;
    let form = format!("/v1/forms/{BUNDLED}/page");
    let all = [("withdraw", "all")];
    for headers in [
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ][..],
        &[("sec-fetch-site", "cross-site"), ("origin", "null")],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://other.bmw.it"),
        ],
        &[("origin", "https://evil.example")],
        &[("sec-fetch-site", "cross-site")],
    ] {
        for path in [&preferences, &form] {
            let page = world.press_with(path, headers, &all).await.is(403);
            assert!(
                page.text.contains("This was not sent from our page"),
                "{headers:?}"
            );
        }
    }
    assert_eq!(world.history(&someone).await.len(), 1);
    // A website of the notice may, and so may a browser that says nothing of where it was.
    let site = [("sec-fetch-site", "cross-site"), ("origin", "https://www.bmw.it")];
    world
        .press_with(&preferences, &site, &[("stop", "sms")])
        .await
        .is(303);
    world.press_with(&preferences, &[], &all).await.is(303);
    world.settle().await;
}

#[tokio::test]
async fn script_in_every_field_stays_text() {
    let world = World::at_noon().await;
    let path = format!("/v1/forms/{BUNDLED}/page");
    let fields = [
        "version", "brand", "language", "key", "email", "name", "control", "channel",
    ];
    let good = [
        ("version", "1"),
        ("brand", "bmw"),
        ("language", "it"),
        ("key", "a-key"),
        ("email", "ada@example.com"),
        ("name", "Ada"),
        ("control", "promotional"),
        ("channel", "email"),
    ];
    for field in fields {
        let fields = good.map(|(name, value)| (name, if name == field { SCRIPT } else { value }));
        let page = world.press(&path, &fields).await;
        assert!(
            !page.text.contains("<script") && !page.text.contains("<img"),
            "{field}"
        );
    }
    // A name is anything; it is kept, and shown nowhere but to the processor that writes the mail.
    let query = "%22%3E%3Cscript%3E";
    for path in [
        format!("/v1/forms/{BUNDLED}?brand={query}"),
        format!("/v1/forms/{query}"),
        format!("/v1/forms/{BUNDLED}?version={query}"),
        format!("/v1/preferences/{query}"),
        format!("/v1/unsubscribe/{query}?language={query}"),
    ] {
        let page = world.look(&path).await;
        assert!(
            (400..500).contains(&page.status) && !page.text.contains("<script"),
            "{path}"
        );
    }
    world.settle().await;
}

#[tokio::test]
async fn the_style_the_script_and_the_icon_are_served_and_nothing_else() {
    let world = World::at_noon().await;
    for (asset, kind) in [
        ("pages.css", "text/css; charset=utf-8"),
        ("consent.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ] {
        let answer = world.look(&format!("/v1/assets/{asset}")).await.is(200);
        assert_eq!(
            (answer.header("content-type"), answer.header("set-cookie")),
            (kind, "")
        );
    }
    for none in ["main.rs", "..%2Fsrc%2Flib.rs", "%00"] {
        let answer = world.look(&format!("/v1/assets/{none}")).await.is(404);
        assert_eq!(answer.problem(), "unknown-asset");
    }
}

#[tokio::test]
async fn links_are_for_back_ends_and_staff() {
    let world = World::at_noon().await;
    let path = "/v1/subjects/customer-1/links";
    for (body, field) in [
        (json!({ "unsubscribe": 1 }), "/unsubscribe"),
        (json!({ "unsubscribe": "marketing" }), "/unsubscribe"),
        (json!({ "more": true }), "/?"),
    ] {
        let refused = world.post(path, body).await.is(400);
        assert_eq!(refused.body["field"], field);
    }
    let headers = [("content-type", "application/json")];
    for caller in [Caller::Site, Caller::Subject("customer-1"), Caller::Nobody] {
        let refused = world
            .send_as(caller, "POST", path, &headers, b"{}".to_vec())
            .await;
        assert!([401, 403].contains(&refused.status), "{caller:?}");
    }
}

/// The web component is one small script: what it may weigh packed, it weighs unpacked.
#[test]
fn the_script_of_the_form_is_at_most_twelve_kilobytes() {
    const BYTES_MAX: usize = 12 * 1024;
    let script = include_str!("../../functions/person-pages/assets/consent.js");
    assert!(script.len() <= BYTES_MAX, "{}", script.len());
    assert!(
        !script.contains("import ") && !script.contains("https://"),
        "it depends on nothing"
    );
}
