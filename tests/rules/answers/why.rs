//! S54: why did I get this?

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{BUNDLED, Someone, World, allowed, alone, denied, edited};

async fn why(world: &World, someone: &Someone, query: &str) -> Value {
    world
        .get(&format!("/v1/subjects/{}/why?{query}", someone.id))
        .await
        .is(200)
        .body
}

#[tokio::test]
async fn s54_the_system_says_why_somebody_got_a_message() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let ticked = json!({ "brand": "mini", "controls": ["promotional"], "channels": ["email"] });
    world.grant(&someone, ticked).await.is(201);
    let patch = json!({
        "contact": { "email": "ada@example.com" },
        "preferences": { "interests": ["racing"] },
    });
    world.patch_profile(&someone, patch).await.is(200);
    world.advance(SignedDuration::from_hours(72));

    let told = why(&world, &someone, "purpose=marketing&channel=email").await;
    let purpose = json!({ "code": "marketing", "title": "Marketing e novità" });
    assert_eq!(told["purpose"], purpose);
    assert_eq!(told["channel"], json!({ "code": "email", "title": "E-mail" }));
    assert_eq!(allowed(&told["decision"]), ["consented"]);
    let contact = json!({ "code": "contact", "title": "Dati di contatto" });
    let clicks = json!({ "code": "email-interaction", "title": "Interazioni con le e-mail" });
    let preferences = json!({ "code": "preferences", "title": "Informazioni supplementari e preferenze" });
    assert_eq!(told["categories"], json!([contact, clicks, preferences]));
    let acts = told["acts"].as_array().expect("acts");
    assert_eq!(acts.len(), 1, "the evidence, and no act beside it");
    assert_eq!(acts[0], world.history(&someone).await[0]);
    assert_eq!(
        (&acts[0]["act"], &acts[0]["grade"]),
        (&json!("granted"), &json!("B"))
    );
    assert_eq!(acts[0]["happened_at"], "2026-03-02T12:00:00.000Z");

    // The words are those that were shown, or the same in the person's language.
    let path = format!("/v1/notices/{BUNDLED}/1");
    for (query, language) in [("", "it"), ("&language=de", "de"), ("&language=fr", "it")] {
        let shown = world
            .get(&format!("{path}?language={language}"))
            .await
            .is(200)
            .body;
        let query = format!("purpose=marketing&channel=email{query}");
        let notice = why(&world, &someone, &query).await["notice"].clone();
        assert_eq!((&notice["id"], &notice["version"]), (&json!(BUNDLED), &json!(1)));
        for field in ["language", "title", "body", "hash"] {
            assert_eq!(notice[field], shown[field], "{field}");
        }
    }

    // Or as the browser prefers, if the query names none.
    let path = format!("/v1/subjects/{}/why?purpose=marketing&channel=email", someone.id);
    for (accepts, language, title, data) in [
        ("fr, de;q=0.3", "de", "Werbung und Neuigkeiten", "Kontaktdaten"),
        ("fr", "it", "Marketing e novità", "Dati di contatto"),
    ] {
        let told = world
            .send("GET", &path, &[("accept-language", accepts)], Vec::new())
            .await
            .is(200);
        assert_eq!(told.header("content-language"), language);
        assert_eq!(told.body["notice"]["language"], language);
        assert_eq!(told.body["purpose"]["title"], title);
        assert_eq!(told.body["categories"][0]["title"], data);
    }

    // The sender knows less than the controller.
    let told = why(
        &world,
        &someone,
        "purpose=marketing&channel=email&who=campaign-service",
    )
    .await;
    assert_eq!(used(&told), ["contact", "email-interaction"]);
    world.settle().await;
}

