//! Every crash point, enumerated: each call of the functions to the engine, the queue or a recipient is met
//! by each fault in turn, and afterwards everybody must be in step and nothing acknowledged lost.
//!
//! Each scenario is played once for each of its calls, until it has no more. A function that dies before or
//! after it asks a recipient is one that dies after or before the call to the engine that comes next to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::{Answer, Call, Fate, Manner, Someone, World, everything};
use tokio::task::JoinSet;

/// Longer than a message stays invisible after it failed, and than any lease.
const UNTIL_AGAIN: SignedDuration = SignedDuration::from_mins(7);
const NOTICED: [&str; 3] = ["bmw-ag", "marketing-platform", "campaign-service"];
const FATES: [Fate; 5] = [
    Fate::DiesBefore,
    Fate::DiesAfter,
    Fate::AnswerLost,
    Fate::Throttled,
    Fate::Again,
];
/// How often a caller repeats a request that was not acknowledged.
const REPEATS_MAX: usize = 5;
/// More calls than any scenario makes.
const CALLS_MAX: usize = 500;
/// What one sweep reads to know what is due: its marks, and each shard.
const DUE_READS: usize = 33;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scenario {
    Capture,
    Withdrawal,
    Profile,
    Relation,
    AuthorisationLost,
    Lapse,
    Redrive,
    Erasure,
    /// A capture that is too much for the first recipient, for longer than a message stays invisible.
    Again,
}

/// What is at hand while one point is played.
struct Play {
    world: World,
    someone: Someone,
    dealer: String,
    /// The acts so far.
    before: Vec<Value>,
    round: usize,
}

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

