//! What each function is handed where only its size matters: events of its own kind, about somebody else each time.

use std::iter::repeat_with;

use serde_json::{Value, json};
use tests::{BUNDLED, ERRANDS, Someone, World, a_consent, everything, merged, recorded};

/// So many events for a function; what they are about is there.
///
/// # Panics
///
/// If the function is new, and nobody has said here what it is handed.
pub(crate) async fn of(world: &World, function: &str, count: usize) -> Vec<Value> {
    let mut people = Vec::new();
    for _ in 0..count {
        people.push(world.someone_who_granted_everything().await);
    }
    match function {
        "campaign-statistics" => {
            world.declare("spring", json!({})).await.is(201);
            always(count, || get("/v1/campaigns/spring/statistics"))
        }
        "consent-capture" => {
            let asked = merged(a_consent(), everything());
            each(
                &people,
                "POST",
                "consents",
                &[("idempotency-key", "\"once-more\"")],
                &asked,
            )
        }
        "consent-decide" => {
            let question = |someone: &Someone| {
                let asked = json!({ "who": "bmw-ag", "purpose": "marketing", "channel": "phone" });
                let asked = merged(json!({ "subject": someone.id }), asked);
                let asked = json!({ "questions": [asked] }).to_string();
                recorded::http("POST", "/v1/decisions", "", &[], &asked)
            };
            people.iter().map(question).collect()
        }
        "consent-expire" => always(count, recorded::schedule),
        "consent-revoke" => each(&people, "POST", "withdrawals", &[], &json!({ "all": true })),
        "interaction-track" => {
            world.declare("spring", json!({})).await.is(201);
            let report = |someone: &Someone| {
                let report = json!({ "events": [world.event(someone, "delivered", json!({}))] }).to_string();
                recorded::sqs([&report, &report])
            };
            people.iter().map(report).collect()
        }
        "partner-fanout" => {
            let change = |someone: &Someone| recorded::stream(&format!("CHAIN#{}", someone.pseudonym));
            people.iter().map(change).collect()
        }
        "partner-sync" => {
            world.fan_out().await;
            let errands = world.sqs.bodies(ERRANDS);
            let pairs = errands.chunks_exact(2).take(count);
            pairs.map(|pair| recorded::sqs([&pair[0], &pair[1]])).collect()
        }
        "person-pages" => always(count, || get(&format!("/v1/forms/{BUNDLED}"))),
        "profile-update" => {
            let patched = json!({ "contact": { "given-name": "Anna", "city": "Trento" } });
            let patch = |someone: &Someone| {
                let path = format!("/v1/subjects/{}/profile", someone.id);
                let headers = [("content-type", "application/merge-patch+json")];
                recorded::http("PATCH", &path, "source=subject", &headers, &patched.to_string())
            };
            people.iter().map(patch).collect()
        }
        "recipient-registry" => always(count, || get("/v1/recipients/bmw-ag")),
        new => panic!("say what {new} is handed"),
    }
}

fn get(path: &str) -> Value {
    recorded::http("GET", path, "", &[], "")
}

fn always(count: usize, event: impl Fn() -> Value) -> Vec<Value> {
    repeat_with(event).take(count).collect()
}

fn each(people: &[Someone], method: &str, what: &str, headers: &[(&str, &str)], body: &Value) -> Vec<Value> {
    let request = |someone: &Someone| {
        let path = format!("/v1/subjects/{}/{what}", someone.id);
        recorded::http(method, &path, "", headers, &body.to_string())
    };
    people.iter().map(request).collect()
}
