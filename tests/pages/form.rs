//! The form of a notice, filled in without a script.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tests::pages::{buttons, hidden};
use tests::{ADDRESS, Answer, BUNDLED, Someone, UNBUNDLED, World, standings};

fn page_of(notice: &str) -> String {
    format!("/v1/forms/{notice}?brand=mini&language=it")
}

fn form() -> String {
    format!("/v1/forms/{BUNDLED}/page?language=it")
}

/// The bundled notice's form as a visitor fills it in, but for the boxes.
fn filled<'a>(key: &'a str, ticks: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("version", "1"),
        ("brand", "mini"),
        ("language", "it"),
        ("key", key),
        ("email", ADDRESS),
        ("name", "Ada"),
    ];
    usual.iter().chain(ticks).copied().collect()
}

/// Fill the form of the bundled notice in, with what is said otherwise.
async fn send(world: &World, key: &str, otherwise: &[(&str, &str)]) -> Answer {
    let usual = filled(key, &[("control", "promotional"), ("channel", "email")]);
    let other = |(name, _): &&(&str, &str)| !otherwise.iter().any(|(its, _)| its == name);
    let fields: Vec<_> = usual.iter().filter(other).chain(otherwise).copied().collect();
    world.press(&form(), &fields).await
}

/// The visitor that a page's link to its choices names.
fn visitor(page: &Answer) -> Someone {
    let (_, rest) = page.text.split_once("/v1/preferences/").expect("a link");
    let token = rest.split('"').next().unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(token).expect("a token");
    let subject = format!("sub_{}", URL_SAFE_NO_PAD.encode(&bytes[1..17]));
    Someone {
        id: subject.clone(),
        pseudonym: subject,
    }
}

/// The evidence that lies beside a visitor's chain, as it is stored.
async fn evidence(world: &World, someone: &Someone) -> String {
    format!(
        "{:?}",
        world.stored(&format!("EVIDENCE#{}", someone.pseudonym)).await
    )
}

/// How many items there are of any visitor.
async fn kept(world: &World) -> usize {
    let (engine, table) = world.engine();
    let items = engine.scan().table_name(table).send().await.expect("the engine");
    let of_somebody = |item: &&tests::Item| {
        item["pk"]
            .as_s()
            .is_ok_and(|key| key.starts_with("CHAIN#") || key.starts_with("EVIDENCE#"))
    };
    items.items().iter().filter(of_somebody).count()
}

#[tokio::test]
async fn nothing_is_ticked_for_anybody_and_each_consent_has_a_box_of_its_own() {
    let world = World::at_noon().await;
    for (notice, controls) in [(BUNDLED, 4), (UNBUNDLED, 9)] {
        let page = world.look(&page_of(notice)).await.is(200);
        assert!(!page.text.contains("checked"), "{notice}");
        let mut boxes = buttons(&page.text, "control");
        boxes.sort();
        boxes.dedup();
        assert_eq!(boxes.len(), controls, "{notice}");
        assert_eq!(buttons(&page.text, "control").len(), controls, "{notice}");
        assert_eq!(buttons(&page.text, "channel").len(), 5, "{notice}");
        for separate in ["vehicle-usage", "app-web-usage", "cooperation-partner"] {
            assert!(boxes.contains(&separate.to_owned()), "{notice}: {separate}");
        }
    }
}

#[tokio::test]
async fn a_form_without_a_script_is_kept_as_one_that_a_website_sends() {
    let world = World::at_noon().await;
    let page = world.look(&page_of(BUNDLED)).await.is(200);
    let (key, version) = (hidden(&page.text, "key"), hidden(&page.text, "version"));
    assert_eq!(version, "1");

    let noted = send(&world, &key, &[]).await.is(202);
    for said in ["Marketing e novità: E-mail", "9 marzo 2026", "Come revocare"] {
        assert!(noted.text.contains(said), "{said}");
    }
    assert!(!noted.text.contains(ADDRESS) && !noted.text.contains("SMS"));
    let by_page = visitor(&noted);
    let by_website = world.visitor("form-of-a-website").await;
    let acts = [world.history(&by_page).await, world.history(&by_website).await];
    let what = |acts: &[Value]| {
        let act = &acts[0];
        json!([
            act["facets"],
            act["grade"],
            act["brand"],
            act["notice"],
            act["to_be_confirmed"]
        ])
    };
    assert_eq!(what(&acts[0]), what(&acts[1]));
    world.settle().await;
    for someone in [&by_page, &by_website] {
        let asked = world.asked_to_confirm("campaign-service", someone);
        assert_eq!(asked["contact"], json!({ "email": ADDRESS, "name": "Ada" }));
    }
}

#[tokio::test]
async fn a_website_is_told_what_was_written_down_and_where_it_is_taken_back() {
    let world = World::at_noon().await;
    let told = world
        .send_form("form-1", json!({ "controls": ["vehicle-usage"], "channels": [] }))
        .await
        .is(202);
    assert_eq!(told.body["facets"], json!(["separate/vehicle-usage"]));
    let path = told.body["preferences"].as_str().unwrap_or_default();
    let page = world.look(path).await.is(200);
    assert!(page.text.contains("Vehicle usage data"));
    world.settle().await;
}

#[tokio::test]
async fn a_website_is_told_that_a_form_for_contact_has_no_channel() {
    let world = World::at_noon().await;
    let refused = world.send_form("form-1", json!({ "channels": [] })).await.is(422);
    assert_eq!(
        (refused.problem(), &refused.body["field"]),
        ("no-channel", &json!("/channels"))
    );
    assert_eq!(kept(&world).await, 0);
}

