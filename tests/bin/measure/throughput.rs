//! Captures and decisions a second through the whole local stack, and the processor time of each, beside the same
//! gateway answering 404 to a path that it has no route for.

use std::time::Instant;

use futures_util::future::join_all;
use serde_json::json;
use tests::{Someone, World, everything};

use crate::world_of_today;

const REQUESTS: usize = 2_000;
const AT_ONCE: usize = 16;

pub(crate) async fn measure() {
    println!("{:28} {:>12} {:>14}", "", "a second", "CPU ms each");
    let world = &world_of_today().await;
    each("the gateway, no function", async |_| {
        world.get("/nothing/here").await.is(404);
    })
    .await;
    each("captures", async |number| {
        world.grant(&someone(number), everything()).await.is(201);
    })
    .await;
    each("decisions about a recipient", async |number| {
        let question = json!({ "who": "bmw-ag", "channel": "phone" });
        world.decide(&someone(number), question).await;
    })
    .await;
    settled(world).await;
}

fn someone(number: usize) -> Someone {
    Someone {
        id: format!("person-{number}"),
        pseudonym: String::new(),
    }
}

async fn each(what: &str, request: impl AsyncFn(usize)) {
    let (begun, before) = (Instant::now(), cpu_s());
    for first in (0..REQUESTS).step_by(AT_ONCE) {
        join_all((first..first + AT_ONCE).map(|number| request(number))).await;
    }
    let (took_s, cpu_s) = (begun.elapsed().as_secs_f64(), cpu_s() - before);
    println!(
        "{what:28} {:12.0} {:14.2}",
        REQUESTS as f64 / took_s,
        cpu_s * 1e3 / REQUESTS as f64
    );
}

/// Nothing is left to be delivered when the world ends.
async fn settled(world: &World) {
    world.settle().await;
}

/// The processor time of this process, client and engine included.
fn cpu_s() -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let tasks = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let of = |text: String| text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
    let each = tasks.filter_map(|task| of(std::fs::read_to_string(task.path().join("schedstat")).ok()?));
    let all: f64 = each.sum();
    if all > 0.0 {
        all / 1e9
    } else {
        of(told).unwrap_or(0.0) / 1e9
    }
}
