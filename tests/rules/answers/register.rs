//! The register of oppositions (DPR 26/2022): a policy may ask for a look that is young enough.

use domain::policy::Policies;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::{CHANNELS, PURPOSES, Someone, World, allowed, alone, contacts, denied, edited};

const NOT_CHECKED: (&str, &str) = ("DPR 26/2022", "register-not-checked");
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The bundled notice, where whoever phones has looked less than 15 days ago.
fn careful() -> &'static Policies {
    alone(vec![edited(&[(
        "[channels.phone]\n",
        "[channels.phone]\nregister_check_days = 15\n",
    )])])
}

async fn check(world: &World, someone: &Someone, asked: Value) -> Value {
    let asked = tests::merged(json!({ "channel": "phone", "enrolled": false }), asked);
    let path = format!("/v1/subjects/{}/register-checks", someone.id);
    world.post(&path, asked).await.is(200).body
}

async fn phone(world: &World, someone: &Someone, who: &str) -> Value {
    world
        .decide(someone, json!({ "who": who, "channel": "phone" }))
        .await
}

fn days_ago(world: &World, days: i64) -> Value {
    let at: Timestamp = world.now() - SignedDuration::from_hours(24 * days);
    json!({ "checked_at": at.to_string() })
}

#[tokio::test]
async fn nobody_is_phoned_before_the_register_was_looked_at_recently() {
    let world = World::under(careful(), "2026-03-02T12:00:00Z").await;
    let someone = world.someone_who_granted_everything().await;
    for who in ["controller", "bmw-ag", "campaign-service"] {
        assert_eq!(denied(&phone(&world, &someone, who).await), NOT_CHECKED, "{who}");
        assert!(world.may(&someone, who, "email").await, "{who}");
        assert!(world.may(&someone, who, "post").await, "{who}");
    }

    // A look that is too old is none.
    check(&world, &someone, days_ago(&world, 15)).await;
    let answer = phone(&world, &someone, "controller").await;
    assert_eq!((denied(&answer), &answer["acts"]), (NOT_CHECKED, &json!([2])));

    check(&world, &someone, days_ago(&world, 14)).await;
    for who in ["controller", "bmw-ag", "campaign-service"] {
        let answer = phone(&world, &someone, who).await;
        assert_eq!(allowed(&answer)[0], "consented", "{who}");
        assert_eq!(answer["valid_until"], "2026-03-03T12:00:00.000Z", "{who}");
    }
    // It holds until it says, and not a millisecond longer.
    world.advance(DAY - SignedDuration::from_millis(1));
    assert_eq!(phone(&world, &someone, "bmw-ag").await["allowed"], true);
    world.advance(SignedDuration::from_millis(1));
    assert_eq!(denied(&phone(&world, &someone, "bmw-ag").await), NOT_CHECKED);

    check(&world, &someone, json!({})).await;
    assert_eq!(phone(&world, &someone, "bmw-ag").await["allowed"], true);
    let act = world.history(&someone).await.pop().unwrap_or_default();
    let said = [&act["act"], &act["channel"], &act["enrolled"]];
    assert_eq!(said, [&json!("register-checked"), &json!("phone"), &json!(false)]);
    world.settle().await;
}

#[tokio::test]
async fn an_enrolment_revokes_earlier_consents_for_its_channel_and_no_later_ones() {
    let world = World::under(careful(), "2026-03-02T12:00:00Z").await;
    let someone = world.someone_who_granted_everything().await;
    check(&world, &someone, json!({})).await;
    world.settle().await;
    assert_eq!(phone(&world, &someone, "bmw-ag").await["allowed"], true);

    world.advance(DAY);
    check(&world, &someone, json!({ "enrolled": true })).await;
    let answer = phone(&world, &someone, "bmw-ag").await;
    assert_eq!(
        (denied(&answer), &answer["acts"]),
        (("GDPR 7(3)", "withdrawn"), &json!([3]))
    );
    assert!(world.may(&someone, "bmw-ag", "email").await);
    world.settle().await;
    let told = world.told("bmw-ag", &someone);
    let last = told.last().expect("something told");
    assert_eq!(last.change, "withdrawn");
    assert_eq!(last.facets, contacts(&PURPOSES, &["phone"]));

    world.advance(DAY);
    let again = json!({ "controls": ["promotional"], "channels": ["phone"] });
    world.grant(&someone, again).await.is(201);
    assert_eq!(phone(&world, &someone, "bmw-ag").await["allowed"], true);
    world.settle().await;

    // An enrolment from before the consent, learnt only now, revokes nothing.
    let other = world.someone_who_granted_everything().await;
    let enrolled = tests::merged(days_ago(&world, 1), json!({ "enrolled": true }));
    check(&world, &other, enrolled).await;
    assert_eq!(phone(&world, &other, "bmw-ag").await["allowed"], true);
    world.settle().await;
}

#[tokio::test]
async fn the_shipped_policies_ask_for_no_look_at_the_register() {
    let channels = || policies::all().iter().flat_map(|policy| policy.channels.values());
    assert_eq!(channels().count(), 2 * CHANNELS.len());
    assert!(channels().all(|channel| channel.register_check_days.is_none()));

    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    for channel in ["phone", "post"] {
        let question = json!({ "who": "controller", "channel": channel });
        assert_eq!(allowed(&world.decide(&someone, question).await), ["consented"]);
    }
    world.settle().await;
}
