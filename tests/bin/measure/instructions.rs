//! Instructions of the function's process, from its start to its first answer and of each further one, as
//! callgrind counts them. The engine is another process's affair.

use std::path::PathBuf;
use std::process::Command;

use tests::runtime::{Lambda, binary};

use crate::operations::{EMPTY, ONE_READ, ONE_WRITE, OURS, Operation, STOCK, people};
use crate::world_of_today;

/// How many further requests a warm one is the mean of.
const WARM: usize = 20;

/// Instructions, in thousands.
struct Counted {
    cold: f64,
    warm: f64,
}

pub(crate) async fn measure() {
    println!(
        "{:28} {:>12} {:>8} {:>12} {:>8}",
        "thousands of instructions", "first answer", "ratio", "warm answer", "a call"
    );
    let one = of(&ONE_WRITE).await;
    let read = of(&ONE_READ).await;
    for operation in [EMPTY, STOCK, ONE_WRITE, ONE_READ].into_iter().chain(OURS) {
        let counted = of(&operation).await;
        let bare = if operation.name.starts_with("decide") {
            read.warm
        } else {
            one.warm
        };
        println!(
            "{:28} {:12.0} {:8.2} {:12.0} {:8.2}",
            operation.name,
            counted.cold,
            counted.cold / one.cold,
            counted.warm,
            counted.warm / bare / f64::from(operation.calls.max(1)),
        );
    }
    println!("ratio: to the first answer of one bare write; a call: warm, to so many bare calls as it makes");
}

async fn of(operation: &Operation) -> Counted {
    let first = total(operation, 1).await;
    let all = total(operation, 1 + WARM).await;
    Counted {
        cold: first,
        warm: (all - first) / WARM as f64,
    }
}

/// The thousands of instructions of a process that answers these requests and ends.
async fn total(operation: &Operation, requests: usize) -> f64 {
    let world = world_of_today().await;
    people(&world, requests).await;
    let out = file(operation);
    let mut command = Command::new("valgrind");
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(binary(operation.function));
    let mut lambda = Lambda::start(command, &(operation.environment)(&world)).await;
    for number in 0..requests {
        let answer = lambda.invoke(operation.event(number)).await;
        let status = answer["statusCode"].as_u64().unwrap_or_default();
        assert!((200..300).contains(&status), "{}: {answer}", operation.name);
    }
    lambda.end().await;
    world.settle().await;
    let counted = std::fs::read_to_string(&out).expect("what callgrind counted");
    drop(std::fs::remove_file(&out));
    let totals = counted.lines().find_map(|line| line.strip_prefix("totals: "));
    totals
        .and_then(|totals| totals.trim().parse::<f64>().ok())
        .expect("a total")
        / 1e3
}

fn file(operation: &Operation) -> PathBuf {
    std::env::temp_dir().join(format!("callgrind.{}.{}", operation.function, std::process::id()))
}
