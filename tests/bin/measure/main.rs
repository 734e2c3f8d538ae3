//! Every figure of the README's *Measure*, each beside its baseline in the same run:
//! `cargo run --profile measure -p tests --bin measure -- [WHAT...]`.
//!
//! The functions and the baselines are the binaries that are shipped, under Lambda's Runtime API and against the
//! embedded engine over loopback; they must be built first. `dollars` and `throughput` need no binaries.

use tests::World;

mod dollars;
mod encrypted;
mod events;
mod footprint;
mod instructions;
mod operations;
mod throttled;
mod throughput;

const ALL: [&str; 5] = ["instructions", "footprint", "throttled", "dollars", "throughput"];

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let asked: Vec<&str> = if asked.is_empty() {
        ALL.to_vec()
    } else {
        asked.iter().map(String::as_str).collect()
    };
    for what in asked {
        println!("== {what}");
        match what {
            "instructions" => instructions::measure().await,
            "footprint" => footprint::measure().await,
            "throttled" => throttled::measure().await,
            "dollars" => dollars::measure().await,
            "throughput" => throughput::measure().await,
            unknown => println!("{unknown} is none of {ALL:?}"),
        }
    }
}

/// A world of today: the binaries have no other clock.
async fn world_of_today() -> World {
    World::at(&local::clock::Clock::system().now().to_string()).await
}
