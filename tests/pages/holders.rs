//! Who has data of somebody, on the page with all that it allows.

use jiff::SignedDuration;
use serde_json::json;
use tests::{Manner, World};

/// What the page says of one recipient.
fn card(page: &str, name: &str) -> String {
    let rest = page.split(&format!("<h3>{name}")).nth(1).unwrap_or_default();
    rest.split("</div>").next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn it_says_who_has_which_data_and_who_has_not_confirmed_a_withdrawal() {
    let world = World::at_noon().await;
    world.dealer("dealer-1").await;
    let someone = world.someone_who_granted_everything().await;
    world
        .relate(&someone, "dealer-1", "preferred", "1", json!({}))
        .await
        .is(200);
    world.settle().await;
    let path = world.preferences(&someone).await;

    let page = world.look(&path).await.is(200).text;
    let (_, holders) = page.split_once("id=\"holders\"").expect("the holders");
    for said in [
        "Bayerische Motoren Werke Aktiengesellschaft",
        "dealer-1",
        "it is yours: Preferred dealer",
        "Vehicles of interest",
        "Confirmed on 2 March 2026.",
    ] {
        assert!(holders.contains(said), "{said}");
    }

    world.recipients.set("dealer-1", Manner::IsDown);
    let answer = world.press(&path, &[("withdraw", "all")]).await;
    // At once, before anybody could be told.
    let page = world.sent_on(answer).await.is(200).text;
    assert!(page.contains("You do not allow this any more.") && !page.contains("it is yours"));
    assert!(page.contains("Is being told of the latest change"));
    world.settle().await;
    let page = world.look(&path).await.is(200).text;
    let of = |name: &str| card(&page, name);
    assert!(of("dealer-1").contains("Was told on 2 March 2026 to stop, and has not confirmed it yet."));
    assert!(of("Bayerische").contains("Holds nothing of yours."));

    world.advance(SignedDuration::from_hours(49));
    let page = world.look(&path).await.is(200).text;
    assert!(page.contains("did not confirm it in time"));
    world.recipients.set("dealer-1", Manner::Acknowledges);
    world.tick().await;
    let page = world.look(&path).await.is(200).text;
    assert!(!page.contains("has not confirmed") && !page.contains("did not confirm"));
}

#[tokio::test]
async fn a_lost_channel_is_said_to_be_one_and_not_the_end_of_everything() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    let path = world.preferences(&someone).await;
    let of = async || card(&world.look(&path).await.is(200).text, "Bayerische");

    world.recipients.set("bmw-ag", Manner::IsDown);
    world.press(&path, &[("stop", "sms")]).await.is(303);
    assert!(of().await.contains("Is being told of the latest change"));
    world.settle().await;
    let told = of().await;
    assert!(told.contains("Because you allow sharing with it."), "{told}");
    assert!(
        told.contains("Was told on 2 March 2026 what you no longer allow, and has not confirmed it yet.")
    );
    assert!(!told.contains("You do not allow this any more") && !told.contains("to stop"));

    world.advance(SignedDuration::from_hours(49));
    let told = of().await;
    assert!(
        told.contains("what you no longer allow, and did not confirm it in time"),
        "{told}"
    );
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.tick().await;
    assert!(of().await.contains("Confirmed on 4 March 2026."));
}

#[tokio::test]
async fn a_dealer_whose_tie_has_ended_is_not_said_to_have_lost_a_consent() {
    let world = World::at_noon().await;
    world.dealer("dealer-1").await;
    let someone = world.someone_who_granted_everything().await;
    world
        .relate(&someone, "dealer-1", "preferred", "1", json!({}))
        .await
        .is(200);
    world.settle().await;
    world.recipients.set("dealer-1", Manner::IsDown);
    world.part(&someone, "dealer-1", "preferred", "1").await.is(200);
    world.settle().await;

    let page = world.look(&world.preferences(&someone).await).await.is(200).text;
    let told = card(&page, "dealer-1");
    assert!(
        told.contains("You still allow sharing, but nothing entitles this recipient any more."),
        "{told}"
    );
    assert!(told.contains("Was told on 2 March 2026 to stop"), "{told}");
}

