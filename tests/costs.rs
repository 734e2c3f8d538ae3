//! What each operation costs: calls of the engine, and the units that it reports.
//!
//! `cargo test -p tests --test costs -- --nocapture` prints the table. Writes are per started KB, reads per
//! started 4 KB and half where they need not be consistent. The engine counts as DynamoDB does, but it
//! reports nothing for a write whose condition fails.

use serde_json::json;
use tests::{Caller, Item, World, a_consent, everything, instant, merged};

use table::{Line, Table};

#[path = "costs/table.rs"]
mod table;

#[tokio::test]
async fn each_operation_costs_what_the_table_says() {
    let world = World::at_noon().await;
    let mut table = Table::default();
    let two_channels = json!({ "controls": ["promotional"], "channels": ["email", "phone"] });
    let new = [
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "form-1"),
        ("If-None-Match", "*"),
    ];
    world.dealer("dealer-one").await;

    let expected_new = world.someone().await;
    let path = format!("/v1/subjects/{}/consents", expected_new.id);
    let body = merged(a_consent(), two_channels.clone()).to_string();
    world.calls.forget();
    world.send("POST", &path, &new, body.into_bytes()).await.is(201);
    table.note(
        &world,
        "capture, a subject that is said to be new",
        (1, 1.0, 0.0),
        "1, 1, 0",
    );

    let someone = world.someone().await;
    world.calls.forget();
    world
        .grant_keyed(&someone, "form-1", two_channels.clone())
        .await
        .is(201);
    table.note(
        &world,
        "capture, a new subject, two channels",
        (2, 1.0, 1.0),
        "1, 1, 0",
    );
    world
        .grant_keyed(&someone, "form-1", two_channels.clone())
        .await
        .is(201);
    table.note(&world, "the same request again", (1, 0.0, 1.0), "2, 0, 1");
    world.grant(&someone, everything()).await.is(201);
    table.note(
        &world,
        "capture, a known subject, everything",
        (2, 2.0, 1.0),
        "2, 1 (2 past a KB), 1",
    );
    world
        .grant_keyed(&someone, "form-1", two_channels.clone())
        .await
        .is(201);
    table.note(
        &world,
        "the same request again, after another",
        (2, 0.0, 1.5),
        "2, 0, 1",
    );
    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    table.note(
        &world,
        "withdraw one channel",
        (2, 1.0, 1.0),
        "2, 1 (2 past a KB), 1",
    );
    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    table.note(&world, "withdraw it again", (1, 0.0, 1.0), "");

    let everyone = world.someone().await;
    world.calls.forget();
    world.grant(&everyone, everything()).await.is(201);
    table.note(
        &world,
        "capture, a new subject, everything",
        (2, 1.0, 1.0),
        "1, 1, 0",
    );

    let proven = world.someone().await;
    let proof = json!({ "evidence": { "kind": "signed-in", "reference": "session-1" } });
    world.calls.forget();
    world
        .grant(&proven, merged(two_channels.clone(), proof))
        .await
        .is(201);
    table.note(
        &world,
        "capture, a new subject, evidence that identifies",
        (2, 4.0, 1.0),
        "",
    );
    let visited = world.someone().await;
    let path = format!("/v1/subjects/{}/consents", visited.id);
    let body = merged(a_consent(), two_channels).to_string();
    world.calls.forget();
    let key = [
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "form-1"),
    ];
    world
        .send_as(Caller::Site, "POST", &path, &key, body.into_bytes())
        .await
        .is(202);
    table.note(&world, "capture by a site", (3, 1.0, 2.0), "");

    world
        .decide(&someone, json!({ "who": "controller", "channel": "post" }))
        .await;
    table.note(&world, "decide now, a channel", (1, 0.0, 1.0), "1, 0, 1");
    world
        .decide(&someone, json!({ "who": "controller", "channel": "email" }))
        .await;
    // The state of the address is read too: mail to it may be suppressed (S50).
    table.note(&world, "decide now, e-mail", (2, 0.0, 1.5), "1, 0, 1");
    world
        .decide(&someone, json!({ "who": "controller", "category": "vehicle" }))
        .await;
    table.note(
        &world,
        "decide now, a category of the profile",
        (1, 0.0, 1.0),
        "1, 0, 1",
    );
    world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "email" }))
        .await;
    table.note(&world, "decide now, a recipient", (2, 0.0, 2.0), "2, 0, 2");
    world
        .decide(
            &someone,
            json!({ "who": "controller", "channel": "email", "at": world.now() }),
        )
        .await;
    table.note(
        &world,
        "decide, past, three acts",
        (1, 0.0, 1.0),
        "1, 0, the chain's size",
    );
    world.history(&someone).await;
    table.note(
        &world,
        "history, three acts",
        (1, 0.0, 1.0),
        "1, 0, the chain's size",
    );
    world.state(&someone).await;
    table.note(&world, "state", (1, 0.0, 1.0), "");
    world.view_as(&someone, "bmw-ag").await;
    table.note(&world, "view as a recipient", (2, 0.0, 2.0), "");
    world
        .relate(&someone, "dealer-one", "service", "contract-1", json!({}))
        .await
        .is(200);
    table.note(&world, "start a relation", (3, 1.0, 2.0), "");
    let profile = json!({ "contact": { "city": "Milano" }, "vehicle": { "model": "i4" }, "campaigns": { "campaign": "x" } });
    world.patch_profile(&someone, profile).await.is(200);
    table.note(
        &world,
        "update three categories of the profile",
        (2, 8.0, 1.0),
        "2, 2 x (c + 1), 1",
    );
    // All that may be there is deleted in one transaction, whether it is or not.
    world.erase(&someone).await.is(200);
    table.note(&world, "erase somebody", (3, 32.0, 2.0), "");

    table.print_and_assert();
}

