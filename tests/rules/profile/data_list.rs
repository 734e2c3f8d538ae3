//! S44: the detailed data list is stored, versioned and hashed with the notice.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use tests::{BUNDLED, UNBUNDLED, World, alone, edited};

fn hash_of(bytes: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes.as_bytes()))
}

#[tokio::test]
async fn s44_the_data_list_is_served_as_the_notice_pins_it() {
    let world = World::at_noon().await;
    let without_token = [("authorization", "")];
    for notice in [BUNDLED, UNBUNDLED] {
        let path = format!("/v1/notices/{notice}/1");
        let told = world.send("GET", &path, &without_token, Vec::new()).await.is(200);
        let list = &told.body["data_list"];
        assert_eq!(list["version"], "1");
        assert_eq!(list["url"], format!("{path}/data-list"));

        let url = list["url"].as_str().unwrap_or_default();
        let served = world.send("GET", url, &without_token, Vec::new()).await.is(200);
        assert_eq!(list["hash"], hash_of(&served.text));
        assert_eq!(served.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(
            served.text.lines().filter(|line| line.starts_with('K')).count(),
            14
        );
        for field in ["chassis-number", "mileage", "link-click"] {
            assert!(served.text.contains(field), "{field} is not in the list");
        }
        assert!(served.text.contains("K3 vehicle P24M"), "{}", served.text);
    }
    let unknown = world
        .get(&format!("/v1/notices/{BUNDLED}/9/data-list"))
        .await
        .is(404);
    assert_eq!(unknown.problem(), "unknown-notice");
}

#[tokio::test]
async fn s44_another_list_is_another_hash_and_another_notice_to_consent_to() {
    let shipped = World::at_noon().await;
    let longer = edited(&[(r#""engine", "equipment""#, r#""engine", "equipment", "colour""#)]);
    let edited = World::under(alone(vec![longer]), "2026-03-02T12:00:00Z").await;

    let mut hashes = Vec::new();
    for (world, colour) in [(&shipped, false), (&edited, true)] {
        let path = format!("/v1/notices/{BUNDLED}/1");
        let notice = world.get(&format!("{path}?language=it")).await.is(200).body;
        let list = world.get(&format!("{path}/data-list")).await.is(200).text;
        assert_eq!(list.contains("colour"), colour);
        assert_eq!(notice["data_list"]["hash"], hash_of(&list));

        let someone = world.someone_who_granted_everything().await;
        let act = world.history(&someone).await.remove(0);
        assert_eq!(act["notice"]["hash"], notice["hash"], "what the consent pins");
        let patch = json!({ "vehicle-of-interest": { "colour": "green" } });
        let answer = world.patch_profile(&someone, patch).await;
        assert_eq!(answer.status, if colour { 200 } else { 422 }, "{}", answer.text);
        world.settle().await;
        hashes.push((notice["data_list"]["hash"].clone(), notice["hash"].clone()));
    }
    assert_ne!(hashes[0].0, hashes[1].0);
    assert_ne!(hashes[0].1, hashes[1].1);
}
