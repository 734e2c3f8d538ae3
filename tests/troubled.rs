//! Recipients in trouble: dead, slow, gone, babbling. The others feel nothing of it, and when it is over,
//! everybody holds what it may.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{ERRANDS, Manner, Someone, World};

#[path = "troubled/certificates.rs"]
mod certificates;
#[path = "troubled/debts.rs"]
mod debts;
#[path = "troubled/given_up.rs"]
mod given_up;
#[path = "troubled/hanging.rs"]
mod hanging;
#[path = "troubled/keys.rs"]
mod keys;
#[path = "troubled/limits.rs"]
mod limits;
#[path = "troubled/many.rs"]
mod many;
#[path = "troubled/pauses.rs"]
mod pauses;
#[path = "troubled/probes.rs"]
mod probes;
#[path = "troubled/reconcile.rs"]
mod reconcile;
#[path = "troubled/recoveries.rs"]
mod recoveries;
#[path = "troubled/schedule.rs"]
mod schedule;
#[path = "troubled/unreadable.rs"]
mod unreadable;

const NOTICED: [&str; 3] = ["bmw-ag", "marketing-platform", "campaign-service"];
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// People who granted everything, one after the other.
async fn people(world: &World, count: usize) -> Vec<Someone> {
    let mut people = Vec::new();
    for _ in 0..count {
        people.push(world.someone_who_granted_everything().await);
        world.settle().await;
    }
    people
}

#[tokio::test]
async fn one_dead_recipient_of_ten_is_asked_seldom_and_costs_the_others_nothing() {
    let world = World::at_noon().await;
    let dealers: Vec<String> = (1..=7).map(|number| format!("dealer-{number}")).collect();
    for dealer in &dealers {
        world.dealer(dealer).await;
    }
    world.tick().await;
    world.recipients.set("bmw-ag", Manner::IsDown);
    let mut people = Vec::new();
    for minute in 0..60 {
        let someone = world.someone_who_granted_everything().await;
        let dealer = &dealers[minute % dealers.len()];
        world
            .relate(&someone, dealer, "preferred", "account", json!({}))
            .await
            .is(200);
        world.settle().await;
        for healthy in ["marketing-platform", "campaign-service", dealer.as_str()] {
            world
                .everyone_is_in_step(std::slice::from_ref(&someone), &[healthy])
                .await;
        }
        people.push(someone);
        world.advance(MINUTE);
        world.tick().await;
    }
    let asked = world.recipients.requests("bmw-ag");
    assert!((1..=120).contains(&asked), "{asked} requests in an hour");

    world.recipients.set("bmw-ag", Manner::Acknowledges);
    for _ in 0..3 {
        world.advance(MINUTE);
        world.tick().await;
    }
    world.everyone_is_in_step(&people, &NOTICED).await;
}

#[tokio::test]
async fn one_poison_message_is_put_aside_at_once_and_costs_the_others_nothing() {
    let (no_json, of_another_shape) = ("no JSON from line 1, column ", "JSON, but of another shape");
    let poisons = [
        ("this is not ours", no_json),
        ("{}", of_another_shape),
        (
            r#"{"errand":"teleport","subject":"x","version":7}"#,
            of_another_shape,
        ),
        (
            r#"{"errand":"deliver","subject":"customer-1","recipient":"bmw-ag","version":1}"#,
            of_another_shape,
        ),
        (
            r#"{"errand":"deliver","recipient":"bmw-ag","version":1}"#,
            of_another_shape,
        ),
        (" ", no_json),
    ];
    for (poison, why) in poisons {
        let world = World::at_noon().await;
        let mut people = Vec::new();
        for _ in 0..3 {
            people.push(world.someone_who_granted_everything().await);
        }
        world.fan_out().await;
        world.sqs.put(ERRANDS, poison);
        world.settle().await;

        world.everyone_is_in_step(&people, &NOTICED).await;
        // Each of the other nine was claimed once, and no more.
        for recipient in NOTICED {
            assert_eq!(world.recipients.requests(recipient), 3, "{recipient}");
            let letters = world.recipients.letters(recipient);
            assert!(letters.iter().all(|letter| letter.sequence == 1), "{recipient}");
        }
        assert_eq!(world.sqs.bodies(ERRANDS), [""; 0], "nothing comes again");
        // What is not ours may name somebody: the reason is kept, and not the message.
        assert_eq!(world.sqs.bodies("ErrandsDead"), ["(withheld)"]);
        let dead = world.sqs.letters("ErrandsDead").remove(0);
        let reason = dead.reason.unwrap_or_default();
        let expected = format!("not a message of ours: {why}");
        assert!(reason.starts_with(&expected), "{reason}");
        assert_eq!(dead.sent_at, world.now(), "at once");
        world.sqs.forget("ErrandsDead");
    }
}