#[tokio::test]
async fn s54_the_reasons_and_the_titles_are_in_the_person_s_language() {
    // The next version calls something otherwise, and what a person is told is what it was shown.
    let renamed = edited(&[
        ("\nversion = 1\n", "\nversion = 2\n"),
        (
            &format!("{BUNDLED}/1/data-list"),
            &format!("{BUNDLED}/2/data-list"),
        ),
        ("Werbung und Neuigkeiten", "Neues und Angebote"),
    ]);
    let world = World::under(alone(vec![edited(&[]), renamed]), "2026-03-02T12:00:00Z").await;
    let someone = world.someone().await;
    let notice = json!({ "id": BUNDLED, "version": 2, "language": "de" });
    let ticked = json!({ "notice": notice, "controls": ["promotional"], "channels": ["email"] });
    world.grant(&someone, ticked).await.is(201);

    let are_said = async |sentences: [(&str, &str); 3]| {
        for (language, sentence) in sentences {
            let query = format!("purpose=marketing&channel=email{language}");
            let told = why(&world, &someone, &query).await;
            assert_eq!(told["decision"]["reasons"][0]["text"], sentence);
        }
        let told = why(&world, &someone, "purpose=marketing&channel=email").await;
        assert_eq!(told["purpose"]["title"], "Neues und Angebote");
    };
    are_said([
        (
            "",
            "eine geltende Einwilligung umfasst diesen Zweck und diesen Weg",
        ),
        (
            "&language=it",
            "un consenso attivo comprende questa finalità e questo canale",
        ),
        (
            "&language=en",
            "an active consent covers this purpose and channel",
        ),
    ])
    .await;
    world.advance(SignedDuration::from_hours(1));
    world.withdraw_all(&someone).await.is(200);
    are_said([
        ("", "die Einwilligung wurde widerrufen"),
        ("&language=it", "il consenso è stato revocato"),
        ("&language=en", "the consent was withdrawn"),
    ])
    .await;

    // Programs are told in English, whatever the person speaks.
    let answer = world
        .decide(&someone, json!({ "who": "controller", "channel": "email" }))
        .await;
    assert_eq!(answer["reasons"][0]["text"], "the consent was withdrawn");
    world.settle().await;
}

#[tokio::test]
async fn s54_a_visitor_is_told_of_the_form_and_of_the_click_that_confirmed_it() {
    let world = World::at_noon().await;
    let visitor = world.visitor("form-1").await;
    world.settle().await;
    world.advance(SignedDuration::from_hours(1));
    let before = world.now();
    world.advance(SignedDuration::from_hours(1));
    world.follow(&world.link(&visitor)).await.is(200);

    let acts = async |query: &str| -> Vec<Value> {
        let told = why(
            &world,
            &visitor,
            &format!("purpose=marketing&channel=email{query}"),
        )
        .await;
        let acts = told["acts"].as_array().expect("acts").iter();
        acts.map(|act| json!([act["act"], act["grade"], act["happened_at"]]))
            .collect()
    };
    let form = json!(["granted", "D", "2026-03-02T12:00:00.000Z"]);
    let click = json!(["confirmed", "A", "2026-03-02T14:00:00.000Z"]);
    assert_eq!(acts("").await, [form.clone(), click]);
    assert_eq!(acts(&format!("&at={before}")).await, [form]);
    world.settle().await;
}

/// The codes of the categories that went into a message.
fn used(told: &Value) -> Vec<&str> {
    let categories = told["categories"].as_array().expect("categories").iter();
    categories.filter_map(|named| named["code"].as_str()).collect()
}

#[tokio::test]
async fn s54_a_message_that_should_not_have_come_is_said_to_have_no_reason() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let ticked = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant(&someone, ticked).await.is(201);
    let patch = json!({ "contact": { "email": "ada@example.com" } });
    world.patch_profile(&someone, patch).await.is(200);
    world.advance(SignedDuration::from_hours(24));
    let sent_at = world.now();

    let told = why(&world, &someone, "purpose=marketing&channel=phone").await;
    assert_eq!(denied(&told["decision"]), ("S30", "channel-not-selected"));
    assert_eq!((&told["categories"], &told["acts"]), (&json!([]), &json!([])));
    assert_eq!(told.get("notice"), None);
    assert_eq!(
        told["purpose"]["title"], "Marketing e novità",
        "the first notice's own language"
    );

    world.advance(SignedDuration::from_hours(24));
    world.withdraw_all(&someone).await.is(200);
    let told = why(&world, &someone, "purpose=marketing&channel=email").await;
    assert_eq!(denied(&told["decision"]), ("GDPR 7(3)", "withdrawn"));
    assert_eq!(told["categories"], json!([]));
    assert_eq!(told["acts"][0]["act"], "withdrawn");
    // The message of the day before was lawful, and stays so.
    let query = format!("purpose=marketing&channel=email&at={sent_at}");
    let told = why(&world, &someone, &query).await;
    assert_eq!(allowed(&told["decision"]), ["consented"]);
    assert_eq!(used(&told), ["contact", "email-interaction"]);

    let path = format!("/v1/subjects/{}/why?channel=email", someone.id);
    let refused = world.get(&path).await.is(400);
    assert_eq!(refused.body["field"], "query purpose");
    world.settle().await;
}
