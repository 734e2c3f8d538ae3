//! Seeded disorder: whatever is doubled, late, out of order, dead or on another clock in between, in the end
//! everybody holds exactly what it may.
//!
//! `ASSENSO_SEEDS=N` plays so many seeds, `ASSENSO_FIRST_SEED=S` begins at that one, and `ASSENSO_SEED=S` plays it
//! alone. In every other seed recipients finish
//! late what they hung up on; in the rest, one that ignores the order must hold the same as one that heeds it.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, thread};

use jiff::SignedDuration;
use local::sqs::{Disorder, Late};
use serde_json::{Value, json};
use tests::{CHANNELS, ERRANDS, Fate, Manner, PURPOSES, Someone, World, everything};
use tokio::runtime;

const SEEDS: u64 = 64;
const ACTS: u64 = 20;
const PEOPLE: u64 = 3;
const DEALERS: [&str; 3] = ["dealer-one", "dealer-two", "dealer-three"];
const NOTICED: [&str; 3] = ["bmw-ag", "marketing-platform", "campaign-service"];
const UNTIL_AGAIN: SignedDuration = SignedDuration::from_mins(7);
const A_DAY_AND_MORE: SignedDuration = SignedDuration::from_hours(27);
/// How far the clock of a host may be from the others, in seconds to either side.
const SKEW_S: u64 = 240;
/// How often the clock moves on once everything is healed; the operator comes half-way.
const ROUNDS: usize = 4;

/// SplitMix64: the same numbers from the same seed on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn of<T: Copy>(&mut self, several: &[T]) -> T {
        several[self.below(several.len() as u64) as usize]
    }

    fn seconds(&mut self, most: u64) -> SignedDuration {
        SignedDuration::from_secs(self.below(most) as i64)
    }
}

#[test]
fn whatever_the_disorder_everybody_holds_in_the_end_what_it_may() {
    let wanted = |name: &str| env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let (first, count) = match wanted("ASSENSO_SEED") {
        Some(seed) => (seed, 1),
        None => (
            wanted("ASSENSO_FIRST_SEED").unwrap_or(1),
            wanted("ASSENSO_SEEDS").unwrap_or(SEEDS),
        ),
    };
    let next = AtomicU64::new(first);
    let failed = Mutex::new(Vec::new());
    // A world is at home on one thread: handing its calls from one to the other takes longer than they do.
    let worker = || {
        let mut runtime = runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().expect("a runtime");
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= first + count {
                return;
            }
            if catch_unwind(AssertUnwindSafe(|| runtime.block_on(play(seed)))).is_err() {
                eprintln!("repeat it with: ASSENSO_SEED={seed} cargo test -p tests --test disorder");
                failed.lock().expect("no panic while it is held").push(seed);
            }
        }
    };
    // Two for each core: there are recipients that take their time.
    let workers = 2 * thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|threads| {
        for _ in 0..workers {
            threads.spawn(worker);
        }
    });
    println!("{count} seeds, from {first}");
    let failed = failed.into_inner().expect("no panic while it is held");
    assert!(failed.is_empty(), "these seeds fail: {failed:?}");
}

async fn play(seed: u64) {
    let mut chance = Chance(seed);
    let world = World::at_noon().await;
    for dealer in DEALERS {
        world.dealer(dealer).await;
    }
    world.settle().await;
    world.replay_from_here().await;
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(world.someone().await);
    }
    world.sqs.disorder(Disorder {
        twice_every: 1 + chance.below(4),
        shuffle_seed: Some(seed),
        late: Some(Late {
            every: 2 + chance.below(3),
            by: chance.seconds(900),
        }),
    });
    let mut faults = Chance(seed ^ 0xFA17);
    world.calls.judge(move |_| match faults.below(80) {
        0 => Fate::DiesBefore,
        1 => Fate::DiesAfter,
        2 => Fate::NeverSent,
        3 => Fate::AnswerLost,
        4 => Fate::Again,
        _ => Fate::Answered,
    });

    let late = seed.is_multiple_of(2);
    for _ in 0..ACTS {
        let host = SignedDuration::from_secs(chance.below(2 * SKEW_S) as i64 - SKEW_S as i64);
        world.advance(host);
        something(&world, &people, &mut chance, late).await;
        world.advance(-host);
        world.advance(chance.seconds(400));
    }

    world.calls.heal();
    world.sqs.disorder(Disorder::default());
    for recipient in NOTICED.iter().chain(&DEALERS) {
        world.recipients.set(recipient, Manner::Acknowledges);
    }
    for round in 0..ROUNDS {
        if round == ROUNDS / 2 {
            operate(&world, &people).await;
        }
        // At last past the longest pause between two tries.
        let is_last = round + 2 >= ROUNDS;
        world.advance(if is_last { A_DAY_AND_MORE } else { UNTIL_AGAIN });
        world.tick().await;
    }
    let recipients = [&NOTICED[..], &DEALERS].concat();
    world.everyone_is_in_step(&people, &recipients).await;
    for someone in &people {
        world.chain_is_unbroken(someone).await;
        nothing_is_from_before_its_erasure(&world, someone).await;
        if !late {
            heeding_the_order_makes_no_difference(&world, someone, &recipients);
        }
    }
}

