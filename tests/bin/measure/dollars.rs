//! Dollars per million of each operation, from counted calls and units, beside a naive design: a row of the
//! current state, a log, an outbox and a table of keys, written together in a transaction; a relay that sends
//! one message for each recipient; a row for each delivery; an index of what is due.
//!
//! Storage, data transfer, logs and the time of functions are left out of both.

use serde::Deserialize;
use serde_json::json;
use tests::{Made, World, everything, merged};

#[derive(Deserialize)]
struct Prices {
    region: String,
    date: String,
    source: String,
    per_million: PerMillion,
}

#[derive(Deserialize)]
struct PerMillion {
    table_write_units: f64,
    table_read_units: f64,
    queue_requests: f64,
    /// With a message group, as ours are: it keeps a busy recipient from starving the others.
    grouped_queue_requests: f64,
    api_requests: f64,
    function_requests: f64,
}

/// What one operation asks for.
#[derive(Clone, Copy, Default)]
struct Counted {
    writes: f64,
    reads: f64,
    /// Requests of the queue: what is sent, received and deleted.
    queue: f64,
    /// Requests through the gateway, and invocations of functions.
    api: f64,
    invocations: f64,
}

/// So many messages does Lambda receive, and delete, in one request.
const BATCH: f64 = 10.0;
const RECIPIENTS: f64 = 3.0;

/// The naive design, as a competent team would build it to do the same job, by DynamoDB's rules: an item of at most a KB
/// is a unit to write, and two in a transaction; a changed entry of an index is one more, and two if its key moves; up
/// to 4 KB are a unit to read consistently. Where two builds are plausible, it has the cheaper.
mod naive {
    use super::{BATCH, Counted, RECIPIENTS};

    /// What becomes of a row of the outbox. The stream invokes the relay with ten of them, and their end by TTL is free.
    const RELAY: Counted = Counted {
        writes: 0.0,
        // The deliveries of the subject: who was told before, and must hear of the end. The choices and relations are
        // in the row of the outbox.
        reads: 1.0,
        // One message for each recipient; one request takes ten.
        queue: 1.0,
        api: 0.0,
        invocations: 1.0 / BATCH,
    };

    /// State, log, outbox and key, after a look at the state.
    pub(super) fn capture() -> Counted {
        let mut capture = written(4.0);
        // The next date, reminder or end, enters an index of what is due.
        capture.writes += 1.0;
        // Whom the authorisation of a recipient concerns is found by a row for each, written before it is told.
        capture.writes += RECIPIENTS;
        capture
    }

    /// The same without a key, for what is withdrawn already is not withdrawn again, and without new recipients.
    pub(super) fn withdrawal() -> Counted {
        let mut withdrawal = written(3.0);
        // In the index of what is due, the day by which it must be confirmed takes the place of the end.
        withdrawal.writes += 2.0;
        withdrawal
    }

    /// The state, which holds the relations, and the recipient.
    pub(super) fn decision() -> Counted {
        Counted {
            reads: 2.0,
            api: 1.0,
            invocations: 1.0,
            ..Counted::default()
        }
    }

    pub(super) fn delivery() -> Counted {
        Counted {
            // Its row, before it is sent (the recipient may hold it from then on) and when it is acknowledged. A retry
            // is the queue's: the message comes back.
            writes: 2.0,
            // The state, the recipient with its breaker, and its keys, which only the sender may read.
            reads: 3.0,
            // Ten messages are received in a request, and deleted in another.
            queue: 2.0 / BATCH,
            invocations: 1.0 / BATCH,
            ..Counted::default()
        }
    }

    /// Found by the index, then as a withdrawal without a caller.
    pub(super) fn expiry() -> Counted {
        let mut expiry = withdrawal();
        expiry.reads += 0.02;
        expiry.api = 0.0;
        expiry.invocations = RELAY.invocations;
        expiry
    }

    /// So many items in a transaction, after a look at the state, and the relay of one of them.
    fn written(items: f64) -> Counted {
        Counted {
            writes: 2.0 * items + RELAY.writes,
            reads: 1.0 + RELAY.reads,
            queue: RELAY.queue,
            api: 1.0,
            invocations: 1.0 + RELAY.invocations,
        }
    }
}

