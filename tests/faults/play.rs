//! What is played at each crash point: a scenario, and what must be right afterwards.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::{Answer, Manner, Someone, World, everything};

/// Longer than a message stays invisible after it failed, and than any lease.
const UNTIL_AGAIN: SignedDuration = SignedDuration::from_mins(7);
const NOTICED: [&str; 3] = ["bmw-ag", "marketing-platform", "campaign-service"];
/// How often a caller repeats a request that was not acknowledged.
const REPEATS_MAX: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
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
    /// A recipient that was down is asked how it is, and answers.
    Recovery,
}

/// What is at hand while one point is played.
pub(crate) struct Play {
    pub(crate) world: World,
    someone: Someone,
    /// Who waits for the same dealer.
    others: Vec<Someone>,
    dealer: String,
    /// The acts so far.
    before: Vec<Value>,
    round: usize,
}

impl Play {
    pub(crate) async fn begin() -> Self {
        let world = World::at_noon().await;
        world.tick().await;
        let someone = world.someone().await;
        Self {
            world,
            someone,
            others: Vec::new(),
            dealer: String::new(),
            before: Vec::new(),
            round: 0,
        }
    }

    /// Somebody new, and what must be there before the scenario begins.
    pub(crate) async fn prepare(&mut self, scenario: Scenario) {
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
            | Scenario::Redrive
            | Scenario::Recovery => {
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
            Scenario::Recovery,
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
        if scenario == Scenario::Recovery {
            self.fails_until_it_is_down().await;
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
        if scenario == Scenario::Again {
            let too_much = Manner::Refuses {
                status: 503,
                retry_after_s: 600,
            };
            self.world.recipients.meet(0, too_much);
        }
        self.before = self.acts().await;
        self.world.calls.forget();
    }

    async fn relate(&self) -> Answer {
        self.relate_to(&self.someone).await
    }

    async fn relate_to(&self, someone: &Someone) -> Answer {
        self.world
            .relate(someone, &self.dealer, "preferred", "account", json!({}))
            .await
    }

    /// Several wait for the dealer, which is asked by one of them each minute, and by the others in half an hour.
    async fn fails_until_it_is_down(&mut self) {
        self.world.recipients.set(&self.dealer, Manner::Fails);
        self.others.clear();
        for _ in 0..2 {
            let other = self.world.someone_who_granted_everything().await;
            self.relate_to(&other).await.is(200);
            self.others.push(other);
        }
        self.world.settle().await;
        for after in [6, 354] {
            self.world.advance(SignedDuration::from_secs(after));
            self.world.tick().await;
        }
        self.world.recipients.set(&self.dealer, Manner::Acknowledges);
    }

    /// The scenario with its fault, until it is acknowledged and everything has come to rest.
    pub(crate) async fn act_and_check(&self, scenario: Scenario) {
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
        self.is_right(scenario).await;
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
            Scenario::Recovery => {
                world.advance(SignedDuration::from_mins(1));
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
    async fn is_right(&self, scenario: Scenario) {
        let (world, someone, before) = (&self.world, &self.someone, &self.before);
        let acts = self.acts().await;
        assert_eq!(acts[..before.len()], before[..], "what was there has changed");
        let added = match scenario {
            Scenario::Capture
            | Scenario::Again
            | Scenario::Withdrawal
            | Scenario::Profile
            | Scenario::Relation
            | Scenario::Erasure => 1,
            Scenario::AuthorisationLost | Scenario::Redrive | Scenario::Recovery => 0,
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
            Scenario::Relation | Scenario::AuthorisationLost | Scenario::Redrive | Scenario::Recovery => {
                world.everyone_is_in_step(&self.others, &[&self.dealer]).await;
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
