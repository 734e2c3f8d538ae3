//! Nothing personal is in a log line, a metric, an error, a queue, a key of the stream or a URL: people of a
//! recognisable name come in by every door, and then they are looked for.

#[path = "canary/garbler.rs"]
mod garbler;
#[path = "canary/requests.rs"]
mod requests;
#[path = "canary/sinks.rs"]
mod sinks;

use garbler::Garbler;
use serde_json::{Value, json};
use sinks::{Sinks, hits};
use tests::{Caller, ERRANDS, INTERACTIONS, Someone, World, everything, merged};

/// In every personal value that is sent, and in nothing else.
pub(crate) const NAME: &str = "Qzcanary";
/// The same for a number.
pub(crate) const NUMBER: &str = "7306581742";

/// A value that is an e-mail address, a name and a number at once.
pub(crate) fn personal() -> String {
    format!("{NAME}.{NUMBER}@example.com")
}

#[tokio::test]
async fn whoever_comes_in_by_any_door_is_nowhere_to_be_read() {
    let (mut sinks, _guard) = Sinks::open();
    let world = World::at_noon().await;

    requests::send_all(&world, &mut sinks).await;
    let visitor = somebody_is_told_of(&world).await;
    a_recipient_answers_with_it(&world, &mut sinks).await;
    messages_come_with_it(&world).await;
    sinks.read("the link to confirm by", world.link(&visitor));
    sinks.look_at(&world).await;

    assert_eq!(hits(sinks.texts()), Vec::<String>::new());
    let lines = sinks.log().len();
    assert!(lines > 1_000, "{lines} lines were logged");
    world.sqs.forget("ErrandsDead");
}

