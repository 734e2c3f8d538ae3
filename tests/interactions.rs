//! What becomes of the e-mails (S29, S45 to S52): reports come in through the queue, statistics and
//! suppressions go out through the API.

use domain::policy::Policies;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{INTERACTIONS, Someone, World};

#[path = "interactions/address.rs"]
mod address;
#[path = "interactions/dated.rs"]
mod dated;
#[path = "interactions/kept.rs"]
mod kept;
#[path = "interactions/late.rs"]
mod late;
#[path = "interactions/statistics.rs"]
mod statistics;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The shipped notices, but with statistics that show every count.
fn telling_all() -> &'static Policies {
    let policies = policies::all().iter().cloned().map(|mut policy| {
        policy.terms.smallest_cell = 1;
        policy
    });
    Box::leak(Box::new(Policies::new(policies.collect())))
}

/// A world with the campaign `spring`, whose statistics show every count.
async fn spring() -> World {
    let world = World::under(telling_all(), "2026-03-02T12:00:00Z").await;
    world.declare("spring", json!({})).await.is(201);
    world
}

/// How many recipients the statistics of `spring` tell of in one cell.
async fn recipients(world: &World, kind: &str) -> Value {
    world.statistics("spring").await["recipients"][kind].clone()
}

async fn click(world: &World, someone: &Someone, otherwise: Value) {
    let event = world.event(someone, "link-clicked", otherwise);
    world.report(vec![event]).await;
}

#[tokio::test]
async fn s29_a_campaign_declares_a_purpose_and_a_message_type_of_the_notice() {
    let world = World::at_noon().await;
    for (field, otherwise) in [
        ("/purpose", json!({ "purpose": "credit" })),
        ("/message_type", json!({ "message_type": "care-programme" })),
        ("/message_type", json!({ "purpose": "care" })),
        ("/brand", json!({ "brand": "other" })),
    ] {
        let refused = world.declare("spring", otherwise).await.is(422);
        assert_eq!(refused.body["field"], field);
    }
    world.get("/v1/campaigns/spring/statistics").await.is(404);

    world.declare("spring", json!({})).await.is(201);
    world.declare("spring", json!({})).await.is(200);
    let care = json!({ "purpose": "care", "message_type": "care-programme", "brand": "mini" });
    let refused = world.declare("spring", care.clone()).await.is(409);
    assert_eq!(refused.problem(), "declared-otherwise");
    world.declare("autumn", care).await.is(201);
}

#[tokio::test]
async fn s29_events_of_a_campaign_that_was_not_declared_are_dropped() {
    let world = spring().await;
    let someone = world.someone_who_granted_everything().await;
    click(&world, &someone, json!({ "campaign": "autumn" })).await;
    assert_eq!(world.tracked(&someone).await, Value::Null);

    world.declare("autumn", json!({})).await.is(201);
    assert_eq!(
        world.statistics("autumn").await["recipients"]["link-clicked"],
        Value::Null
    );
}

#[tokio::test]
async fn s45_interactions_are_stored_only_where_email_is_consented() {
    let world = spring().await;
    let by_mail = world.someone().await;
    let by_phone = world.someone().await;
    let nobody = world.someone().await;
    for (someone, channel) in [(&by_mail, "email"), (&by_phone, "phone")] {
        let asked = json!({ "controls": ["promotional"], "channels": [channel] });
        world.grant(someone, asked).await.is(201);
    }
    for someone in [&by_mail, &by_phone, &nobody] {
        click(&world, someone, json!({ "link": "hero" })).await;
    }

    let stored = world.tracked(&by_mail).await;
    assert_eq!(stored["link-click"][0]["campaign"], "spring");
    assert_eq!(stored["link-click"][0]["target"], "hero");
    assert_eq!(world.tracked(&by_phone).await, Value::Null);
    assert_eq!(world.tracked(&nobody).await, Value::Null);
    // A mail that was sent to somebody who did not consent to it is no success of the campaign either.
    assert_eq!(recipients(&world, "link-clicked").await, 1);
}

#[tokio::test]
async fn s45_consent_to_email_for_another_purpose_is_none_for_this_campaign() {
    let world = spring().await;
    let someone = world.someone().await;
    let asked = json!({
        "notice": { "id": tests::UNBUNDLED, "version": 1, "language": "it" },
        "facets": ["care/email", "profiling"],
    });
    world.grant(&someone, asked).await.is(201);
    click(&world, &someone, json!({})).await;
    assert_eq!(world.tracked(&someone).await, Value::Null);

    let care = json!({ "purpose": "care", "message_type": "care-programme" });
    world.declare("care-letter", care).await.is(201);
    click(&world, &someone, json!({ "campaign": "care-letter" })).await;
    assert_eq!(
        world.tracked(&someone).await["link-click"][0]["campaign"],
        "care-letter"
    );
}

#[tokio::test]
async fn s46_receipts_and_clicks_are_tracked_and_nothing_else() {
    let world = spring().await;
    let someone = world.someone_who_granted_everything().await;
    let more =
        json!({ "device": "mirror", "ip": "192.0.2.1", "duration_s": 7, "link": "hero", "content": "video" });
    let kinds = [
        "delivered",
        "link-clicked",
        "content-clicked",
        "opened",
        "forwarded",
        "printed",
    ];
    let events = kinds.map(|kind| world.event(&someone, kind, more.clone()));
    world.calls.forget();
    world.report(events.to_vec()).await;

    let stored = world.tracked(&someone).await;
    let (at, until) = ("2026-03-02T12:00:00.000Z", "2027-03-02T12:00:00.000Z");
    assert_eq!(
        stored,
        json!({
            "receipt": [{ "campaign": "spring", "at": at, "until": until }],
            "link-click": [{ "campaign": "spring", "at": at, "until": until, "target": "hero" }],
            "content-click": [{ "campaign": "spring", "at": at, "until": until, "target": "video" }],
        })
    );
    for made in world.calls.made().iter().filter(|made| made.call.is_write()) {
        let request = made.call.request.to_string();
        for dropped in ["mirror", "192.0.2.1", "duration_s", "opened", "printed"] {
            assert!(!request.contains(dropped), "{dropped} in {request}");
        }
    }
}

#[tokio::test]
async fn s46_a_report_that_cannot_be_read_goes_to_the_dead_letters() {
    let world = spring().await;
    let someone = world.someone_who_granted_everything().await;
    let too_many = vec![world.event(&someone, "delivered", json!({})); 101];
    let by_address = world.event(&someone, "delivered", json!({ "subject": "someone@example.com" }));
    let by_url = world.event(
        &someone,
        "link-clicked",
        json!({ "link": "https://www.bmw.it/?who=4711" }),
    );
    for events in [
        json!(too_many),
        json!([by_address]),
        json!([by_url]),
        json!("none"),
    ] {
        world.arrive(&json!({ "events": events }).to_string()).await;
    }
    assert_eq!(world.sqs.dead_letters(INTERACTIONS).len(), 4);
    assert_eq!(world.tracked(&someone).await, Value::Null);
    assert_eq!(recipients(&world, "delivered").await, Value::Null);

    // The others are not held up.
    click(&world, &someone, json!({})).await;
    assert_eq!(recipients(&world, "link-clicked").await, 1);
}
