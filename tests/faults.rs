//! Every crash point, enumerated: each call of the functions to the engine, the queue or a recipient is met
//! by each fault in turn, and afterwards everybody must be in step and nothing acknowledged lost.
//!
//! Each scenario is played once for each of its calls, until it has no more. A function that dies before or
//! after it asks a recipient is one that dies after or before the call to the engine that comes next to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tests::{Call, Fate, Manner};
use tokio::task::JoinSet;

use play::{Play, Scenario};

#[path = "faults/play.rs"]
mod play;

const FATES: [Fate; 5] = [
    Fate::DiesBefore,
    Fate::DiesAfter,
    Fate::AnswerLost,
    Fate::Throttled,
    Fate::Again,
];
/// More calls than any scenario makes.
const CALLS_MAX: usize = 500;
/// What one sweep reads to know what is due: its marks, and each shard.
const DUE_READS: usize = 33;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capture_survives_every_fault() {
    every_point(Scenario::Capture).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_survives_every_fault() {
    every_point(Scenario::Withdrawal).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_profile_survives_every_fault() {
    every_point(Scenario::Profile).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_relation_survives_every_fault() {
    every_point(Scenario::Relation).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_authorisation_survives_every_fault() {
    every_point(Scenario::AuthorisationLost).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_of_a_lapse_survives_every_fault() {
    every_point(Scenario::Lapse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redrive_survives_every_fault() {
    every_point(Scenario::Redrive).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_survives_every_fault() {
    every_point(Scenario::Erasure).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_attempt_survives_every_fault() {
    every_point(Scenario::Again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recovery_of_a_recipient_that_was_down_survives_every_fault() {
    every_point(Scenario::Recovery).await;
}

async fn every_point(scenario: Scenario) {
    let mut playing = JoinSet::new();
    for fate in FATES {
        playing.spawn(at_calls(scenario, fate));
    }
    if ![Scenario::Again, Scenario::Recovery].contains(&scenario) {
        playing.spawn(at_recipients(scenario));
    }
    let points: usize = playing.join_all().await.into_iter().sum();
    println!("{scenario:?}: {points} points, all passed");
}

/// One fault at each call to the engine or the queue. Returns how many points there were.
async fn at_calls(scenario: Scenario, fate: Fate) -> usize {
    let mut play = Play::begin().await;
    for call in 0..CALLS_MAX {
        let point = Point(format!("{scenario:?}, {fate:?} at call {call}"));
        play.prepare(scenario).await;
        let mut due_reads = if scenario == Scenario::Lapse { DUE_READS } else { 0 };
        let (mut left, met) = (call, Arc::new(AtomicBool::new(false)));
        let was_met = met.clone();
        play.world.calls.judge(move |call| {
            // They are points of the sweep under test, and not of those that follow to let time pass.
            if looks_what_is_due(call) {
                if due_reads == 0 {
                    return Fate::Answered;
                }
                due_reads -= 1;
            }
            // How all are looked at again is enumerated where it is asked for.
            if scenario == Scenario::Recovery && call.is("Query", "MEMBER") {
                return Fate::Answered;
            }
            if left == 0 && !met.swap(true, Ordering::SeqCst) {
                return fate;
            }
            left = left.saturating_sub(1);
            Fate::Answered
        });
        play.act_and_check(scenario).await;
        point.passed();
        if !was_met.load(Ordering::SeqCst) {
            return call;
        }
    }
    panic!("{scenario:?} never ends");
}

/// The same at each request to a recipient.
async fn at_recipients(scenario: Scenario) -> usize {
    let mut play = Play::begin().await;
    let mut points = 0;
    let manners = [
        Manner::IsDown,
        Manner::LosesAnswers,
        Manner::FinishesLate { after_s: 59 },
        Manner::IsAskedTwice,
        Manner::Fails,
        Manner::Refuses {
            status: 429,
            retry_after_s: 30,
        },
    ];
    for manner in manners {
        for request in 0..CALLS_MAX {
            let point = Point(format!("{scenario:?}, {manner:?} at request {request}"));
            play.prepare(scenario).await;
            play.world.recipients.meet(request, manner);
            play.act_and_check(scenario).await;
            point.passed();
            if play.world.recipients.meet_no_more() {
                break;
            }
            points += 1;
        }
    }
    points
}

/// The reads of each shard of what is due.
fn looks_what_is_due(call: &Call) -> bool {
    call.is("GetItem", "SWEEP") || call.is("Query", "DUE")
}

/// Says which point it was, where one does not pass.
struct Point(String);

impl Point {
    fn passed(self) {
        std::mem::forget(self);
    }
}

impl Drop for Point {
    fn drop(&mut self) {
        eprintln!("this point does not pass: {}", self.0);
    }
}
