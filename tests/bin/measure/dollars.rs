//! Dollars per million of each operation, from counted calls and units, beside a naive design: a row of the
//! current state, a log, an outbox and a table of keys, written together in a transaction; a relay that sends
//! one message for each recipient; an index by the day of expiry.
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

/// The naive design, by the rules of DynamoDB: a written item of at most a KB is a unit, and two in a
/// transaction; a consistent read is one. Its relay is invoked with ten rows of the outbox, and deletes each.
mod naive {
    use super::{BATCH, Counted, RECIPIENTS};

    const RELAY: Counted = Counted {
        writes: 1.0,
        reads: 0.0,
        queue: RECIPIENTS,
        api: 0.0,
        invocations: 1.0 / BATCH,
    };

    /// State, log, outbox and key, after a look at the state; the state is in the index of expiry too.
    pub(super) fn capture() -> Counted {
        written(4.0, 1.0)
    }

    /// The same without a key; the entry of the index is deleted.
    pub(super) fn withdrawal() -> Counted {
        written(3.0, 1.0)
    }

    /// The state, the relations and the recipient.
    pub(super) fn decision() -> Counted {
        Counted {
            reads: 3.0,
            api: 1.0,
            invocations: 1.0,
            ..Counted::default()
        }
    }

    /// The three again and the content; then the state of the delivery and its log in a transaction. One
    /// message is received and deleted at a time.
    pub(super) fn delivery() -> Counted {
        Counted {
            writes: 4.0,
            reads: 4.0,
            queue: 2.0,
            invocations: 1.0,
            ..Counted::default()
        }
    }

    /// Found by the index, then as a withdrawal without a caller.
    pub(super) fn expiry() -> Counted {
        Counted {
            api: 0.0,
            ..written(3.0, 1.02)
        }
    }

    fn written(items: f64, reads: f64) -> Counted {
        let index = 1.0;
        Counted {
            writes: 2.0 * items + index + RELAY.writes,
            reads,
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
