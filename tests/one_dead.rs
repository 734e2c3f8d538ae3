//! One of ten recipients is dead, and the other nine do not notice: a hundred events a second, in simulated time.
//!
//! `ASSENSO_SECONDS=N` keeps up the hundred a second for so long; the rest of the hour has one event in three seconds,
//! for what counts there is how often the dead one is asked. 3600 plays the whole hour under load.
//!
//! The model (`simulation.rs`). Each event is about a person of its own and concerns one of the ten recipients in
//! turn. Lambda reads the stream four times a second and hands over up to a hundred changes; the fan-out takes 60 ms.
//! A free worker takes up to ten errands as soon as there are some, and is busy until the whole batch is done; there
//! are as many workers as `MaximumConcurrency` in the template. A delivery to a recipient that lives takes 40 to
//! 100 ms with our own calls, one to a recipient that refuses 10 ms, and one that is not made takes no time.
//! The queue is a plain one: what was sent first is received first, and message groups mean nothing to it.
//!
//! Not in the model: that Lambda adds workers by and by (at most 300 a minute), and that cold ones begin slowly.
//! Real are the functions (fan-out, delivery, sweep), the engine, the queue, the signed requests over HTTP.

use std::env;

use jiff::SignedDuration;
use tokio::sync::OnceCell;

use recipients::SLOWEST;
use shared::Health;
use simulation::{Simulation, workers_max};

#[path = "one_dead/people.rs"]
mod people;
#[path = "one_dead/recipients.rs"]
mod recipients;
#[path = "one_dead/shared.rs"]
mod shared;
#[path = "one_dead/simulation.rs"]
mod simulation;

/// How long the load lasts unless the environment says otherwise, and when in it the recipient dies.
const LOADED_S: i64 = 17;
const DIES: SignedDuration = SignedDuration::from_secs(2);
const UNDER_LOAD: SignedDuration = SignedDuration::from_millis(10);
const AFTERWARDS: SignedDuration = SignedDuration::from_secs(3);
const UPON_RECOVERY: SignedDuration = SignedDuration::from_millis(100);
const A_MINUTE: SignedDuration = SignedDuration::from_mins(1);
const AN_HOUR: SignedDuration = SignedDuration::from_hours(1);
/// How long after its recovery everything that waited must have been told to it, besides what the drain takes: a minute
/// until it is asked, and a moment until the table's stream says that it is back.
const CURRENT_WITHIN: SignedDuration = SignedDuration::from_secs(65);

const REQUESTS_AN_HOUR_MAX: usize = 120;
const P99_RATIO_MAX: f64 = 1.1;

#[tokio::test]
async fn nine_recipients_do_not_notice_that_the_tenth_refuses() {
    nine_do_not_notice(Health::Refuses).await;
}

#[tokio::test]
async fn nine_recipients_do_not_notice_that_the_tenth_hangs() {
    nine_do_not_notice(Health::Hangs).await;
}

async fn nine_do_not_notice(health: Health) {
    let (loaded, usual) = (loaded(), usual().await);
    let mut simulation = Simulation::begin().await;
    simulation.run(DIES, UNDER_LOAD).await;
    simulation.set(health);
    simulation.run(loaded - DIES, UNDER_LOAD).await;
    simulation.run(AN_HOUR + DIES - loaded, AFTERWARDS).await;
    let requests = simulation.requests_to_the_dead();
    let p99 = simulation.p99_of_the_nine(DIES, loaded);
    let waiting = simulation.waiting();

    simulation.set(Health::Lives);
    let within = CURRENT_WITHIN + drain(waiting);
    let current = simulation.run_until_told(within, UPON_RECOVERY).await;
    println!(
        "one {health:?}: p99 of the nine {p99:.0} ms ({:.2} times); {requests} requests in the hour to the dead one; \
         {waiting} waited, and were told within {:.1} s of its recovery, of {:.0} s",
        p99 / usual,
        current.as_secs_f64(),
        within.as_secs_f64(),
    );
    assert!(p99 <= P99_RATIO_MAX * usual, "{health:?}: the others wait");
    assert!(
        requests <= REQUESTS_AN_HOUR_MAX,
        "{health:?}: it is asked too often"
    );
    assert!(requests >= 55, "{health:?}: and yet once a minute");
    assert!(waiting > 0, "{health:?}: some waited for it");
}

/// The p99 with all alive, in milliseconds: played once, however many of the tests ask, and for a minute at the most,
/// for with all alive one minute is as the other.
async fn usual() -> f64 {
    static USUAL: OnceCell<f64> = OnceCell::const_new();
    let play = async || {
        let loaded = loaded().min(A_MINUTE);
        let mut healthy = Simulation::begin().await;
        healthy.run(loaded, UNDER_LOAD).await;
        healthy.run_until_told(CURRENT_WITHIN, UPON_RECOVERY).await;
        let usual = healthy.p99_of_the_nine(DIES, loaded);
        println!(
            "all alive: p99 from commit to delivery {usual:.0} ms, {:.3} queue requests a delivery",
            healthy.queue_requests_per_delivery()
        );
        usual
    };
    *USUAL.get_or_init(play).await
}

fn loaded() -> SignedDuration {
    let asked = env::var("ASSENSO_SECONDS")
        .ok()
        .and_then(|asked| asked.parse().ok());
    SignedDuration::from_secs(asked.unwrap_or(LOADED_S))
}

/// What it takes all workers to tell a recipient without a limit of so many people, each one after the other.
fn drain(waiting: usize) -> SignedDuration {
    let waiting = i32::try_from(waiting).expect("fewer people");
    SLOWEST * waiting / i32::try_from(workers_max()).expect("fewer workers")
}
