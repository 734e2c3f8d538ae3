//! Random histories of one data subject. Acts come about as the handlers make them: by a step of the
//! record, by a host whose clock may be off, and the record after it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use domain::act::{Act, Evidence, Grade, Relation, Via};
use domain::codes::{Category, Channel, Purpose, RelationId, RelationKind, Separate};
use domain::decide::{Decision, Party, Question, decide};
use domain::facet::Facet;
use domain::grant::Given;
use domain::policy::{Origin, Policies, Policy, TellerKind};
use domain::profile::{Edit, Teller};
use domain::recipient::{Access, Recipient, RecipientKind, Role};
use domain::record::{Record, View, When};
use domain::subject::Subject;
use domain::withdraw::Selection;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::sample::select;

/// Who and what there is, so that nothing is parsed ten thousand times.
pub(crate) struct Cast {
    pub(crate) policies: &'static Policies,
    pub(crate) notices: Vec<&'static Policy>,
    pub(crate) purposes: Vec<Purpose>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) categories: Vec<Category>,
    pub(crate) separate: Vec<Separate>,
    pub(crate) kinds: Vec<RelationKind>,
    pub(crate) facets: Vec<Facet>,
    pub(crate) vehicles: Vec<RelationId>,
    /// The group company, the processors, and then the dealers.
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) dealers: Vec<Recipient>,
}

pub(crate) static CAST: LazyLock<Cast> = LazyLock::new(|| {
    let policies = notices();
    let notices: Vec<&Policy> = policies.iter().collect();
    let newest = notices[0];
    let dealers: Vec<Recipient> = ["dealer-1", "dealer-2"]
        .map(|id| recipient(id, RecipientKind::Dealer))
        .into();
    let standing = newest
        .standing
        .iter()
        .map(|(id, standing)| recipient(id.as_str(), standing.kind));
    Cast {
        policies,
        purposes: newest.purposes.keys().cloned().collect(),
        channels: newest.channels.keys().cloned().collect(),
        categories: newest.categories.keys().cloned().collect(),
        separate: newest.separate.keys().cloned().collect(),
        kinds: newest.relations.keys().cloned().collect(),
        facets: newest.facets().into_iter().collect(),
        vehicles: ["vehicle-1", "vehicle-2"].map(|id| id.parse().unwrap()).into(),
        recipients: standing.chain(dealers.iter().cloned()).collect(),
        dealers,
        notices,
    }
});

/// The shipped notices, and one that asks for all that they leave out: looks at the opposition register, a cap on
/// a relation, better proof.
fn notices() -> &'static Policies {
    let careful = tests::edited(&[
        ("\nversion = 1\n", "\nversion = 2\n"),
        (
            "[channels.phone]\n",
            "[channels.phone]\nregister_check_days = 15\n",
        ),
        ("[channels.post]\n", "[channels.post]\nregister_check_days = 90\n"),
        (
            "needed = \"C\"",
            "needed = \"C\"\nby_facet = { \"care/sms\" = \"A\" }",
        ),
        ("[relations.service]\n", "[relations.service]\ncap = \"P1Y\"\n"),
    ]);
    tests::alone(policies::all().iter().cloned().chain([careful]).collect())
}

fn recipient(id: &str, kind: RecipientKind) -> Recipient {
    let access = Access {
        since: Timestamp::MIN,
        authorised: true,
        sharing: true,
    };
    Recipient {
        id: id.parse().unwrap(),
        kind,
        role: Role::SeparateController,
        history: vec![access],
    }
}

/// What somebody does, and how long after what was done before.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) wait: SignedDuration,
    /// How far off the clock is of the host that it comes to.
    pub(crate) skew: SignedDuration,
    pub(crate) deed: Deed,
}

#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Grant(Grant),
    Withdraw {
        what: Selection,
        stated: Stated,
    },
    Object {
        stated: Stated,
    },
    Erase,
    Relate(Tie),
    Part {
        which: Pick,
    },
    Update(Update),
    Confirm {
        which: Pick,
    },
    CheckRegister {
        channel: Channel,
        enrolled: bool,
        stated: Stated,
    },
    FallDue,
}

#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// Which of the notices was shown.
    pub(crate) notice: Pick,
    pub(crate) controls: Vec<Pick>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) facets: Vec<Facet>,
    pub(crate) grade: Grade,
    pub(crate) stated: Stated,
    pub(crate) to_be_confirmed: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Tie {
    pub(crate) dealer: Pick,
    pub(crate) kind: RelationKind,
    pub(crate) vehicle: Pick,
    pub(crate) since_days_ago: Option<i32>,
    pub(crate) delivered_days_ago: Option<i32>,
}

