//! The runner as somebody starts it: the real functions, the demo recipients, and what it prints.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use local::clock::Clock;
use local::issuer::{self, Bearer};
use serde_json::{Value, json};

use crate::http::{Answer, send};

/// What follows a request arrives within the first few of them.
const TRIES_MAX: usize = 300;

struct Runner {
    process: Child,
    printed: BufReader<std::process::ChildStdout>,
    gateway: String,
    started_at: Timestamp,
}

impl Runner {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_local"))
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = BufReader::new(process.stdout.take().unwrap());
        let gateway = loop {
            let mut line = String::new();
            assert!(printed.read_line(&mut line).unwrap() > 0, "it ended");
            if let Some(told) = line.strip_prefix("Assenso is at ") {
                break told.split(',').next().unwrap().to_owned();
            }
        };
        Self {
            process,
            printed,
            gateway,
            started_at: Clock::system().now(),
        }
    }

    /// As a back office, with the token that `token` printed when the runner started.
    async fn ask(&self, request: &str, headers: &[&str], body: &Value) -> Answer {
        let bearer = Bearer {
            scope: "service".to_owned(),
            ..Bearer::default()
        };
        let token = issuer::token(&bearer, self.started_at).unwrap();
        let token = format!("authorization: Bearer {token}");
        let headers = [&["content-type: application/json", &token], headers].concat();
        send(&self.gateway, request, &headers, body.to_string().as_bytes()).await
    }

    /// End it, and say what it printed after the greeting.
    fn printed(mut self) -> String {
        self.process.kill().unwrap();
        let mut printed = String::new();
        self.printed.read_to_string(&mut printed).unwrap();
        printed
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn whoever_moves_the_clock_is_not_locked_out() {
    let runner = Runner::start();
    let week = json!({ "minutes": 7 * 24 * 60 });
    assert_eq!(runner.ask("POST /demo/clock", &[], &week).await.status, 204);
    let asked = runner.ask("GET /v1/recipients/bmw-ag", &[], &Value::Null).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
}

#[tokio::test]
async fn a_recipient_that_cannot_be_registered_is_told_what_could() {
    let runner = Runner::start();
    for (kind, endpoint, why) in [
        ("dealer", "https://example.com/x", "http://127.0.0.1 alone"),
        (
            "shop",
            "http://127.0.0.1:9000/x",
            "group-company, dealer or processor",
        ),
    ] {
        let asked = json!({ "kind": kind, "authorised": true, "endpoint": endpoint });
        let told = runner.ask("PUT /v1/recipients/mine", &[], &asked).await;
        assert!(
            (400..500).contains(&told.status) && told.body.contains(why),
            "{}",
            told.body
        );
    }
}

#[tokio::test]
async fn a_visitor_finds_the_mail_on_the_page_and_a_form_sent_twice_is_no_warning() {
    let runner = Runner::start();
    let form = json!({
        "version": 1,
        "language": "it",
        "brand": "bmw",
        "controls": ["promotional"],
        "channels": ["email"],
        "contact": { "email": "ada@example.com" },
    });
    let key = ["idempotency-key: \"visit-1\""];
    for _ in 0..2 {
        let sent = runner
            .ask("POST /v1/forms/bmw-italia-promotional", &key, &form)
            .await;
        assert!(sent.status < 300, "{}", sent.body);
    }
    let mut tries = 0;
    let mail = loop {
        let page = send(
            &runner.gateway,
            "GET /demo/recipients",
            &["accept: text/html"],
            b"",
        )
        .await;
        if let Some((_, mail)) = page.body.split_once("Mail to ada@example.com: <a href=\"") {
            break mail.to_owned();
        }
        tries += 1;
        assert!(tries < TRIES_MAX, "there is no mail in {}", page.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let (link, _) = mail.split_once('"').unwrap();
    let path = link.strip_prefix(&runner.gateway).unwrap();
    let page = send(
        &runner.gateway,
        &format!("GET {path}"),
        &["accept: text/html"],
        b"",
    )
    .await;
    assert_eq!(page.status, 200, "{}", page.body);

    let printed = runner.printed();
    assert!(!printed.contains("dynoxide"), "{printed}");
}