#[tokio::test]
async fn whoever_is_to_ask_for_the_confirmation_has_the_address() {
    let world = World::at_noon().await;
    let visitor = world.visitor("form-1").await;
    world.settle().await;
    let path = world.preferences(&visitor).await;
    let page = world.look(&path).await.is(200).text;
    assert!(page.contains("Has the address that you gave") && page.contains("Works on our behalf"));
    assert!(!page.contains("Holds nothing of yours."));
    let ledger = format!("/v1/subjects/{}/recipients", visitor.id);
    let told = world.get(&ledger).await.is(200).body;
    let told = told["recipients"].as_array().cloned().unwrap_or_default();
    let asked = told
        .iter()
        .filter(|entry| entry["may_hold"]["requests"] == json!(["confirmation"]));
    assert_eq!(asked.count(), told.len(), "nobody else was told anything");

    world.withdraw_all(&visitor).await.is(200);
    world.settle().await;
    let page = world.look(&path).await.is(200).text;
    assert!(page.contains("Holds nothing of yours.") && !page.contains("Has the address"));
}

#[tokio::test]
async fn whoever_was_never_told_is_on_no_list() {
    let world = World::at_noon().await;
    let barred = json!({ "kind": "group-company", "authorised": false });
    world.register("bmw-ag", barred).await.is(200);
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;

    let page = world.look(&world.preferences(&someone).await).await.is(200).text;
    assert_eq!(card(&page, "Bayerische"), "");
    let path = format!("/v1/subjects/{}/recipients", someone.id);
    let told = world.get(&path).await.is(200).body;
    let told = told["recipients"].as_array().cloned().unwrap_or_default();
    assert!(
        told.iter().all(|entry| entry["acknowledged_at"].is_string()),
        "{told:?}"
    );
    assert!(
        told.iter().all(|entry| entry["recipient"] != "bmw-ag"),
        "{told:?}"
    );
    assert!(!told.is_empty());
    world
        .pass_on_withdrawal("bmw-ag", &someone, json!({ "all": true }))
        .await
        .is(403);
}

#[tokio::test]
async fn a_dealer_goes_by_the_name_that_it_is_registered_with() {
    let world = World::at_noon().await;
    let named = json!({ "kind": "dealer", "name": "Müller & Söhne, Bozen" });
    let told = world.register("dealer-1", named).await.is(201);
    assert_eq!(told.body["name"], "Müller & Söhne, Bozen");
    let told = world.get("/v1/recipients/dealer-1").await.is(200);
    assert_eq!(told.body["name"], "Müller & Söhne, Bozen");
    let someone = world.someone_who_granted_everything().await;
    world
        .relate(&someone, "dealer-1", "preferred", "1", json!({}))
        .await
        .is(200);
    world.settle().await;
    let path = world.preferences(&someone).await;

    let page = world.look(&path).await.is(200).text;
    assert!(card(&page, "Müller &amp; Söhne, Bozen").contains("it is yours: Preferred dealer"));
    assert!(page.contains("Preferred dealer (Müller &amp; Söhne, Bozen)") && !page.contains("dealer-1"));

    for bad in ["", "  ", "a\nb", "a\u{202e}b", "a\u{200b}b", &"x".repeat(121)] {
        let asked = json!({ "kind": "dealer", "name": bad });
        let refused = world.register("dealer-1", asked).await.is(422);
        assert_eq!(
            (refused.problem(), &refused.body["field"]),
            ("bad-recipient", &json!("/name"))
        );
    }
    // What is left out is taken away.
    world
        .register("dealer-1", json!({ "kind": "dealer" }))
        .await
        .is(200);
    assert!(world.look(&path).await.text.contains("<h3>dealer-1"));
    world.settle().await;
}