#[derive(Debug, Clone)]
pub(crate) struct Update {
    pub(crate) category: Category,
    pub(crate) clear: bool,
    /// Told by a recipient; else by the controller's own systems.
    pub(crate) from: Option<Pick>,
}

/// When an act is said to have happened.
#[derive(Debug, Clone)]
pub(crate) enum Stated {
    Not,
    Ago(SignedDuration),
    /// At the very instant of an act that is in the record.
    With(Pick),
}

/// One of a list, whatever its length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pick(pub(crate) usize);

impl Pick {
    pub(crate) fn get<T>(self, list: &[T]) -> &T {
        &list[self.0 % list.len()]
    }
}

pub(crate) fn pick() -> impl Strategy<Value = Pick> {
    (0..5_040_usize).prop_map(Pick)
}

// ---- what may happen

pub(crate) fn steps(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    steps_of(deed(), length)
}

pub(crate) fn steps_of(
    deed: impl Strategy<Value = Deed>,
    length: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<Step>> {
    let step = (wait(), skew(), deed).prop_map(|(wait, skew, deed)| Step { wait, skew, deed });
    prop::collection::vec(step, length)
}

pub(crate) fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => grant().prop_map(Deed::Grant),
        4 => (selection(), stated()).prop_map(|(what, stated)| Deed::Withdraw { what, stated }),
        1 => stated().prop_map(|stated| Deed::Object { stated }),
        1 => Just(Deed::Erase),
        10 => quiet_deed(),
    ]
}

/// What is no affirmative act: none of it may turn anything on.
pub(crate) fn quiet_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => tie().prop_map(Deed::Relate),
        1 => pick().prop_map(|which| Deed::Part { which }),
        3 => update().prop_map(Deed::Update),
        2 => pick().prop_map(|which| Deed::Confirm { which }),
        1 => (select(&CAST.channels[..]), any::<bool>(), stated())
            .prop_map(|(channel, enrolled, stated)| Deed::CheckRegister { channel, enrolled, stated }),
        3 => Just(Deed::FallDue),
    ]
}

/// What goes on with dealers alone.
pub(crate) fn dealing() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => tie().prop_map(Deed::Relate),
        1 => pick().prop_map(|which| Deed::Part { which }),
        3 => Just(Deed::FallDue),
    ]
}

pub(crate) fn grant() -> impl Strategy<Value = Grant> {
    let grade = prop_oneof![
        2 => Just(Grade::D), 2 => Just(Grade::C), 5 => Just(Grade::B), 1 => Just(Grade::A),
    ];
    let facets = prop::collection::vec(select(&CAST.facets[..]), 0..3);
    let controls = prop::collection::vec(pick(), 0..3);
    let ticks = (pick(), controls, channels(), facets);
    (ticks, grade, stated(), any::<bool>()).prop_map(
        |((notice, controls, channels, facets), grade, stated, to_be_confirmed)| Grant {
            notice,
            controls,
            channels,
            facets,
            grade,
            stated,
            to_be_confirmed,
        },
    )
}

fn channels() -> impl Strategy<Value = Vec<Channel>> {
    prop::sample::subsequence(&CAST.channels[..], 1..4)
}

pub(crate) fn selection() -> impl Strategy<Value = Selection> {
    let named = |purposes, channels, facets| Selection::Named {
        purposes,
        channels,
        facets,
    };
    prop_oneof![
        2 => Just(Selection::All),
        1 => select(&CAST.purposes[..]).prop_map(move |purpose| named(vec![purpose], vec![], vec![])),
        1 => select(&CAST.channels[..]).prop_map(move |channel| named(vec![], vec![channel], vec![])),
        3 => prop::collection::vec(select(&CAST.facets[..]), 1..3)
            .prop_map(move |facets| named(vec![], vec![], facets)),
    ]
}

pub(crate) fn tie() -> impl Strategy<Value = Tie> {
    let kind = prop_oneof![1 => Just("purchase".parse().unwrap()), 1 => select(&CAST.kinds[..])];
    // Around the third anniversary as often as anywhere else.
    let delivered = prop_oneof![0..30, 1_080..1_110, 0..2_000];
    let since = prop::option::weighted(0.5, prop_oneof![0..60, 0..900]);
    (
        pick(),
        kind,
        pick(),
        since,
        prop::option::weighted(0.7, delivered),
    )
        .prop_map(
            |(dealer, kind, vehicle, since_days_ago, delivered_days_ago)| Tie {
                dealer,
                kind,
                vehicle,
                since_days_ago,
                delivered_days_ago,
            },
        )
}