async fn every_point(scenario: Scenario) {
    let mut playing = JoinSet::new();
    for fate in FATES {
        playing.spawn(at_calls(scenario, fate));
    }
    if scenario != Scenario::Again {
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
        if scenario == Scenario::Again {
            let too_much = Manner::Refuses {
                status: 503,
                retry_after_s: 600,
            };
            play.world.recipients.meet(0, too_much);
        }
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

impl Play {
    async fn begin() -> Self {
        let world = World::at_noon().await;
        world.tick().await;
        let someone = world.someone().await;
        Self {
            world,
            someone,
            dealer: String::new(),
            before: Vec::new(),
            round: 0,
        }
    }

    /// Somebody new, and what must be there before the scenario begins.
    async fn prepare(&mut self, scenario: Scenario) {
        self.round += 1;
        self.someone = self.world.someone().await;
        self.dealer = format!("dealer-{}", self.round);
        let Self {
            world,
            someone,
            dealer,
            ..
        } = self;
        match scenario {
            Scenario::Capture | Scenario::Again => {}
            Scenario::Lapse => {
                // Given so long ago that it soon ends, whatever the leap years; on paper, for instance.
                let other = world.someone_who_granted_everything().await;
                let lasts = world.now().duration_since(ends(world, &other).await).abs();
                let given = world.now() - lasts + SignedDuration::from_hours(30);
                let given = json!({ "happened_at": given });
                world
                    .grant(someone, tests::merged(everything(), given))
                    .await
                    .is(201);
            }
            Scenario::Withdrawal
            | Scenario::Profile
            | Scenario::Relation
            | Scenario::AuthorisationLost
            | Scenario::Redrive => {
                world.grant(someone, everything()).await.is(201);
            }
            Scenario::Erasure => {
                let paper = json!({ "evidence": { "kind": "paper", "reference": "paper-1" } });
                world
                    .grant(someone, tests::merged(everything(), paper))
                    .await
                    .is(201);
                world.grant(someone, everything()).await.is(201);
                let city = json!({ "contact": { "city": "Turin" } });
                world.patch_profile(someone, city).await.is(200);
            }
        }
        let has_dealer = [
            Scenario::Relation,
            Scenario::AuthorisationLost,
            Scenario::Redrive,
            Scenario::Erasure,
        ];
        if has_dealer.contains(&scenario) {
            world.dealer(dealer).await;
        }
        if has_dealer.contains(&scenario) && scenario != Scenario::Relation {
            self.relate().await.is(200);
        }
        if scenario == Scenario::Redrive {
            let gone = Manner::Refuses {
                status: 410,
                retry_after_s: 0,
            };
            self.world.recipients.set(&self.dealer, gone);
        }
        self.world.settle().await;
        if scenario == Scenario::Redrive {
            self.world.recipients.set(&self.dealer, Manner::Acknowledges);
        }
        if scenario == Scenario::Lapse {
            // Swept up to here, so that the sweep under test has but one day to look at.
            let ends = ends(&self.world, &self.someone).await;
            self.world.clock.set(ends - SignedDuration::from_secs(1));
            self.world.tick().await;
            self.world.clock.set(ends + SignedDuration::from_secs(1));
        }
        self.before = self.acts().await;
        self.world.calls.forget();
    }

    async fn relate(&self) -> Answer {
        self.world
            .relate(&self.someone, &self.dealer, "preferred", "account", json!({}))
            .await
    }

    /// The scenario with its fault, until it is acknowledged and everything has come to rest.
    async fn act_and_check(&self, scenario: Scenario) {
        let mut acknowledged = false;
        for _ in 0..REPEATS_MAX {
            let status = self.act(scenario).await;
            acknowledged = (200..300).contains(&status);
            if acknowledged {
                break;
            }
            assert!([500, 502, 503].contains(&status), "answered {status}");
        }
        assert!(acknowledged, "a repeated request is acknowledged in the end");
        self.world.settle().await;
        let rounds = if scenario == Scenario::Again { 3 } else { 2 };
        for _ in 0..rounds {
            self.world.advance(UNTIL_AGAIN);
            self.world.tick().await;
        }
        self.world.calls.heal();
        self.is_right(scenario, &self.before).await;
    }

    /// One request, or one tick, as its caller makes it; what it was answered.
    async fn act(&self, scenario: Scenario) -> u16 {
        let (world, someone) = (&self.world, &self.someone);
        match scenario {
            Scenario::Capture | Scenario::Again => {
                let key = format!("form-{}", self.round);
                world.grant_keyed(someone, &key, everything()).await.status
            }
            Scenario::Withdrawal => world.withdraw_all(someone).await.status,
            Scenario::Profile => {
                let city = format!("city-{}", self.round);
                let patch = json!({ "contact": { "city": city } });
                let path = format!("/v1/subjects/{}/profile?source=subject", someone.id);
                let key = format!("profile-{}", self.round);
                let headers = [
                    ("Content-Type", "application/merge-patch+json"),
                    ("Idempotency-Key", key.as_str()),
                ];
                world
                    .send("PATCH", &path, &headers, patch.to_string().into_bytes())
                    .await
                    .status
            }
            Scenario::Relation => self.relate().await.status,
            Scenario::Erasure => world.erase(someone).await.status,
            Scenario::AuthorisationLost => {
                let lost = json!({ "kind": "dealer", "role": "separate-controller", "authorised": false });
                world.register(&self.dealer, lost).await.status
            }
            Scenario::Lapse => {
                world.tick().await;
                200
            }
            Scenario::Redrive => {
                let path = format!("/v1/recipients/{}/redrive", self.dealer);
                world.post(&path, json!({})).await.status
            }
        }
    }

    async fn acts(&self) -> Vec<Value> {
        self.world.history(&self.someone).await
    }

    /// Nothing acknowledged is lost or doubled, and every recipient holds exactly what it may.
    async fn is_right(&self, scenario: Scenario, before: &[Value]) {
        let (world, someone) = (&self.world, &self.someone);
        let acts = self.acts().await;
        assert_eq!(acts[..before.len()], *before, "what was there has changed");
        let added = match scenario {
            Scenario::Capture
            | Scenario::Again
            | Scenario::Withdrawal
            | Scenario::Profile
            | Scenario::Relation
            | Scenario::Erasure => 1,
            Scenario::AuthorisationLost | Scenario::Redrive => 0,
            Scenario::Lapse => acts.len() - before.len(),
        };
        assert_eq!(acts.len(), before.len() + added, "{acts:?}");
        world.chain_is_unbroken(someone).await;

        let one = [someone.clone()];
        world.everyone_is_in_step(&one, &NOTICED).await;
        let group = world.holds("bmw-ag", someone);
        let is_empty = group.facets.is_empty() && group.categories.is_empty();
        assert_eq!(
            is_empty,
            [Scenario::Withdrawal, Scenario::Lapse, Scenario::Erasure].contains(&scenario),
            "{group:?}"
        );
        match scenario {
            Scenario::Profile => {
                assert_eq!(
                    group.content["contact"]["city"],
                    json!(format!("city-{}", self.round))
                );
            }
            Scenario::Relation | Scenario::AuthorisationLost | Scenario::Redrive => {
                world.everyone_is_in_step(&one, &[&self.dealer]).await;
                let held = world.holds(&self.dealer, someone);
                assert_eq!(
                    held.categories.is_empty(),
                    scenario == Scenario::AuthorisationLost
                );
            }
            Scenario::Erasure => {
                for key in ["EVIDENCE", "PROFILE#contact"] {
                    let left = world.stored(&format!("{key}#{}", someone.pseudonym)).await;
                    assert_eq!(left, [], "{key}");
                }
                for recipient in NOTICED.iter().chain([&self.dealer.as_str()]) {
                    let heard = world.heard(recipient, someone);
                    assert_eq!(heard.last().map(String::as_str), Some("erased"), "{recipient}");
                    assert_eq!(world.holds(recipient, someone), Default::default());
                }
            }
            Scenario::Lapse => assert!(acts.len() > before.len(), "the lapse is in the record"),
            Scenario::Capture | Scenario::Again | Scenario::Withdrawal => {}
        }
        let ledger = format!("/v1/subjects/{}/recipients", someone.id);
        let ledger = world.get(&ledger).await.is(200).body;
        for entry in ledger["recipients"].as_array().into_iter().flatten() {
            assert_eq!(entry["state"], "up-to-date", "{entry}");
        }
    }
}

/// When somebody's consent ends by itself.
async fn ends(world: &World, someone: &Someone) -> Timestamp {
    let until = world.state(someone).await["facets"]["marketing/email"]["until"].clone();
    tests::instant(until.as_str().unwrap_or_default())
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