#[tokio::test]
async fn what_follows_from_a_change_costs_what_the_table_says() {
    let world = World::at_noon().await;
    let mut table = Table::default();
    let two_channels = json!({ "controls": ["promotional"], "channels": ["email", "phone"] });
    world.tick().await;
    let someone = world.someone().await;
    let long_ago = json!({ "happened_at": "2024-03-03T12:00:00Z" });
    world
        .grant(&someone, merged(two_channels, long_ago))
        .await
        .is(201);

    world.calls.forget();
    world.fan_out().await;
    assert_eq!(world.calls.count("SendMessageBatch"), 1);
    table.note(
        &world,
        "fan-out of a first consent, three recipients",
        // Three members; the end of the consent, and the reminder before it.
        (7, 5.0, 2.0),
        "2 + members, 1 a due date and member, 2",
    );
    world.settle().await;
    table.note(
        &world,
        "three deliveries of it",
        (9, 6.0, 18.0),
        "3 x (3, 2, what is sent)",
    );

    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    world.calls.forget();
    world.fan_out().await;
    assert_eq!(world.calls.count("SendMessageBatch"), 1);
    table.note(
        &world,
        "fan-out of a withdrawal, three recipients",
        // The day by which they must have confirmed it is noted.
        (3, 1.0, 2.0),
        "2, 1 a due date, 2",
    );
    world.settle().await;
    table.note(
        &world,
        "three deliveries of it",
        (9, 6.0, 18.0),
        "3 x (3, 2, what is sent)",
    );

    world
        .patch_profile(&someone, json!({ "identifying": { "customer-number": "C-1" } }))
        .await
        .is(200);
    world.calls.forget();
    world.fan_out().await;
    table.note(
        &world,
        "fan-out of an update for one recipient",
        // The end of its retention is noted.
        (3, 1.0, 2.0),
        "2, 0, 2",
    );
    world.settle().await;
    table.note(
        &world,
        "one delivery with content",
        (4, 2.0, 7.0),
        "4, 2, what is sent",
    );
    world
        .withdraw(&someone, json!({ "channels": ["email"] }))
        .await
        .is(200);
    world.calls.forget();
    world.fan_out().await;
    table.note(
        &world,
        "fan-out of a withdrawal of e-mail",
        // What was tracked is deleted.
        (4, 2.0, 2.0),
        "2, 1 a due date, 2",
    );
    world.settle().await;
    world.calls.forget();
    let dealer = json!({ "kind": "processor", "role": "processor" });
    world
        .register("campaign-service", merged(dealer, json!({ "sharing": false })))
        .await
        .is(200);
    table.note(&world, "change a recipient", (3, 5.0, 1.0), "");
    world.fan_out().await;
    table.note(&world, "fan-out of it: walks are sent", (0, 0.0, 0.0), "");
    world.settle().await;
    world.calls.forget();

    world.schedule().await;
    table.note(&world, "a minute in which nothing is due", (1, 0.0, 0.5), "");
    world.clock.set(instant("2026-03-04T12:00:00Z"));
    world.schedule().await;
    let (due, idle): (Vec<_>, Vec<_>) = world
        .calls
        .made()
        .into_iter()
        .partition(|made| made.call.kinds() == ["CHAIN"]);
    table.0.push(Line::of(
        "a due subject, which lapses",
        &due,
        // It is looked at twice: for the reminder that is past, and for its end.
        (3, 1.0, 2.0),
        "2, 1, 1",
    ));
    table.0.push(Line::of(
        "its buckets after two days, and the marks",
        &idle,
        (131, 34.0, 48.5),
        "0.02 a due subject",
    ));
    world.settle().await;

    table.print_and_assert();
}

