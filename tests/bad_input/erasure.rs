//! An erasure that is asked for badly erases nothing.

use tests::{Caller, World};

use crate::{Expected, Headers, JSON};

#[tokio::test]
#[rustfmt::skip]
async fn a_bad_erasure_is_refused_and_changes_nothing() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    let before = world.chain(&someone).await;
    let path = format!("/v1/subjects/{}/erasure", someone.id);
    let none = Vec::new();
    let too_big = format!("{{\"lovelace\":\"{}\"}}", "x".repeat(64 * 1024)).into_bytes();
    let cases: [(&str, Headers, Vec<u8>, Expected); 11] = [
        (&path, &[JSON], none, (400, "malformed", "")),
        (&path, &[JSON], b"null".to_vec(), (400, "malformed", "")),
        (&path, &[JSON], b"[]".to_vec(), (400, "malformed", "")),
        (&path, &[JSON], b"{} {}".to_vec(), (400, "malformed", "")),
        (&path, &[JSON], br#"{"lovelace":"ada@example.org"}"#.to_vec(), (400, "malformed", "/?")),
        (&path, &[JSON], too_big, (413, "too-large", "")),
        (&path, &[("Content-Type", "text/plain")], b"{}".to_vec(), (415, "unsupported-media-type", "header Content-Type")),
        (&path, &[JSON, ("If-Match", "\"7\"")], b"{}".to_vec(), (412, "other-version", "header If-Match")),
        (&path, &[JSON, ("If-Match", "ada@example.org")], b"{}".to_vec(), (400, "malformed", "header If-Match")),
        (&format!("{path}?why=lovelace"), &[JSON], b"{}".to_vec(), (400, "malformed", "query")),
        ("/v1/subjects/ada@example.org/erasure", &[JSON], b"{}".to_vec(), (400, "contact-data", "path subject")),
    ];
    for (path, headers, body, (status, problem, field)) in cases {
        let refused = world.send_as(Caller::Staff, "POST", path, headers, body).await.is(status);
        let named = refused.body["field"].as_str().unwrap_or_default();
        assert_eq!((refused.problem(), named), (problem, field), "{path}: {}", refused.text);
        assert!(!refused.text.contains("lovelace") && !refused.text.contains("ada@"), "{}", refused.text);
    }
    assert_eq!(world.chain(&someone).await, before);
}