pub(crate) fn update() -> impl Strategy<Value = Update> {
    let from = prop::option::weighted(0.3, pick());
    (select(&CAST.categories[..]), prop::bool::weighted(0.2), from).prop_map(|(category, clear, from)| {
        Update {
            category,
            clear,
            from,
        }
    })
}

pub(crate) fn stated() -> impl Strategy<Value = Stated> {
    prop_oneof![
        5 => Just(Stated::Not),
        2 => pick().prop_map(Stated::With),
        // Ahead by less than the five minutes that are allowed, too.
        2 => (-200..200_000_i64).prop_map(|seconds| Stated::Ago(SignedDuration::from_secs(seconds))),
        2 => (0..700_i64).prop_map(|days| Stated::Ago(SignedDuration::from_hours(24 * days))),
    ]
}

pub(crate) fn wait() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        2 => Just(SignedDuration::ZERO),
        2 => (1..100_000_i64).prop_map(SignedDuration::from_secs),
        3 => (1..60_i64).prop_map(|days| SignedDuration::from_hours(24 * days)),
        1 => (60..900_i64).prop_map(|days| SignedDuration::from_hours(24 * days)),
    ]
}

fn skew() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        3 => Just(SignedDuration::ZERO),
        1 => (-180..180_i64).prop_map(SignedDuration::from_secs),
    ]
}

// ---- how it comes about

#[derive(Debug, Clone)]
pub(crate) struct History {
    /// What the time is, where the clocks are right.
    pub(crate) now: Timestamp,
    pub(crate) record: Record,
}

impl History {
    pub(crate) fn begun() -> Self {
        let subject: Subject = "sub_0123456789abcdefghijkl".parse().unwrap();
        Self {
            now: "2026-03-02T12:00:00Z".parse().unwrap(),
            record: Record::empty(subject),
        }
    }

    pub(crate) fn of(steps: &[Step]) -> Self {
        let mut history = Self::begun();
        for step in steps {
            history.play(step);
        }
        history
    }

    pub(crate) fn acts(&self) -> &[Act] {
        self.record.acts().unwrap()
    }

    /// Play a step; what it added, unless it was refused or said nothing new.
    pub(crate) fn play(&mut self, step: &Step) -> Option<Act> {
        self.now += step.wait;
        let act = self.judged(&step.deed, self.now + step.skew)?;
        self.record = self.record.clone().after(CAST.policies, &act);
        Some(act)
    }

    /// Every act that time has made due.
    pub(crate) fn fall_due(&mut self) -> Vec<Act> {
        let mut added = Vec::new();
        while let Some(act) = self.record.fall_due(CAST.policies, self.now).unwrap() {
            assert!(
                added.len() < 500,
                "what falls due never ends: {:?}",
                &added[490..]
            );
            self.record = self.record.clone().after(CAST.policies, &act);
            added.push(act);
        }
        added
    }

    fn judged(&self, deed: &Deed, now: Timestamp) -> Option<Act> {
        let (policies, record) = (CAST.policies, &self.record);
        match deed {
            Deed::Grant(grant) => {
                let given = self.given(grant, now);
                record.grant(policies, &given, now).ok()
            }
            Deed::Withdraw { what, stated } => {
                let stated = self.stated(stated, now);
                let act = record.withdraw(policies, what, stated, evidence(None), now);
                act.ok().flatten()
            }
            Deed::Object { stated } => {
                let act = record.object(self.stated(stated, now), evidence(None), now);
                act.ok().flatten()
            }
            Deed::Erase => record.erase(evidence(None), now).ok().flatten(),
            Deed::Relate(tie) => {
                let (dealer, relation) = tie.parties();
                let today = CAST.notices[0].day(now);
                let day = |days_ago: Option<i32>| -> Option<Date> { Some(today - days_ago?.days()) };
                // Only what is sold has a delivery.
                let delivered_days_ago = tie
                    .delivered_days_ago
                    .filter(|_| CAST.notices[0].relations[&tie.kind].delivery);
                let days = (day(tie.since_days_ago), day(delivered_days_ago));
                let act = record.relate(policies, Some(dealer), &relation, days, evidence(None), now);
                act.ok().flatten()
            }
            Deed::Part { which } => {
                let active: Vec<&Relation> = record.state().relations.keys().collect();
                let relation = (!active.is_empty()).then(|| which.get(&active))?;
                record.part(relation, evidence(None), now).ok().flatten()
            }
            Deed::Update(update) => self.updated(update, now),
            Deed::Confirm { which } => {
                let open: Vec<u32> = record.state().unconfirmed.keys().copied().collect();
                let grant = (!open.is_empty()).then(|| *which.get(&open))?;
                record.confirm(grant, now).ok().flatten()
            }
            Deed::CheckRegister {
                channel,
                enrolled,
                stated,
            } => {
                let told = (self.stated(stated, now), evidence(None));
                record
                    .check_register(policies, channel, *enrolled, told, now)
                    .ok()
            }
            Deed::FallDue => record.fall_due(policies, now).unwrap(),
        }
    }

