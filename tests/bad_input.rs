//! Malformed, oversized and hostile requests: each gets a problem that names the field and repeats nothing
//! personal, and changes nothing.

use serde_json::{Value, json};
use tests::{Answer, Someone, World, everything};

#[path = "bad_input/acts.rs"]
mod acts;
#[path = "bad_input/erasure.rs"]
mod erasure;
#[path = "bad_input/questions.rs"]
mod questions;
#[path = "bad_input/requests.rs"]
mod requests;

/// What a form or a caller may put into the wrong place. None of it may come back.
const PERSONAL: [&str; 5] = [
    "lovelace",
    "ada@example.org",
    "+39 333 1234567",
    "3331234567",
    "RSSMRA80A01F205X",
];
const JSON: (&str, &str) = ("Content-Type", "application/json");
const PATCH: (&str, &str) = ("Content-Type", "application/merge-patch+json");
const KEY: (&str, &str) = ("Idempotency-Key", "form-9");

/// One bad request, and the problem that it must be.
struct Bad {
    why: &'static str,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    problem: &'static str,
    field: &'static str,
}

type Expected = (u16, &'static str, &'static str);
type Headers<'a> = &'a [(&'static str, &'static str)];

/// A request, of which `{}` in the path is somebody known; no body where it is null.
fn bad(
    why: &'static str,
    method: &'static str,
    path: &str,
    headers: Headers,
    body: Value,
    (status, problem, field): Expected,
) -> Bad {
    let body = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    let (path, headers) = (path.to_owned(), headers.to_vec());
    Bad {
        why,
        method,
        path,
        headers,
        body,
        status,
        problem,
        field,
    }
}

/// Send them all, in one world, and look whether anything has changed.
async fn refused(all: Vec<Bad>) {
    let world = World::at_noon().await;
    world.dealer("dealer-one").await;
    let someone = world.someone().await;
    world
        .grant_keyed(
            &someone,
            "taken",
            json!({ "controls": ["promotional"], "channels": ["sms"] }),
        )
        .await
        .is(201);
    world.grant(&someone, everything()).await.is(201);
    world.settle().await;
    let before = known(&world, &someone).await;

    let mut wrong = Vec::new();
    for bad in all {
        let path = bad.path.replace("{}", &someone.id);
        let answer = world
            .send(bad.method, &path, &bad.headers, bad.body.clone())
            .await;
        if let Err(difference) = is_the_problem(&bad, &answer) {
            wrong.push(format!(
                "{} ({} {path}): {difference}\n    {} {}",
                bad.why, bad.method, answer.status, answer.text
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    world.settle().await;
    assert_eq!(known(&world, &someone).await, before);
}

fn is_the_problem(bad: &Bad, answer: &Answer) -> Result<(), String> {
    let expected = (bad.status, bad.problem, bad.field);
    let told = (
        answer.status,
        answer.problem(),
        answer.body["field"].as_str().unwrap_or("none"),
    );
    if told != expected {
        return Err(format!("expected {expected:?}"));
    }
    if answer.header("content-type") != "application/problem+json" || answer.body["status"] != answer.status {
        return Err("not a problem document".to_owned());
    }
    let text = format!("{}{:?}", answer.text, answer.headers).to_lowercase();
    match PERSONAL
        .iter()
        .find(|personal| text.contains(&personal.to_lowercase()))
    {
        Some(personal) => Err(format!("it repeats {personal}")),
        None => Ok(()),
    }
}

/// All that is known of somebody, and of the recipients.
async fn known(world: &World, someone: &Someone) -> Value {
    let recipients = [
        world.get("/v1/recipients/bmw-ag").await.text,
        world.get("/v1/recipients/dealer-one").await.text,
        world.get("/v1/recipients/dealer-two").await.text,
    ];
    let letters = world.recipients.letters("bmw-ag").len();
    json!([
        world.state(someone).await,
        world.history(someone).await,
        recipients,
        letters
    ])
}