/// The lease keeps a recipient from being told of a subject while it is at work on it; so what comes last is
/// what is true, if nobody finishes later than that.
fn heeding_the_order_makes_no_difference(world: &World, someone: &Someone, recipients: &[&str]) {
    for recipient in recipients {
        let held = world.holds(recipient, someone);
        let heedless = world.recipients.holds_if_heedless(recipient, &someone.pseudonym);
        assert_eq!((held.categories, held.facets), heedless, "{recipient}");
    }
}

/// Content that is stored came with an act after the last erasure.
async fn nothing_is_from_before_its_erasure(world: &World, someone: &Someone) {
    let acts = world.history(someone).await;
    let erased = acts.iter().rposition(|act| act["act"] == "erased");
    let since = &acts[erased.map_or(0, |place| place + 1)..];
    let is_updated = since.iter().any(|act| act["act"] == "profile-updated");
    let key = format!("PROFILE#contact#{}", someone.pseudonym);
    assert_eq!(!world.stored(&key).await.is_empty(), is_updated, "{acts:#?}");
}

/// What an operator does after an outage, and nothing more: send the dead letters again, and redrive the
/// recipients that were given up.
async fn operate(world: &World, people: &[Someone]) {
    for message in world.sqs.bodies("ErrandsDead") {
        world.sqs.put(ERRANDS, &message);
    }
    world.sqs.forget("ErrandsDead");
    let mut given_up = BTreeSet::new();
    for someone in people {
        let told = world
            .get(&format!("/v1/subjects/{}/recipients", someone.id))
            .await;
        for entry in told.is(200).body["recipients"].as_array().into_iter().flatten() {
            if entry["state"] == "given-up" {
                given_up.insert(entry["recipient"].as_str().unwrap_or_default().to_owned());
            }
        }
    }
    for recipient in given_up {
        let path = format!("/v1/recipients/{recipient}/redrive");
        world.post(&path, json!({})).await.is(202);
    }
}

/// One act of somebody, or something that happens to the machinery.
async fn something(world: &World, people: &[Someone], chance: &mut Chance, late: bool) {
    let someone = &people[chance.below(people.len() as u64) as usize];
    let (channel, purpose, dealer) = (chance.of(&CHANNELS), chance.of(&PURPOSES), chance.of(&DEALERS));
    let answer = match chance.below(17) {
        0 | 1 => Some(world.grant(someone, everything()).await),
        2 => {
            let one = json!({ "controls": ["promotional"], "channels": [channel] });
            Some(world.grant(someone, one).await)
        }
        3 => Some(world.withdraw_all(someone).await),
        4 => Some(world.withdraw(someone, json!({ "channels": [channel] })).await),
        5 => Some(world.withdraw(someone, json!({ "purposes": [purpose] })).await),
        6 | 7 => Some(
            world
                .relate(someone, dealer, "preferred", "account", json!({}))
                .await,
        ),
        8 => Some(world.part(someone, dealer, "preferred", "account").await),
        9 => {
            let city = format!("city-{}", chance.below(1_000));
            Some(
                world
                    .patch_profile(someone, json!({ "contact": { "city": city } }))
                    .await,
            )
        }
        10 => {
            let access: Value = json!({
                "kind": "dealer",
                "role": "separate-controller",
                "authorised": chance.below(2) == 0,
            });
            Some(world.register(dealer, access).await)
        }
        11 | 12 => {
            let manner = chance.of(&[
                Manner::Acknowledges,
                Manner::Fails,
                Manner::IsDown,
                Manner::LosesAnswers,
                Manner::AnswersLate,
                if late {
                    Manner::FinishesLate { after_s: 300 }
                } else {
                    Manner::LosesAnswers
                },
                Manner::Refuses {
                    status: 410,
                    retry_after_s: 0,
                },
                Manner::Refuses {
                    status: 503,
                    retry_after_s: 120,
                },
            ]);
            let recipients = [&NOTICED[..], &DEALERS].concat();
            world.recipients.set(chance.of(&recipients), manner);
            None
        }
        13 => {
            world.replay().await;
            None
        }
        14 => {
            world.fan_out().await;
            None
        }
        15 => Some(world.erase(someone).await),
        _ => {
            world.tick().await;
            None
        }
    };
    if let Some(answer) = answer {
        assert!(
            [200, 201, 404, 409, 422, 500, 502, 503].contains(&answer.status),
            "{}",
            answer.text
        );
    }
}

