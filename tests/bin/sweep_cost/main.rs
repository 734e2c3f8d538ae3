//! What the sweep costs, counted at the engine: `cargo run --profile measure -p tests --bin sweep_cost -- [N...]`.
//!
//! N people whose consents end with the same midnight are written into the embedded engine, and swept.
//! Counted are calls and the units that the engine reports; the processor time of our own half (the function,
//! the SDK, and the seam that counts) is information only. With `--instructions`, those of the function's own
//! process are counted instead, by QEMU (`qemu-x86_64`, of Debian's package qemu-user). It must be built, and
//! `FUNCTIONS_DIR` names the folder that holds it:
//!
//! ```sh
//! cargo build --profile measure -p consent-expire
//! FUNCTIONS_DIR=target/measure cargo run --profile measure -p tests --bin sweep_cost -- --instructions
//! ```

mod counter;

use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, StreamSpecification, WriteRequest};
use futures_util::future::join_all;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use local::clock::Clock;
use platform::queue::Queue;
use platform::store::{SHARDS, Store};
use serde_json::json;
use tests::runtime::{Lambda, binary};
use tests::{Calls, Item, Made, World, everything, instant, merged, recorded};

use counter::Counter;

/// How many people a run has unless the command line says otherwise.
const PEOPLE: [usize; 2] = [10_000, 100_000];
const START: &str = "2026-03-05T12:00:00Z";
const GRANTED: &str = "2024-03-05T23:00:00Z";
const END: &str = "2026-03-05T23:00:00Z";

/// What one sweep asked for.
#[derive(Default)]
struct Cost {
    calls: usize,
    read_units: f64,
    write_units: f64,
    /// The acts that were added.
    announced: usize,
    /// The units of each partition key.
    keys: HashMap<String, f64>,
    cpu_s: f64,
}

/// All that a measurement needs of a world.
struct Bench {
    store: Store,
    queue: Queue,
    calls: Calls,
    clock: Clock,
    engine: Client,
    table: String,
    /// What is stored of one of the people: the rest are copies.
    model: Vec<Item>,
    /// When their consents end.
    end: Timestamp,
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let asked: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let sizes = if asked.is_empty() { PEOPLE.to_vec() } else { asked };
    if words.iter().any(|word| word == "--instructions") {
        count_instructions(&sizes).await;
    } else {
        count_calls(&sizes).await;
    }
}

/// The function's own process, for each size.
async fn count_instructions(sizes: &[usize]) {
    let mut points: Vec<(usize, f64)> = Vec::new();
    for people in sizes {
        let total = instructions(*people).await;
        println!("{people:>9} due: {:.0} instructions each", total / *people as f64);
        points.push((*people, total));
    }
    for pair in points.windows(2) {
        if let [(few, less), (many, more)] = pair {
            let slope = slope(*few, *less, *many, *more);
            println!("slope from {few} to {many}: {slope:.3} in the function's instructions");
        }
    }
}

/// What the function's process takes from its first event until so many people are announced: it goes by the
/// computer's clock, so their consents end in a minute.
async fn instructions(people: usize) -> f64 {
    let clock = Clock::system();
    let soon = clock.now() + SignedDuration::from_mins(1);
    let granted = soon.in_tz("Europe/Rome").expect("a zone") - 24.months();
    let end = (&granted + 24.months()).timestamp();
    let world = World::at(&clock.now().to_string()).await;
    let bench = Bench::of(&world, granted.timestamp(), end).await;
    bench.write(people).await;
    while clock.now() <= end {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    let counter = Counter::new();
    let command = counter.command(binary("consent-expire"));
    let mut function = Lambda::start(command, &world.environment()).await;
    let start = counter.read();
    while !bench.is_swept(people).await {
        // A run ends before Lambda would end it; the next one goes on from there.
        if let Err(error) = function.try_invoke(recorded::schedule()).await {
            println!("           a run broke off: {error}");
        }
    }
    (counter.read() - start) as f64
}

/// One where twice as many cost twice as much.
fn slope(few: usize, less: f64, many: usize, more: f64) -> f64 {
    (more / less).ln() / (many as f64 / few as f64).ln()
}

async fn count_calls(sizes: &[usize]) {
    let mut points: Vec<(usize, Cost)> = Vec::new();
    println!("per due subject: calls, write units, read units of records and of buckets, our processor time");
    for people in sizes {
        let world = World::at(START).await;
        let bench = Bench::of(&world, instant(GRANTED), instant(END)).await;
        // The engine has the threads of this runtime; our half has one to itself, whose time can be read.
        let measured = std::thread::scope(|scope| {
            let measuring = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(bench.measure(*people))
            });
            measuring.join().expect("a measurement")
        });
        let (empty, due) = measured;
        println!("{:>9} due: {}", people, due.each(*people));
        println!("{:>9}  and {}", "", due.shares());
        println!("{:>9} none: {}", "", empty.told());
        points.push((*people, due));
    }
    for pair in points.windows(2) {
        let [(few, less), (many, more)] = pair else {
            continue;
        };
        println!(
            "slope from {few} to {many}: {:.3} in units, {:.3} in calls, {:.2} in our processor time",
            slope(*few, less.units(), *many, more.units()),
            slope(*few, less.calls as f64, *many, more.calls as f64),
            slope(*few, less.cpu_s, *many, more.cpu_s)
        );
    }
}

