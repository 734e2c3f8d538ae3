//! What a delivery costs our processor, beside a bare loop that signs and posts a letter as long, in instructions
//! that callgrind counts: `cargo run --profile measure -p tests --bin delivery_cost`, with valgrind installed.
//!
//! Without arguments it is the world (engine, recipient, people), and runs itself under callgrind for each part:
//! `deliver` invokes the real `partner-sync` with batches of ten errands, `calls` makes the very calls to the table
//! that these deliveries made and does nothing with the answers, `post` is the bare loop. Each runs with few and
//! with many deliveries, so that starting up is left out; engine and recipient are another process's affair.

use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity, ReturnValue};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::Router;
use axum::http::StatusCode;
use local::clock::Clock;
use local::engine::Endpoints;
use local::{functions, sdk};
use partner_sync::Parts;
use platform::courier::{self, Courier};
use platform::endpoint::Reach;
use platform::inside::Inside;
use platform::token::{Links, Tokens};
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tests::{ERRANDS, World, a_whole_profile};

const RECIPIENT: &str = "bmw-ag";
const BATCH: usize = 10;
const FEW: usize = 10;
const MANY: usize = 40;
const RATIO_MAX: f64 = 5.0;
/// What the program is told to do under callgrind, and where it says with what.
const TASK: &str = "ASSENSO_TASK";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How long the last letter was.
static LETTER_BYTES: AtomicUsize = AtomicUsize::new(0);

#[derive(Serialize, Deserialize)]
struct Task {
    what: What,
    dynamodb: String,
    table: String,
    recipient: String,
    errands: Vec<String>,
    /// The calls that deliver them: operation and request.
    calls: Vec<(String, Value)>,
    letter: String,
}

#[derive(Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
enum What {
    Deliver,
    Calls,
    Post,
}

fn main() -> ExitCode {
    match env::var(TASK) {
        Ok(file) => {
            let task = fs::read_to_string(file).expect("a task");
            // As Lambda runs it: on one thread.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime
                .expect("a runtime")
                .block_on(run(&serde_json::from_str(&task).expect("a task")));
            ExitCode::SUCCESS
        }
        Err(_) => {
            let runtime = tokio::runtime::Runtime::new();
            runtime.expect("a runtime").block_on(measure())
        }
    }
}

// ---- the world