/// A history of requests about one subject: when each began and ended, in one order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    began: u64,
    ended: u64,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Granted,
    Withdrawn,
    Decided { allowed: bool },
}

/// The checker: once a withdrawal is acknowledged, whatever is decided later denies, unless a grant was under
/// way or made since the withdrawal began.
fn violation(history: &[Asked]) -> Option<(Asked, Asked)> {
    let decisions = history
        .iter()
        .filter(|asked| asked.what == What::Decided { allowed: true });
    for decision in decisions {
        let withdrawals = history
            .iter()
            .filter(|asked| asked.what == What::Withdrawn && asked.ended < decision.began);
        for withdrawal in withdrawals {
            let is_granted_again = history.iter().any(|asked| {
                asked.what == What::Granted && asked.ended > withdrawal.began && asked.began < decision.ended
            });
            if !is_granted_again {
                return Some((withdrawal.clone(), decision.clone()));
            }
        }
    }
    None
}

#[test]
fn the_checker_finds_a_decision_that_forgot_a_withdrawal() {
    let asked = |began, ended, what| Asked { began, ended, what };
    let forgot = [
        asked(1, 2, What::Granted),
        asked(3, 4, What::Withdrawn),
        asked(5, 6, What::Decided { allowed: true }),
    ];
    assert!(violation(&forgot).is_some());
    let granted_again = [&forgot[..], &[asked(4, 7, What::Granted)]].concat();
    assert!(violation(&granted_again).is_none());
    let at_once = [
        forgot[0].clone(),
        asked(3, 6, What::Withdrawn),
        asked(5, 7, What::Decided { allowed: true }),
    ];
    assert!(violation(&at_once).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_decision_that_begins_after_an_acknowledged_withdrawal_allows() {
    let world = World::at_noon().await;
    let steps = AtomicU64::new(1);
    for seed in 1..=8 {
        let someone = world.someone_who_granted_everything().await;
        let history = Mutex::new(Vec::new());
        let client = async |place: u64| {
            let mut chance = Chance(seed * 100 + place);
            for _ in 0..8 {
                world.advance(SignedDuration::from_secs(chance.below(480) as i64 - 240));
                let began = steps.fetch_add(1, Ordering::SeqCst);
                let what = match chance.below(6) {
                    0 => {
                        world.grant(&someone, everything()).await.is(201);
                        What::Granted
                    }
                    1 | 2 => {
                        world.withdraw_all(&someone).await.is(200);
                        What::Withdrawn
                    }
                    _ => What::Decided {
                        allowed: world.may(&someone, "bmw-ag", "email").await,
                    },
                };
                let ended = steps.fetch_add(1, Ordering::SeqCst);
                history
                    .lock()
                    .expect("no panic while it is held")
                    .push(Asked { began, ended, what });
            }
        };
        tokio::join!(client(1), client(2), client(3), client(4), client(5));
        let history = history.into_inner().expect("no panic while it is held");
        assert_eq!(violation(&history), None, "seed {seed}: {history:#?}");
    }
    world.settle().await;
}