/// It is one of ours, and perhaps of a future that never comes.
#[tokio::test]
async fn an_errand_about_an_act_that_there_is_not_tells_what_the_record_says() {
    for version in [2, u32::MAX - 1, u32::MAX] {
        let world = World::at_noon().await;
        let someone = world.someone_who_granted_everything().await;
        world.lose_the_stream().await;
        let errand = json!({ "errand": "deliver", "subject": someone.pseudonym, "recipient": "bmw-ag", "version": version });
        world.sqs.put(ERRANDS, &errand.to_string());
        world.settle().await;
        world.everyone_is_in_step(&[someone], &["bmw-ag"]).await;
        assert_eq!(world.recipients.requests("bmw-ag"), 1, "{version}");
        assert_eq!(world.sqs.bodies(ERRANDS), [""; 0], "{version}");
    }
}

#[tokio::test]
async fn one_that_answers_at_length_or_letter_by_letter_has_acknowledged_all_the_same() {
    for manner in [Manner::Babbles, Manner::Dawdles] {
        let world = World::at_noon().await;
        world.recipients.set("bmw-ag", manner);
        let someone = world.someone_who_granted_everything().await;
        world.settle().await;
        assert_eq!(world.recipients.requests("bmw-ag"), 1);
        assert_eq!(told_of(&world, &someone, "bmw-ag").await["state"], "up-to-date");
    }
}

#[tokio::test]
async fn one_that_ignores_the_order_converges_if_it_finishes_within_the_lease_after_we_hang_up() {
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    let late = Manner::FinishesLate { after_s: 59 };
    world.recipients.set("bmw-ag", late);
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::Acknowledges);
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    assert_eq!(
        world.recipients.requests("bmw-ag"),
        1,
        "it may be at work on the first"
    );

    world.advance(SignedDuration::from_secs(59));
    let held = world.recipients.holds_if_heedless("bmw-ag", &someone.pseudonym);
    assert!(!held.0.is_empty(), "it has finished");
    for _ in 0..3 {
        world.advance(MINUTE * 3);
        world.tick().await;
    }
    let held = world.recipients.holds_if_heedless("bmw-ag", &someone.pseudonym);
    assert_eq!(held, Default::default(), "what came last says the last word");
    let letters = world.recipients.letters("bmw-ag");
    assert!(letters.is_sorted_by_key(|letter| letter.sequence));
}

#[tokio::test]
async fn an_endpoint_that_leads_into_the_house_is_refused() {
    let world = World::at_noon().await;
    let inside = [
        "https://127.0.0.1/x",
        "http://localhost/x",
        "http://10.0.0.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/x",
        "http://[::ffff:10.0.0.1]/x",
        "http://[64:ff9b::a00:1]/x",
        "http://224.0.0.1/x",
        "http://0.0.0.0/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "not a url",
        "",
    ];
    for endpoint in inside {
        let asked = json!({ "kind": "dealer", "authorised": true, "endpoint": endpoint });
        let refused = world.put("/v1/recipients/dealer-one", asked).await.is(422);
        assert_eq!(
            (refused.problem(), &refused.body["field"]),
            ("bad-endpoint", &json!("/endpoint")),
            "{endpoint}"
        );
    }
    world.get("/v1/recipients/dealer-one").await.is(404);
}

/// Let so many minutes pass, each with its sweep; how often the recipient was asked in them.
async fn asked_in(world: &World, minutes: usize, recipient: &str) -> usize {
    let before = world.recipients.requests(recipient);
    for _ in 0..minutes {
        world.advance(MINUTE);
        world.tick().await;
    }
    world.recipients.requests(recipient) - before
}

/// What the subject is shown of one recipient.
async fn told_of(world: &World, someone: &Someone, recipient: &str) -> Value {
    let path = format!("/v1/subjects/{}/recipients", someone.id);
    let told = world.get(&path).await.is(200).body;
    let entries = told["recipients"].as_array().cloned().unwrap_or_default();
    let mut entries = entries.into_iter();
    entries
        .find(|entry| entry["recipient"] == recipient)
        .unwrap_or_default()
}