/// A hundred consents a second, each told to three recipients: Lambda looks into the stream four times a second and
/// finds 25 of them. AWS bills what the fan-out sends, and what Lambda does to receive and to delete, ten errands
/// at the most with each; that Lambda also asks a queue that is empty, three times a minute and poller, is left out.
#[tokio::test]
async fn at_a_steady_load_a_delivery_takes_less_than_a_third_of_a_request_to_the_queue() {
    const CONSENTS: usize = 25;
    const BILLED: [&str; 3] = ["SendMessageBatch", "ReceiveMessage", "DeleteMessageBatch"];
    let world = World::at_noon().await;
    let told = ["bmw-ag", "marketing-platform", "campaign-service"];
    for _ in 0..CONSENTS {
        world.someone_who_granted_everything().await;
    }
    let before = BILLED.map(|operation| world.sqs.requests(operation));
    world.calls.forget();
    world.settle().await;

    let asked = BILLED.map(|operation| world.sqs.requests(operation));
    let requests: u64 = asked
        .iter()
        .zip(before)
        .map(|(after, before)| after - before)
        .sum();
    let deliveries: usize = told.iter().map(|name| world.recipients.letters(name).len()).sum();
    let made = world.calls.made();
    let writes = made
        .iter()
        .filter(|made| made.call.is("UpdateItem", "LEDGER"))
        .count();
    println!("{deliveries} deliveries: {requests} requests to the queue, {writes} writes of the ledger");
    assert_eq!(deliveries, CONSENTS * told.len());
    assert!(requests as f64 <= 0.32 * deliveries as f64, "{asked:?}");
    assert_eq!(writes, 2 * deliveries);
}

#[tokio::test]
async fn every_call_reports_its_units_and_every_decision_reads_consistently() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.calls.forget();

    world
        .decide(&someone, json!({ "who": "bmw-ag", "channel": "email" }))
        .await;
    world
        .decide(
            &someone,
            json!({ "who": "bmw-ag", "channel": "email", "at": world.now() }),
        )
        .await;
    world.state(&someone).await;
    world.history(&someone).await;
    world.view_as(&someone, "bmw-ag").await;
    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    world
        .post("/v1/recipients/bmw-ag/redrive", json!({}))
        .await
        .is(202);
    world.settle().await;

    for made in world
        .calls
        .made()
        .iter()
        .filter(|made| made.call.service == "DynamoDB")
    {
        let call = &made.call;
        assert!(
            made.read_units + made.write_units > 0.0,
            "{} reports nothing",
            call.operation
        );
        // What falls due is a hint; all that decides must be the newest, and whom a recipient may concern too: a
        // walk that missed somebody whom another delivery told by the old settings would not come again.
        let decides = call
            .kinds()
            .iter()
            .any(|kind| ["CHAIN", "RECIPIENT", "LEDGER", "MEMBER", "PROFILE"].contains(kind));
        assert!(
            call.is_write() || !decides || call.is_strongly_consistent(),
            "{}",
            call.request
        );
    }
}

#[tokio::test]
async fn a_first_act_fits_one_write_unit_whatever_is_ticked() {
    let world = World::at_noon().await;
    for (what, asked) in [
        (
            "two channels",
            json!({ "controls": ["promotional"], "channels": ["email", "phone"] }),
        ),
        (
            "every channel",
            json!({ "controls": ["promotional"], "channels": tests::CHANNELS }),
        ),
        ("everything", everything()),
    ] {
        let someone = world.someone().await;
        world.grant(&someone, asked).await.is(201);
        let size = size(&world.chain(&someone).await[0]);
        println!("the first act over {what} has {size} bytes");
        assert!(size <= 1024, "{size} bytes over {what}");
    }
}

/// As DynamoDB counts: the names and the values.
fn size(item: &Item) -> usize {
    let value = |value: &tests::AttributeValue| {
        let text = value.as_s().map(String::len);
        text.or_else(|_| value.as_b().map(|bytes| bytes.as_ref().len()))
            .unwrap_or_default()
    };
    item.iter().map(|(name, its)| name.len() + value(its)).sum()
}