#[tokio::test]
async fn the_same_form_twice_is_one_visitor_and_with_other_answers_it_is_refused() {
    let world = World::at_noon().await;
    let first = send(&world, "a-key", &[]).await.is(202);
    let again = send(&world, "a-key", &[]).await.is(202);
    assert_eq!(first.text, again.text);
    let someone = visitor(&first);
    let other = send(&world, "a-key", &[("channel", "sms")]).await.is(422);
    assert!(other.text.contains("Questa pagina non era aggiornata"));
    assert_eq!(world.history(&someone).await.len(), 1);
    world.settle().await;

    // And when more has happened since, as before.
    world.follow(&world.link(&someone)).await.is(200);
    let late = send(&world, "a-key", &[]).await.is(202);
    assert_eq!(late.text, first.text);
    send(&world, "a-key", &[("channel", "sms")]).await.is(422);
    assert_eq!(world.history(&someone).await.len(), 2);
    world.settle().await;
}

#[tokio::test]
async fn a_form_with_a_mistake_comes_back_as_it_was_filled_in() {
    let world = World::at_noon().await;
    for (mistake, said) in [
        (("email", "ada@nowhere"), "A questo indirizzo non si può scrivere"),
        (("email", ""), "A questo indirizzo non si può scrivere"),
        (("name", "x".repeat(201).as_str()), "troppo lungo"),
        (("channel", "email-of-mars"), "Nulla è cambiato"),
    ] {
        let page = send(&world, "a-key", &[mistake]).await.is(422);
        assert!(page.text.contains(said), "{mistake:?}");
        assert!(page.text.contains("value=\"promotional\" checked"), "{mistake:?}");
        assert_eq!(hidden(&page.text, "key"), "a-key");
    }
    // No channel is ticked: what is said of it stands beside the channels, too.
    let no_channel = [("control", "promotional"), ("control", "vehicle-usage")];
    let page = world.press(&form(), &filled("a-key", &no_channel)).await.is(422);
    let said = "Segni almeno un modo per raggiungerLa";
    let (_, channels) = page.text.split_once("<legend>Come").expect("the channels");
    assert!(channels.contains(said) && page.text.matches(said).count() > 2);
    assert!(page.text.contains("value=\"promotional\" checked"));
    let page = send(&world, "a-key", &[("control", "vehicle-usage"), ("email", "")]).await;
    assert!(page.text.contains("value=\"vehicle-usage\" checked"));
    // Nothing was kept, so the mended form may carry the same key.
    send(&world, "a-key", &[]).await.is(202);
    world.settle().await;
}

#[tokio::test]
async fn what_is_no_form_of_ours_gets_a_page_and_changes_nothing() {
    let world = World::at_noon().await;
    for fields in [
        vec![("version", "one")],
        vec![("version", "2")],
        vec![("brand", "volvo")],
        vec![("language", "xx")],
        vec![("key", "")],
        vec![("more", "1")],
        vec![("email", ADDRESS), ("email", ADDRESS)],
        vec![("control", "NOT A CODE")],
        vec![("control", "x"); 120],
    ] {
        let page = send(&world, "a-key", &fields).await;
        assert!((400..500).contains(&page.status), "{fields:?}: {}", page.status);
        assert!(page.text.starts_with("<!DOCTYPE html>"), "{fields:?}");
    }
    let path = format!("/v1/forms/{BUNDLED}/page");
    let large = "x".repeat(70_000);
    world.press(&path, &[("email", &large)]).await.is(413);
    let headers = [("content-type", "application/json")];
    let json = world
        .send_as(tests::Caller::Nobody, "POST", &path, &headers, b"{}".to_vec())
        .await;
    assert_eq!((json.status, &json.text[..15]), (415, "<!DOCTYPE html>"));
    for missing in [
        "/v1/forms/none",
        "/v1/forms/NONE",
        "/v1/forms/bmw-italia-promotional?version=7",
    ] {
        let page = world.look(missing).await.is(404);
        assert!(page.text.starts_with("<!DOCTYPE html>"), "{missing}");
    }
    assert_eq!(kept(&world).await, 0);
}

#[tokio::test]
async fn the_wish_against_sharing_is_written_down_and_said_where_sharing_stands_apart() {
    let world = World::at_noon().await;
    let gpc = [("sec-gpc", "1")];
    for (notice, said) in [
        (UNBUNDLED, "resta spenta"),
        (BUNDLED, "non si può scegliere a parte"),
    ] {
        let page = world.look_with(&page_of(notice), &gpc).await.is(200);
        assert!(
            page.text.contains(said) && !page.text.contains("checked"),
            "{notice}"
        );
        let without = world.look(&page_of(notice)).await.is(200);
        assert!(!without.text.contains("Global Privacy Control"), "{notice}");
    }

    let fields = [
        ("version", "1"),
        ("brand", "bmw"),
        ("language", "it"),
        ("key", "with-gpc"),
        ("email", ADDRESS),
        ("control", "marketing"),
        ("channel", "email"),
    ];
    let path = format!("/v1/forms/{UNBUNDLED}/page");
    let headers = [("sec-gpc", "1"), ("sec-fetch-site", "same-origin")];
    let noted = world.press_with(&path, &headers, &fields).await.is(202);
    let someone = visitor(&noted);
    assert!(evidence(&world, &someone).await.contains(r#"gpc\":true"#));
    let state = world.state(&someone).await;
    assert!(
        !standings(&state)
            .keys()
            .any(|facet| facet.starts_with("sharing/"))
    );

    let mut fields = fields;
    fields[3] = ("key", "without-gpc");
    let noted = world.press_with(&path, &headers[1..], &fields).await.is(202);
    let someone = visitor(&noted);
    assert!(!evidence(&world, &someone).await.contains("gpc"));
    world.settle().await;
}