pub(crate) async fn measure() {
    let prices: Prices = toml::from_str(include_str!("../../prices.toml")).expect("prices");
    println!(
        "prices of {} as of {}: {}",
        prices.region, prices.date, prices.source
    );
    println!(
        "{:26} {:>9} {:>9} {:>7} {:>11} {:>9} {:>7}",
        "dollars per million", "data", "naive", "ratio", "and entry", "naive", "ratio"
    );
    let ours = counted().await;
    let naive = [
        naive::capture(),
        naive::decision(),
        naive::withdrawal(),
        naive::delivery(),
        naive::expiry(),
    ];
    for ((what, ours), naive) in ours.into_iter().zip(naive) {
        let data = prices.of_data(ours, prices.per_million.grouped_queue_requests);
        let naive_data = prices.of_data(naive, prices.per_million.queue_requests);
        let (all, naive_all) = (data + prices.of_entry(ours), naive_data + prices.of_entry(naive));
        println!(
            "{what:26} {data:9.3} {naive_data:9.3} {:7.2} {all:11.3} {naive_all:9.3} {:7.2}",
            naive_data / data,
            naive_all / all,
        );
    }
}

impl Prices {
    fn of_data(&self, counted: Counted, queue_request: f64) -> f64 {
        let prices = &self.per_million;
        counted.writes * prices.table_write_units
            + counted.reads * prices.table_read_units
            + counted.queue * queue_request
    }

    fn of_entry(&self, counted: Counted) -> f64 {
        counted.api * self.per_million.api_requests + counted.invocations * self.per_million.function_requests
    }
}

/// Each operation with what follows from it in the fan-out, as the engine and the queue count it.
async fn counted() -> Vec<(&'static str, Counted)> {
    let world = World::at_noon().await;
    world.schedule().await;
    let someone = world.someone().await;
    let ends_tomorrow = json!({ "happened_at": "2024-03-03T12:00:00Z" });
    world.calls.forget();

    world
        .grant(&someone, merged(everything(), ends_tomorrow))
        .await
        .is(201);
    world.fan_out().await;
    let capture = Counted {
        api: 1.0,
        invocations: 1.0 + 1.0 / BATCH,
        ..taken(&world)
    };

    world.settle().await;
    let delivery = taken(&world);
    // A batch of errands is received and deleted in two requests.
    let delivery = Counted {
        writes: delivery.writes / RECIPIENTS,
        reads: delivery.reads / RECIPIENTS,
        queue: delivery.queue / RECIPIENTS + 2.0 / BATCH,
        api: 0.0,
        invocations: 1.0 / BATCH,
    };

    let question = json!({ "who": "bmw-ag", "channel": "phone" });
    world.decide(&someone, question).await;
    let decision = Counted {
        api: 1.0,
        invocations: 1.0,
        ..taken(&world)
    };

    let other = world.someone_who_granted_everything().await;
    world.settle().await;
    world.calls.forget();
    world.withdraw_all(&other).await.is(200);
    world.fan_out().await;
    let withdrawal = Counted {
        api: 1.0,
        invocations: 1.0 + 1.0 / BATCH,
        ..taken(&world)
    };
    world.settle().await;

    world.clock.set(tests::instant("2026-03-04T12:00:00Z"));
    world.calls.forget();
    world.schedule().await;
    let due = of(&world, |made| made.call.kinds() == ["CHAIN"]);
    world.calls.forget();
    world.fan_out().await;
    let follows = taken(&world);
    let expiry = Counted {
        writes: due.writes + follows.writes,
        reads: due.reads + follows.reads + 0.02,
        queue: follows.queue,
        api: 0.0,
        invocations: 1.0 / BATCH,
    };
    world.settle().await;

    vec![
        ("capture and fan-out", capture),
        ("decision on a recipient", decision),
        ("withdrawal and fan-out", withdrawal),
        ("one delivery", delivery),
        ("expiry and fan-out", expiry),
    ]
}

/// What was asked for since the last time.
fn taken(world: &World) -> Counted {
    let counted = of(world, |_| true);
    world.calls.forget();
    counted
}

fn of(world: &World, picks: impl Fn(&Made) -> bool) -> Counted {
    let made = world.calls.made();
    let mut counted = Counted::default();
    for made in made.iter().filter(|made| picks(made)) {
        counted.writes += made.write_units;
        counted.reads += made.read_units;
        counted.queue += f64::from(u8::from(made.call.service == "AmazonSQS"));
    }
    counted
}
