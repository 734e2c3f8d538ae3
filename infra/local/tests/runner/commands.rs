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
    ] {
        let (worked, text) = said(&run(words).await);
        assert!(!worked && text.contains(why), "{words:?}: {text}");
    }
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