    fn given(&self, grant: &Grant, now: Timestamp) -> Given {
        let policy = grant.notice.get(&CAST.notices);
        let controls: Vec<_> = policy.controls.keys().cloned().collect();
        Given {
            notice: policy.notice.clone(),
            version: policy.version,
            language: "it".parse().unwrap(),
            brand: "bmw".parse().unwrap(),
            via: Via::Form,
            grade: grant.grade,
            controls: grant
                .controls
                .iter()
                .map(|control| control.get(&controls).clone())
                .collect(),
            channels: grant.channels.clone(),
            facets: grant.facets.clone(),
            happened_at: self.stated(&grant.stated, now),
            to_be_confirmed: grant.to_be_confirmed,
        }
    }

    fn updated(&self, update: &Update, now: Timestamp) -> Option<Act> {
        let terms = &CAST.notices[0].categories[&update.category];
        if terms.origin != Origin::Profile {
            return None;
        }
        let edit = if update.clear {
            Edit::Clear
        } else {
            Edit::Write(terms.fields.clone())
        };
        let from = update.from.as_ref().map(|from| from.get(&CAST.recipients));
        let (teller, kind) = from.map_or((Teller::Service, TellerKind::Service), |from| {
            (Teller::Recipient(from), TellerKind::Recipient(from.kind))
        });
        let edits = BTreeMap::from([(update.category.clone(), edit)]);
        let source = CAST.notices[0].named_by.get(&kind)?.first()?;
        let act = self
            .record
            .update_profile(CAST.policies, &edits, (source, teller), evidence(from), now);
        act.ok().flatten()
    }

    fn stated(&self, stated: &Stated, now: Timestamp) -> Option<Timestamp> {
        match stated {
            Stated::Not => None,
            Stated::Ago(ago) => Some(now - *ago),
            Stated::With(which) => {
                let acts = self.acts();
                (!acts.is_empty()).then(|| which.get(acts).happened_at)
            }
        }
    }

    /// Instants worth asking about: around every act, and now.
    pub(crate) fn instants(&self) -> Vec<Timestamp> {
        let ms = SignedDuration::from_millis(1);
        let around = self
            .acts()
            .iter()
            .flat_map(|act| [act.happened_at - ms, act.happened_at, act.learnt_at]);
        let instants: BTreeSet<Timestamp> = around.chain([self.now]).collect();
        instants.into_iter().collect()
    }

    pub(crate) fn now(&self) -> View<'_> {
        self.record.now(CAST.policies, self.now)
    }

    pub(crate) fn at(&self, at: Timestamp, known_at: Timestamp) -> View<'_> {
        self.record
            .view(CAST.policies, When::At { at, known_at })
            .unwrap()
    }
}

impl Tie {
    pub(crate) fn parties(&self) -> (&'static Recipient, Relation) {
        let dealer = self.dealer.get(&CAST.dealers);
        let relation = Relation {
            recipient: dealer.id.clone(),
            kind: self.kind.clone(),
            id: self.vehicle.get(&CAST.vehicles).clone(),
        };
        (dealer, relation)
    }
}

pub(crate) fn evidence(from: Option<&Recipient>) -> Evidence {
    Evidence {
        via: Via::Staff,
        grade: Grade::C,
        brand: None,
        told_by: from.map(|recipient| recipient.id.clone()),
    }
}

// ---- what is asked

#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The controller, where none.
    pub(crate) who: Option<&'static Recipient>,
    pub(crate) question: Question,
}

pub(crate) fn asked() -> impl Strategy<Value = Asked> {
    let question = (
        select(&CAST.purposes[..]),
        prop::option::of(select(&CAST.channels[..])),
        prop::option::of(select(&CAST.categories[..])),
    );
    (prop::option::weighted(0.8, pick()), question).prop_map(|(who, (purpose, channel, category))| Asked {
        who: who.map(|who| who.get(&CAST.recipients)),
        question: Question {
            purpose,
            channel,
            category,
        },
    })
}

impl Asked {
    pub(crate) fn party(&self) -> Party<'static> {
        self.who.map_or(Party::Controller, Party::Recipient)
    }

    pub(crate) fn decided(&self, view: &View<'_>) -> Decision {
        decide(view, self.party(), &self.question)
    }
}
