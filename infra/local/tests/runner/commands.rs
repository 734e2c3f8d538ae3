//! An operator's commands, as an operator runs them: against whatever the environment names.

use std::process::{Command, Output};

use local::system::{Options, System};

use crate::{options, started};

/// Run a command against a system that is there.
async fn run(words: &'static [&'static str]) -> Output {
    let system = started(local::invoke::Functions::default()).await;
    let endpoints = system.endpoints.clone();
    let errands = endpoints.queues["Errands"].clone();
    let ran = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_local"))
            .args(words)
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_REGION", local::sdk::REGION)
            .env("TABLE_NAME", &endpoints.table)
            .env("QUEUE_URL", errands)
            .env("AWS_ENDPOINT_URL_DYNAMODB", &endpoints.dynamodb)
            .env("AWS_ENDPOINT_URL_SQS", &endpoints.sqs)
            .output()
    });
    ran.await.unwrap().unwrap()
}

fn said(output: &Output) -> (bool, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn recompute_and_reconcile_speak_to_the_endpoints_that_the_environment_names() {
    let nobody = "0 of 0 subjects";
    let (worked, text) = said(&run(&["due", "recompute"]).await);
    assert!(worked && text.contains(nobody), "{text}");
    let reconcile = &["reconcile", "--since", "2026-03-01T12:00:00Z", "--dry-run"];
    let (worked, text) = said(&run(reconcile).await);
    assert!(worked && text.contains(nobody), "{text}");
}

#[tokio::test]
async fn a_command_that_is_not_understood_fails_and_says_why() {
    for (words, why) in [
        (&["reconcile"][..], "--since"),
        (&["reconcile", "--since", "yesterday"], "--since wants an instant"),
        (
            &["reconcile", "--since", "2026-03-01T12:00:00Z", "--fast"],
            "--fast",
        ),
        (&["due", "recompute", "--notice", "x"], "--version"),
        (&["due", "recompute", "--rate", "fast"], "--rate wants a number"),
        (
            &["due", "recompute", "--notice", "x", "--version", "one"],
            "--version wants a number",
        ),
        (
            &["token", "--scope", "foo"],
            "--scope wants one of auditor, partner, service",
        ),
        (&["token", "--scope", "staff service"], "--scope wants one of"),
    ] {
        let (worked, text) = said(&run(words).await);
        assert!(!worked && text.contains(why), "{words:?}: {text}");
    }
}

#[test]
fn what_the_environment_lacks_is_told_all_at_once() {
    let reconcile = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["reconcile", "--since", "2026-03-01T12:00:00Z"])
        .env_clear()
        .env("AWS_REGION", local::sdk::REGION)
        .output()
        .unwrap();
    let (worked, text) = said(&reconcile);
    assert!(!worked);
    let needed = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, TABLE_NAME, QUEUE_URL";
    assert_eq!(text, format!("the environment must set {needed}\n"));
}

#[test]
fn a_table_that_is_not_reached_is_told_in_a_sentence() {
    let recompute = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["due", "recompute"])
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_REGION", local::sdk::REGION)
        .env("TABLE_NAME", "table")
        .env("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
        .output()
        .unwrap();
    let (worked, text) = said(&recompute);
    assert!(!worked);
    assert!(text.starts_with("the table did not answer: "), "{text}");
    assert!(text.contains("Connection refused"), "{text}");
    assert!(!text.contains("DispatchFailure") && text.len() < 300, "{text}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_in_a_sentence() {
    let there = started(local::invoke::Functions::default()).await;
    let port = there.endpoints.gateway.rsplit(':').next().unwrap();
    let port = port.parse().unwrap();

    let options = Options { port, ..options() };
    let second = System::start(options, |_| Ok(local::invoke::Functions::default())).await;
    let told = second.err().unwrap().to_string();
    assert!(
        told.starts_with(&format!("port {port} of this computer is taken")),
        "{told}"
    );
}