impl Bench {
    async fn of(world: &World, granted: Timestamp, end: Timestamp) -> Self {
        let someone = world.someone().await;
        let asked = merged(everything(), json!({ "happened_at": granted.to_string() }));
        world.grant(&someone, asked).await.is(201);
        world.settle().await;
        let (engine, table) = world.engine();
        // The engine looks through all of its stream for each write, which would be all that is measured.
        let no_stream = StreamSpecification::builder().stream_enabled(false).build();
        let update = engine.update_table().table_name(&table);
        let update = update.stream_specification(no_stream.expect("a specification"));
        update.send().await.expect("a table without a stream");
        let (store, queue) = world.table_and_queue(policies::all());
        Self {
            store,
            queue,
            calls: world.calls.clone(),
            clock: world.clock.clone(),
            engine,
            table,
            model: world.chain(&someone).await,
            end,
        }
    }

    /// A sweep with nothing to do, and one with all these people.
    async fn measure(&self, people: usize) -> (Cost, Cost) {
        self.sweep().await;
        self.clock.advance(SignedDuration::from_mins(20));
        self.sweep().await;
        self.clock.advance(SignedDuration::from_mins(1));
        let empty = self.sweep().await;
        self.write(people).await;
        self.clock.set(self.end);
        (empty, self.sweep().await)
    }

    /// Count one sweep.
    async fn sweep(&self) -> Cost {
        self.calls.forget();
        let cost = Arc::new(Mutex::new(Cost::default()));
        let counting = tokio::spawn({
            let (calls, cost) = (self.calls.clone(), Arc::clone(&cost));
            async move {
                loop {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    count(&cost, calls.take());
                }
            }
        });
        let before = cpu_s();
        let swept = consent_expire::handle(&self.store, &self.queue, self.clock.now(), pending()).await;
        let cpu_s = cpu_s() - before;
        counting.abort();
        swept.expect("a sweep");
        count(&cost, self.calls.take());
        let mut cost = std::mem::take(&mut *cost.lock().unwrap_or_else(PoisonError::into_inner));
        cost.cpu_s = cpu_s;
        cost
    }

    /// Write the records of so many people, and what is due of them, behind the function's back.
    async fn write(&self, people: usize) {
        const BATCH: usize = 24;
        const AT_ONCE: usize = 8;
        let numbers: Vec<usize> = (0..people).collect();
        for some in numbers.chunks(BATCH / 2 * AT_ONCE) {
            let batches = some.chunks(BATCH / 2).map(|some| {
                let items = some.iter().flat_map(|number| self.items_of(*number));
                let puts = items.map(|item| {
                    let put = PutRequest::builder().set_item(Some(item)).build();
                    WriteRequest::builder().put_request(put.expect("an item")).build()
                });
                self.engine
                    .batch_write_item()
                    .request_items(&self.table, puts.collect())
                    .send()
            });
            for written in join_all(batches).await {
                let left = written.expect("an engine").unprocessed_items;
                assert!(left.is_none_or(|left| left.is_empty()), "all are written");
            }
        }
    }

