//! What may happen in a history, and how often.

use domain::act::{Grade, Relation};
use domain::codes::{Category, Channel, RelationKind};
use domain::facet::Facet;
use domain::recipient::Recipient;
use domain::withdraw::Selection;
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cast::CAST;

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

pub(crate) fn at_once(deed: Deed) -> Step {
    let (wait, skew) = (SignedDuration::ZERO, SignedDuration::ZERO);
    Step { wait, skew, deed }
}

pub(crate) fn granted(facets: Vec<Facet>, grade: Grade) -> Deed {
    Deed::Grant(Grant {
        notice: Pick(0),
        controls: Vec::new(),
        channels: Vec::new(),
        facets,
        grade,
        stated: Stated::Not,
        to_be_confirmed: grade == Grade::D,
    })
}

/// Everything is agreed to, with good proof.
pub(crate) fn everything() -> impl Strategy<Value = Step> {
    pick().prop_map(|notice| {
        let mut step = at_once(granted(CAST.facets.clone(), Grade::B));
        if let Deed::Grant(grant) = &mut step.deed {
            grant.notice = notice;
        }
        step
    })
}

/// Everything is taken back, in one of the ways that there are.
pub(crate) fn taken_back() -> impl Strategy<Value = Deed> {
    let all = Deed::Withdraw {
        what: Selection::All,
        stated: Stated::Not,
    };
    let objection = Deed::Object { stated: Stated::Not };
    select(vec![all, objection, Deed::Erase])
}

#[derive(Debug, Clone)]
pub(crate) enum Late {
    Quiet(Deed),
    /// How long before the withdrawal it happened.
    Grant(Grant, SignedDuration),
}

pub(crate) fn quiet_or_late() -> impl Strategy<Value = Late> {
    let ago = prop_oneof![Just(SignedDuration::ZERO), wait()];
    prop_oneof![
        2 => quiet_deed().prop_map(Late::Quiet),
        1 => (grant(), ago).prop_map(|(grant, ago)| Late::Grant(grant, ago)),
    ]
}
