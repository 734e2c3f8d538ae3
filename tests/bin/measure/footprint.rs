//! What is shipped: the size of each binary and of its archive, and the most memory that it ever had.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use tests::World;
use tests::runtime::{Lambda, binary};

use crate::operations::{EMPTY, ONE_WRITE};
use crate::{events, world_of_today};

const REQUESTS: usize = 50;

pub(crate) async fn measure() {
    println!(
        "{:28} {:>10} {:>10} {:>10}",
        "", "binary MB", "zip MB", "peak MiB"
    );
    for baseline in [EMPTY, ONE_WRITE] {
        let events = (0..REQUESTS).map(|number| baseline.event(number)).collect();
        of(&world_of_today().await, baseline.function, events).await;
    }
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions"));
    let mut functions: Vec<String> = folders
        .expect("functions")
        .filter_map(|folder| folder.ok()?.file_name().into_string().ok())
        .collect();
    functions.sort();
    for function in functions {
        let world = world_of_today().await;
        let events = events::of(&world, &function, REQUESTS).await;
        of(&world, &function, events).await;
    }
    println!("peak: after {REQUESTS} events; partner-sync finds none of its recipients on a public address");
}

/// One function, which is handed these events.
async fn of(world: &World, function: &str, events: Vec<Value>) {
    let mut lambda = Lambda::start(Command::new(binary(function)), &world.environment()).await;
    for event in events {
        lambda.invoke(event).await;
    }
    let peak = peak_kib(lambda.id()) / 1024.0;
    let bytes = std::fs::read(binary(function)).expect("a binary");
    println!(
        "{function:28} {:10.2} {:10.2} {peak:10.2}",
        bytes.len() as f64 / 1e6,
        deflated(&bytes) as f64 / 1e6
    );
    world.sqs.forget("ErrandsDead");
    world.settle().await;
}

/// The most memory that a process ever had resident.
fn peak_kib(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok());
    peak.unwrap_or(f64::NAN)
}

/// How long it is in a zip archive, which deflates as gzip does.
fn deflated(bytes: &[u8]) -> usize {
    let gzip = Command::new("gzip")
        .args(["-9", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut gzip = gzip.expect("gzip");
    let mut input = gzip.stdin.take().expect("an input");
    let told = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(bytes).expect("gzip reads"));
        gzip.wait_with_output().expect("gzip ends")
    });
    told.stdout.len()
}