    /// Whether the last of each shard is announced: their chains have a second item.
    async fn is_swept(&self, people: usize) -> bool {
        let first = self.model.first().and_then(|item| item["sk"].as_s().ok());
        let second = format!("{:0width$}", 2, width = first.map_or(0, String::len));
        let last: BTreeMap<u32, String> = (0..people).map(subject).map(|it| (shard(&it), it)).collect();
        for subject in last.values() {
            let got = self
                .engine
                .get_item()
                .table_name(&self.table)
                .key("pk", AttributeValue::S(format!("CHAIN#{subject}")))
                .key("sk", AttributeValue::S(second.clone()))
                .send();
            if got.await.expect("the engine").item.is_none() {
                return false;
            }
        }
        true
    }

    fn items_of(&self, number: usize) -> Vec<Item> {
        let subject = subject(number);
        let text = |value: String| AttributeValue::S(value);
        let mut items: Vec<Item> = self.model.clone();
        for item in &mut items {
            item.insert("pk".to_owned(), text(format!("CHAIN#{subject}")));
        }
        let shard = shard(&subject);
        let at = self.end;
        let day = at.to_zoned(TimeZone::UTC).date();
        let due = [
            ("pk", text(format!("DUE#{day}#{shard:02}"))),
            ("sk", text(format!("{:015}#{subject}#look", at.as_millisecond()))),
            (
                "expires_at",
                AttributeValue::N((at.as_second() + 31 * 86_400).to_string()),
            ),
        ];
        items.push(due.map(|(name, value)| (name.to_owned(), value)).into());
        items
    }
}

/// One of the people; their names follow each other as their numbers do, and so does what is due of them.
fn subject(number: usize) -> String {
    format!("sub_{number:022}")
}

fn shard(subject: &str) -> u32 {
    u32::from(platform::digest::sha256(&[subject.as_bytes()])[0]) % SHARDS
}

fn count(cost: &Mutex<Cost>, made: Vec<Made>) {
    let mut cost = cost.lock().unwrap_or_else(PoisonError::into_inner);
    for made in made.iter().filter(|made| made.call.service == "DynamoDB") {
        let request = &made.call.request;
        let keys = [
            &request["Item"]["pk"]["S"],
            &request["Key"]["pk"]["S"],
            &request["ExpressionAttributeValues"][":pk"]["S"],
        ];
        let key = keys.iter().find_map(|key| key.as_str()).unwrap_or("several");
        cost.calls += 1;
        cost.read_units += made.read_units;
        cost.write_units += made.write_units;
        cost.announced += usize::from(made.call.is("PutItem", "CHAIN"));
        *cost.keys.entry(key.to_owned()).or_default() += made.read_units + made.write_units;
    }
}

impl Cost {
    fn units(&self) -> f64 {
        self.read_units + self.write_units
    }

    fn of_kind(&self, kind: &str) -> f64 {
        let keys = self.keys.iter().filter(|(key, _)| key.starts_with(kind));
        keys.map(|(_, units)| units).sum()
    }

    fn each(&self, people: usize) -> String {
        let n = people as f64;
        assert!(self.announced >= people, "everybody is announced");
        format!(
            "{:.3} calls, {:.3} write, {:.3} read, {:.4} bucket, {:.0} us",
            self.calls as f64 / n,
            self.write_units / n,
            (self.read_units - self.of_kind("DUE#")) / n,
            self.of_kind("DUE#") / n,
            self.cpu_s * 1e6 / n,
        )
    }

    /// How much of the load the largest partition keys take: of all of it, and of the buckets'.
    fn shares(&self) -> String {
        let largest = |units: &BTreeMap<&str, f64>| units.values().copied().fold(0.0, f64::max);
        let all = self
            .keys
            .iter()
            .map(|(key, units)| (key.as_str(), *units))
            .collect();
        let buckets = self.keys.iter().filter(|(key, _)| key.starts_with("DUE#"));
        let buckets = buckets.map(|(key, units)| (key.as_str(), *units)).collect();
        format!(
            "the largest key takes {:.2} % of all units; the largest bucket 1/{:.1} of the buckets'",
            100.0 * largest(&all) / self.units(),
            self.of_kind("DUE#") / largest(&buckets),
        )
    }

    fn told(&self) -> String {
        format!(
            "{} calls, {} write units, {} read units",
            self.calls, self.write_units, self.read_units
        )
    }
}

/// The processor time of this thread, where the system tells it.
fn cpu_s() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = told.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
    ns.unwrap_or(0.0) / 1e9
}