async fn measure() -> ExitCode {
    let world = World::at(&Clock::system().now().to_string()).await;
    let recipient = recipient().await;
    let settings = json!({ "kind": "group-company", "role": "separate-controller", "endpoint": recipient });
    world.register(RECIPIENT, settings).await.is(200);
    world.settle().await;

    let mut each = Vec::new();
    for what in [What::Deliver, What::Calls, What::Post] {
        let few = instructions(&task(&world, what, &recipient, FEW).await);
        let many = instructions(&task(&world, what, &recipient, MANY).await);
        each.push((many - few) / (MANY - FEW) as f64);
    }
    let (deliver, calls, post) = (each[0], each[1], each[2]);
    let ratio = (deliver - calls) / post;
    println!("a delivery                  {deliver:>12.0} instructions");
    println!("its calls to the table      {calls:>12.0}");
    println!("a bare signed post          {post:>12.0}");
    println!("the rest of a delivery is {ratio:.2} bare posts; at most {RATIO_MAX}");
    if ratio > RATIO_MAX {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// So many people with a whole profile, of whom the recipient has just to be told.
async fn task(world: &World, what: What, recipient: &str, people: usize) -> Task {
    let mut all = Vec::new();
    for _ in 0..people {
        let someone = world.someone_who_granted_everything().await;
        world.patch_profile(&someone, a_whole_profile()).await.is(200);
        all.push(someone);
    }
    world.fan_out().await;
    let mut errands = world.sqs.bodies(ERRANDS);
    errands.retain(|errand| errand.contains(RECIPIENT));
    world.sqs.forget(ERRANDS);
    assert_eq!(errands.len(), people, "one each");

    let mut calls = Vec::new();
    if what == What::Calls {
        errands.iter().for_each(|errand| world.sqs.put(ERRANDS, errand));
        world.calls.forget();
        world.settle().await;
        for made in world.calls.take() {
            calls.push((made.call.operation, made.call.request));
        }
        // As if it had not been told: the same calls come to the same again.
        let (engine, table) = world.engine();
        for someone in &all {
            let key = |text: String| AttributeValue::S(text);
            let entry = engine.delete_item().table_name(&table);
            let entry = entry.key("pk", key(format!("LEDGER#{}", someone.pseudonym)));
            let deleted = entry.key("sk", key(RECIPIENT.to_owned())).send().await;
            deleted.expect("the engine");
        }
    }
    Task {
        what,
        dynamodb: world.endpoints().dynamodb.clone(),
        table: world.endpoints().table.clone(),
        recipient: recipient.to_owned(),
        errands,
        calls,
        letter: "x".repeat(LETTER_BYTES.load(Ordering::Relaxed)),
    }
}

/// Acknowledges everything, and keeps its connections.
async fn recipient() -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let url = format!("http://{}/events", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(async |letter: axum::body::Bytes| {
        LETTER_BYTES.store(letter.len(), Ordering::Relaxed);
        StatusCode::NO_CONTENT
    });
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

/// Of this program, doing that.
fn instructions(task: &Task) -> f64 {
    let file = env::temp_dir().join(format!("assenso-task-{}.json", std::process::id()));
    fs::write(&file, serde_json::to_string(task).expect("a task")).expect("a file");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().expect("this program"))
        .env(TASK, &file);
    let done = tokio::task::block_in_place(|| valgrind.output()).expect("valgrind");
    drop(fs::remove_file(&file));
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}");
    let counted = told.lines().find_map(|line| line.split("Collected :").nth(1));
    counted
        .and_then(|counted| counted.trim().parse().ok())
        .expect("a count")
}

// ---- what is counted

async fn run(task: &Task) {
    match task.what {
        What::Deliver => deliver(task).await,
        What::Calls => make_calls(task).await,
        What::Post => post(task).await,
    }
}

async fn deliver(task: &Task) {
    let endpoints = Endpoints {
        dynamodb: task.dynamodb.clone(),
        sqs: task.dynamodb.clone(),
        table: task.table.clone(),
        queues: Default::default(),
        gateway: String::new(),
    };
    let http: SharedHttpClient = aws_smithy_http_client::Builder::new().build_http();
    let (store, queue) = functions::table_and_queue(&endpoints, policies::all(), http);
    let reach = Reach {
        url: |_| Ok(()),
        address: |address| address.is_loopback(),
    };
    let parts = Parts {
        store,
        courier: Courier::new(reach, Inside::default(), courier::PATIENCE * 100).expect("a client"),
        links: Links::new(Tokens::new(b"none is made"), String::new()),
        errands: queue.clone(),
        dead: queue,
    };
    let clock = Clock::system();
    for errands in task.errands.chunks(BATCH) {
        let message = |(place, body): (usize, &String)| json!({ "messageId": place.to_string(), "body": body, "attributes": { "MessageGroupId": RECIPIENT } });
        let records: Vec<Value> = errands.iter().enumerate().map(message).collect();
        let event = serde_json::from_value(json!({ "Records": records })).expect("an event");
        let response = partner_sync::handle(&parts, || clock.now(), event).await;
        assert!(response.batch_item_failures.is_empty(), "all are delivered");
    }
}

/// The calls alone, by the same client.
async fn make_calls(task: &Task) {
    let client = sdk::dynamodb(&task.dynamodb);
    let mut acknowledged = 0;
    for (operation, request) in &task.calls {
        let text = |name: &str| request[name].as_str().map(str::to_owned);
        if operation == "UpdateItem" {
            let update = client
                .update_item()
                .table_name(&task.table)
                .set_key(Some(values(&request["Key"])))
                .set_update_expression(text("UpdateExpression"))
                .set_condition_expression(text("ConditionExpression"))
                .set_expression_attribute_values(Some(values(&request["ExpressionAttributeValues"])))
                .set_return_values(text("ReturnValues").map(|value| ReturnValue::from(value.as_str())))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            acknowledged += usize::from(update.send().await.is_ok());
        } else {
            let keys = request["RequestItems"][&task.table]["Keys"].as_array();
            let keys = keys.into_iter().flatten().map(values);
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(keys.collect()))
                .consistent_read(true)
                .build();
            let read = client
                .batch_get_item()
                .request_items(&task.table, keys.expect("keys"))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            assert!(read.send().await.is_ok(), "a batch of reads");
        }
    }
    assert_eq!(acknowledged, 2 * task.errands.len(), "two writes a delivery");
}

fn values(of: &Value) -> std::collections::HashMap<String, AttributeValue> {
    let value = |value: &Value| match (value["N"].as_str(), value["BOOL"].as_bool()) {
        (Some(number), _) => AttributeValue::N(number.to_owned()),
        (None, Some(told)) => AttributeValue::Bool(told),
        (None, None) => AttributeValue::S(value["S"].as_str().unwrap_or_default().to_owned()),
    };
    let fields = of.as_object().into_iter().flatten();
    fields.map(|(name, field)| (name.clone(), value(field))).collect()
}

/// As little as a sender that keeps to Standard Webhooks can do.
async fn post(task: &Task) {
    let client = courier::client().expect("a client");
    let clock = Clock::system();
    for number in 0..task.errands.len() {
        let (id, now) = (format!("msg_{number}"), clock.now().as_second());
        let webhook = Webhook::new(SECRET).expect("a secret");
        let signature = webhook
            .sign(&id, now, task.letter.as_bytes())
            .expect("a signature");
        let answer = client
            .post(&task.recipient)
            .header(CONTENT_TYPE, "application/cloudevents+json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", signature)
            .body(task.letter.clone());
        let answer = answer.send().await.expect("a recipient");
        assert!(answer.status().is_success(), "acknowledged");
    }
}
