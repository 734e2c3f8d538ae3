//! The live picture, as its page sees it.

use local::invoke::Functions;
use local::live::Live;
use local::system::{Options, System};
use serde_json::{Value, json};

use crate::http::send;
use crate::{Stub, failing, options};

/// A system that is looked at, with these functions.
async fn looked_at(functions: Functions) -> (System, Live) {
    let options = options();
    let live = Live::new(options.clock.clone());
    let template = options.template.clone();
    let options = Options {
        routes: live.router(),
        ..options
    };
    let system = System::start(options, |_| Ok(live.watch(functions)))
        .await
        .unwrap();
    live.open(&system, template, platform::courier::client().unwrap());
    (system, live)
}

async fn post(system: &System, path: &str, body: &str) -> (u16, Value) {
    let headers = ["content-type: application/json"];
    let told = send(
        &system.endpoints.gateway,
        &format!("POST {path}"),
        &headers,
        body.as_bytes(),
    )
    .await;
    (told.status, serde_json::from_str(&told.body).unwrap_or_default())
}

/// What an open page is told while something happens.
async fn told(system: &System, live: &Live, happens: impl Future<Output = ()>) -> Vec<Value> {
    let gateway = system.endpoints.gateway.clone();
    let page = tokio::spawn(async move { send(&gateway, "GET /demo/happenings", &[], b"").await });
    while live.pages() == 0 {
        tokio::task::yield_now().await;
    }
    happens.await;
    live.close();
    let lines = page.await.unwrap().body;
    let data = lines.lines().filter_map(|line| line.strip_prefix("data: "));
    let told = data.map(|data| serde_json::from_str(data).unwrap());
    told.flat_map(|told: Value| told.as_array().cloned().unwrap_or(vec![told]))
        .collect()
}

#[tokio::test]
async fn a_page_is_told_which_function_was_called_and_how_it_ended() {
    let echo = Stub::answering(|_| Ok(json!({ "statusCode": 409 })));
    let (system, live) = looked_at(echo.alone_as("echo")).await;

    let gateway = system.endpoints.gateway.clone();
    let told = told(&system, &live, async move {
        send(&gateway, "POST /echo/anna-bianchi", &[], b"secret").await;
    })
    .await;

    let of = |kind: &str| told.iter().find(|told| told["kind"] == kind).unwrap();
    assert_eq!(of("called")["what"], "ANY /echo/{name}");
    assert_eq!(of("ended")["outcome"], "refused");
    assert_eq!(of("ended")["status"], 409);
    let all = json!(told).to_string();
    assert!(!all.contains("anna") && !all.contains("secret"));
}

#[tokio::test]
async fn an_errand_that_fails_is_told_as_failed() {
    let sync = Stub::answering(|event| Ok(failing(event, "/body", &["bad"], "/messageId")));
    let (mut system, live) = looked_at(sync.alone_as("sync")).await;
    system.sqs.put("Errands", "bad");
    for consumer in &mut system.consumers {
        consumer.poll().await.unwrap();
    }

    let told = told(&system, &live, async {}).await;
    let ended = told.iter().find(|told| told["kind"] == "ended").unwrap();
    assert_eq!(
        (&ended["by"], &ended["outcome"]),
        (&json!("queue"), &json!("failed"))
    );
}

#[tokio::test]
async fn a_button_that_cannot_do_it_says_so_in_a_sentence_and_changes_nothing() {
    let (system, _live) = looked_at(Functions::default()).await;
    let before = system.clock.now();

    for (path, body, status) in [
        ("/demo/stories/unheard-of", r#"{"pace_ms":0}"#, 404),
        ("/demo/stories/nearby", r#"{"pace_ms":"fast"}"#, 400),
        ("/demo/stories/nearby", "{", 400),
        ("/demo/recipients/nobody", r#"{"down":true}"#, 404),
        ("/demo/recipients/bmw-ag", r#"{"up":true}"#, 400),
        ("/demo/clock", r#"{"minutes":0}"#, 400),
        ("/demo/clock", r#"{"minutes":-1}"#, 400),
        ("/demo/clock", r#"{"minutes":10081}"#, 400),
        ("/demo/poison", r#"{"twice":true}"#, 400),
    ] {
        let (told, problem) = post(&system, path, body).await;
        assert_eq!(told, status, "{path} {body}");
        assert!(
            problem["problem"].as_str().unwrap().ends_with('.'),
            "{path} {body}"
        );
    }
    assert_eq!(system.clock.now(), before);
    assert!(system.sqs.letters("Errands").is_empty());
    // Another website's form cannot post JSON without asking first.
    let form = ["content-type: text/plain"];
    let told = send(
        &system.endpoints.gateway,
        "POST /demo/clock",
        &form,
        br#"{"minutes":1}"#,
    )
    .await;
    assert_eq!(told.status, 400);
    assert_eq!(system.clock.now(), before);
}

#[tokio::test]
async fn the_page_allows_no_script_and_no_request_but_its_own() {
    let (system, _live) = looked_at(Functions::default()).await;

    for path in ["/", "/demo/live.js", "/demo/live.css"] {
        let told = send(&system.endpoints.gateway, &format!("GET {path}"), &[], b"").await;
        assert_eq!(told.status, 200, "{path}");
        assert!(
            told.head
                .contains("content-security-policy: default-src 'none'; script-src 'self'")
        );
        assert!(!told.head.contains("unsafe"));
        assert!(!told.body.contains("https://"), "{path}");
    }
}
