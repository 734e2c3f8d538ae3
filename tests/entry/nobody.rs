//! Somebody who may not know a subject is answered the same, to the byte, whether there is such a subject or not.

use serde_json::{Value, json};
use tests::{Answer, Caller, Someone, World, a_consent, merged};

/// Where the caller may not know them, nothing tells these people from somebody of whom nothing is known.
async fn people(world: &World) -> Vec<(&'static str, Someone)> {
    let consented = world.someone_who_granted_everything().await;
    let withdrew = world.someone_who_granted_everything().await;
    world.withdraw_all(&withdrew).await.is(200);
    let by_phone = world.someone().await;
    let ticked = json!({ "controls": ["promotional"], "channels": ["phone"] });
    world.grant(&by_phone, ticked).await.is(201);
    let dealt_with = world.someone_who_granted_everything().await;
    world
        .relate(&dealt_with, "another-dealer", "purchase", "car", json!({}))
        .await
        .is(200);
    let told = world
        .patch_profile(&dealt_with, json!({ "contact": { "phone": "+39 06 1" } }))
        .await;
    told.is(200);
    vec![
        ("consented", consented),
        ("withdrew", withdrew),
        ("by phone", by_phone),
        ("another's customer", dealt_with),
    ]
}

/// All of an answer, with the subject's name, which is always of one length, made one.
fn seen(answer: &Answer, someone: &Someone) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "date");
    let headers = headers.map(|(name, value)| {
        (
            name.to_string(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    let mut text = answer.text.replace(&someone.pseudonym, "sub_");
    // A link is signed for whom it is for, and always of one length.
    if let Some(link) = answer.body["preferences"].as_str() {
        text = text.replace(link, &"x".repeat(link.len()));
    }
    (answer.status, headers.collect(), text)
}

async fn world() -> World {
    let world = World::at_noon().await;
    for dealer in ["dealer-sales", "another-dealer"] {
        world.dealer(dealer).await;
    }
    world
}

async fn all_look_alike(world: &World, asked: impl AsyncFn(&Someone) -> Answer, status: u16) {
    these_look_alike(world, people(world).await, asked, status).await;
}

async fn these_look_alike(
    world: &World,
    people: Vec<(&'static str, Someone)>,
    asked: impl AsyncFn(&Someone) -> Answer,
    status: u16,
) {
    world.settle().await;
    // Their newest acts are not of this very millisecond: the next one would be learnt the one after.
    world.advance(jiff::SignedDuration::from_secs(1));
    let nobody = world.someone().await;
    let expected = seen(&asked(&nobody).await.is(status), &nobody);
    for (who, someone) in people {
        assert_eq!(seen(&asked(&someone).await, &someone), expected, "{who}");
    }
    world.settle().await;
}

#[tokio::test]
async fn a_dealer_that_may_hold_nothing_of_somebody_learns_nothing_from_asking() {
    let world = world().await;
    let caller = Caller::Partner("dealer-sales");
    let decisions = async |someone: &Someone| {
        let ask = |about: Value| {
            merged(
                json!({ "subject": someone.pseudonym, "who": "dealer-sales", "purpose": "marketing" }),
                about,
            )
        };
        let yesterday = (world.now() - jiff::SignedDuration::from_hours(24)).to_string();
        let questions = [
            ask(json!({ "channel": "email" })),
            ask(json!({ "category": "contact" })),
            ask(json!({ "channel": "phone", "at": yesterday })),
        ];
        let body = json!({ "questions": questions }).to_string().into_bytes();
        let headers = [("content-type", "application/json")];
        world
            .send_as(caller, "POST", "/v1/decisions", &headers, body)
            .await
    };
    all_look_alike(&world, decisions, 200).await;

    let view = async |someone: &Someone| {
        let path = format!("/v1/subjects/{}/view-as/dealer-sales", someone.pseudonym);
        world.send_as(caller, "GET", &path, &[], Vec::new()).await
    };
    all_look_alike(&world, view, 200).await;
}

#[tokio::test]
async fn a_dealer_that_was_told_nothing_of_somebody_can_tell_nothing_of_him() {
    let world = world().await;
    let withdrawal = async |someone: &Someone| {
        world
            .pass_on_withdrawal("dealer-sales", someone, json!({ "all": true }))
            .await
    };
    all_look_alike(&world, withdrawal, 403).await;
    let update = async |someone: &Someone| {
        let patch = json!({ "contact": { "phone": "+39 06 2" } });
        world
            .tell_update("dealer-sales", someone, "dealer-update", patch)
            .await
    };
    all_look_alike(&world, update, 403).await;
}

#[tokio::test]
async fn a_dealer_that_may_hold_something_is_answered_in_full() {
    let world = world().await;
    let someone = world.someone_who_granted_everything().await;
    world
        .relate(&someone, "dealer-sales", "purchase", "car", json!({}))
        .await
        .is(200);

    // Nothing has been delivered yet: what it may hold is enough.
    let question = json!({ "questions": [{ "subject": someone.pseudonym, "who": "dealer-sales", "purpose": "marketing", "channel": "email" }] });
    let ask = async || {
        let headers = [("content-type", "application/json")];
        let body = question.to_string().into_bytes();
        let told = world
            .send_as(
                Caller::Partner("dealer-sales"),
                "POST",
                "/v1/decisions",
                &headers,
                body,
            )
            .await;
        told.is(200).body["answers"][0].clone()
    };
    assert_eq!(
        (&ask().await["allowed"], &ask().await["version"]),
        (&json!(true), &json!(2))
    );
    world.settle().await;

    // And so is what it was told of before, once it may hold nothing any more.
    world.withdraw_all(&someone).await.is(200);
    assert_eq!(
        (&ask().await["allowed"], &ask().await["version"]),
        (&json!(false), &json!(3))
    );
    world.settle().await;
}

/// What a website captures of somebody, under a key that was used before in every way there is.
async fn capture(world: &World, someone: &Someone, channel: &str) -> Answer {
    let path = format!("/v1/subjects/{}/consents", someone.id);
    let ticked = json!({ "controls": ["promotional"], "channels": [channel] });
    let body = merged(a_consent(), ticked).to_string().into_bytes();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "tried-for-everybody"),
        ("if-none-match", "*"),
        ("if-match", "\"3\""),
    ];
    let answer = world.send_as(Caller::Site, "POST", &path, &headers, body).await;
    // Nor is it told under which name everybody else knows him.
    assert!(!answer.text.contains("sub_"), "{}", answer.text);
    answer
}

#[tokio::test]
async fn whoever_copied_the_token_of_a_site_learns_nothing_from_capturing() {
    let world = world().await;
    let mut people = people(&world).await;
    let over = |channel: &str| json!({ "controls": ["promotional"], "channels": [channel] });
    for (who, channel) in [("under that key", "phone"), ("the very same request", "email")] {
        let someone = world.someone().await;
        world
            .grant_keyed(&someone, "tried-for-everybody", over(channel))
            .await
            .is(201);
        people.push((who, someone));
    }
    let from_a_site = world.someone().await;
    capture(&world, &from_a_site, "sms").await.is(202);
    people.push(("a site before, under that key", from_a_site));
    let waited_for = world.someone().await;
    for channel in ["email", "phone", "sms", "post", "messaging", "email", "phone"] {
        capture(&world, &waited_for, channel).await.is(202);
    }
    people.push(("as much as may wait", waited_for));
    let busy = world.someone().await;
    for _ in 0..120 {
        world.grant(&busy, over("email")).await.is(201);
    }
    people.push(("as many acts as an hour takes", busy));

    these_look_alike(
        &world,
        people,
        async |someone| capture(&world, someone, "email").await,
        202,
    )
    .await;
}

#[tokio::test]
async fn a_data_subject_learns_nothing_of_others() {
    let world = world().await;
    let own = world.someone().await;
    let state = async |someone: &Someone| {
        let path = format!("/v1/subjects/{}", someone.id);
        world
            .send_as(Caller::Subject(&own.id), "GET", &path, &[], Vec::new())
            .await
    };
    all_look_alike(&world, state, 403).await;
}

#[tokio::test]
async fn a_visitor_learns_nothing_of_others_from_the_form() {
    let world = world().await;
    let form = async |address: &str, key: &str| {
        let asked = json!({ "contact": { "email": address } });
        world.send_form(key, asked).await.is(202)
    };
    let known = form("known@example.com", "form-1").await;
    world.settle().await;
    let again = form("known@example.com", "form-2").await;
    let new = form("other@example.com", "form-3").await;
    let visitor = |answer: &Answer| {
        let name = answer.body["subject"].as_str().unwrap_or_default().to_owned();
        Someone {
            id: name.clone(),
            pseudonym: name,
        }
    };
    for answer in [&again, &new] {
        assert_eq!(seen(answer, &visitor(answer)), seen(&known, &visitor(&known)));
    }
    world.settle().await;
}