/// A consent with all its evidence, a profile full of personal data, and a form, all the way to the recipients.
async fn somebody_is_told_of(world: &World) -> Someone {
    let id = format!("{NAME}-told-of");
    let told = world.get(&format!("/v1/subjects/{id}")).await.is(200);
    let pseudonym = told.body["subject"].as_str().unwrap_or_default().to_owned();
    let someone = Someone { id, pseudonym };
    let evidence = json!({ "evidence": requests::evidence() });
    world
        .grant(&someone, merged(everything(), evidence.clone()))
        .await
        .is(201);
    let profile = requests::a_profile();
    world.patch_profile(&someone, profile).await.is(200);
    let visitor = world
        .send_form(
            "form-1",
            json!({ "contact": { "email": personal(), "name": NAME } }),
        )
        .await;
    let visitor = visitor.is(202).body["subject"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    world.settle().await;

    let held = world.holds("bmw-ag", &someone);
    assert!(
        json!(held.content).to_string().contains(NAME),
        "it did arrive where it belongs"
    );
    world
        .withdraw(&someone, merged(json!({ "all": true }), evidence))
        .await
        .is(200);
    world.settle().await;
    Someone {
        id: visitor.clone(),
        pseudonym: visitor,
    }
}

/// Status, reason, headers and body: whatever a recipient answers is not repeated.
async fn a_recipient_answers_with_it(world: &World, sinks: &mut Sinks) {
    let garbler = Garbler::open().await;
    world.dealer("a-garbler").await;
    let settings = json!({ "kind": "dealer", "endpoint": garbler.endpoint() });
    world.register("a-garbler", settings).await.is(200);
    for number in 0..garbler::ANSWERS {
        let someone = world.someone_who_granted_everything().await;
        let relation = format!("{}-{number}", NAME.to_lowercase());
        world
            .relate(&someone, "a-garbler", "purchase", &relation, json!({}))
            .await
            .is(200);
        world.settle().await;
    }
    let heads = garbler.heads();
    assert!(heads.len() >= garbler::ANSWERS, "every answer was given");
    for head in heads {
        sinks.read("what a recipient was asked", head);
    }
}

/// Into both queues, from outside.
async fn messages_come_with_it(world: &World) {
    let someone = world.someone_who_granted_everything().await;
    world.declare("spring", json!({})).await.is(201);
    let event = world.event(
        &someone,
        "delivered",
        json!({ "address": personal(), "name": NAME }),
    );
    let reports = [
        json!({ "events": [event], "sent_by": personal() }),
        json!({ "events": [world.event(&someone, &personal(), json!({}))] }),
        json!({ "events": [world.event(&someone, "delivered", json!({ "subject": personal() }))] }),
        json!({ "events": [world.event(&someone, "link-clicked", json!({ "link": personal() }))] }),
        json!({ "events": personal() }),
        json!({ personal(): [] }),
    ];
    for report in reports {
        world.arrive(&report.to_string()).await;
    }
    world.arrive(&personal()).await;
    assert_eq!(world.sqs.bodies(INTERACTIONS), Vec::<String>::new());

    let errand = json!({ "errand": "deliver", "subject": personal(), "recipient": "bmw-ag", "version": 1 });
    for poison in [
        errand.to_string(),
        json!({ "errand": personal() }).to_string(),
        personal(),
    ] {
        world.sqs.put(ERRANDS, &poison);
    }
    world.settle().await;
}

#[tokio::test]
async fn each_invocation_says_which_it_was_and_how_it_ended() {
    let (sinks, _guard) = Sinks::open();
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.get("/v1/recipients/nobody").await.is(404);
    world.settle().await;
    world.tick().await;

    let ended = sinks
        .log()
        .into_iter()
        .filter(|line| line["fields"]["message"] == "ended");
    let ended: Vec<(String, String)> = ended
        .map(|line| {
            let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            assert!(!said(&line["span"]["request_id"]).is_empty(), "{line}");
            assert!(line["fields"]["duration_ms"].is_u64(), "{line}");
            let function = said(&line["span"]["function"]);
            // What begins at the gateway has its trace.
            let traced = said(&line["span"]["trace_id"]).starts_with("Root=1-");
            let by_itself = ["partner-fanout", "partner-sync", "consent-expire"];
            assert_ne!(traced, by_itself.contains(&function.as_str()), "{line}");
            (function, said(&line["fields"]["outcome"]))
        })
        .collect();
    for (function, outcome) in [
        ("consent-capture", "201"),
        ("recipient-registry", "404 unknown-recipient"),
        ("partner-fanout", "done"),
        ("partner-sync", "done"),
        ("consent-expire", "done"),
    ] {
        let named = (function.to_owned(), outcome.to_owned());
        assert!(ended.contains(&named), "{function}: {outcome}");
    }
    assert_eq!(sinks.measured("Captures"), [json!(1)], "of {}", someone.id);
    assert_eq!(sinks.measured("Deliveries").len(), 3);
    assert_eq!(sinks.measured("CommitToAcknowledgement").len(), 3);
    assert_eq!(sinks.measured("SweepLag"), [json!(0)]);
}

#[tokio::test]
async fn a_leak_would_be_noticed_in_every_place_that_is_looked_at() {
    let (mut sinks, _guard) = Sinks::open();
    let world = World::at_noon().await;
    sinks.look_at(&world).await;
    assert_eq!(hits(sinks.texts()), Vec::<String>::new());

    let noticed = async |sinks: &mut Sinks, place: &str| {
        sinks.look_at(&world).await;
        let hits = hits(sinks.take());
        assert!(hits.iter().any(|hit| hit.starts_with(place)), "{place}: {hits:?}");
    };
    tracing::warn!(cause = personal(), "somebody is named");
    noticed(&mut sinks, "the log").await;

    let (store, queue) = world.table_and_queue(policies::all());
    queue.bury(&personal(), "a test").await.expect("a message");
    noticed(&mut sinks, "SendMessage").await;
    world.sqs.forget(ERRANDS);
    world.sqs.put("InteractionsDead", NUMBER);
    noticed(&mut sinks, "the queue InteractionsDead").await;
    world.sqs.forget("InteractionsDead");
    let id = NAME.to_lowercase().parse().expect("a campaign");
    store.campaign(&id).await.expect("an answer");
    noticed(&mut sinks, "a key of GetItem").await;

    let path = format!("/v1/subjects/{}", personal());
    let refused = world
        .send_as(Caller::Service, "GET", &path, &[], Vec::new())
        .await
        .is(400);
    assert_eq!(
        hits([("an error".to_owned(), refused.text)]),
        Vec::<String>::new()
    );
}
