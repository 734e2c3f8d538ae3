//! The state of a record: a fold over its acts, in the order in which they happened.
//!
//! ```text
//!            grant, good evidence          withdraw, object
//!   never ──────────────────────▶ On ─────────────────────────▶ Off ──grant──▶ On
//!     └──grant, poor evidence──▶ Pending                         ▲
//!                                 On ──────── lapse ─────────────┘ (said to be lapsed)
//! ```

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::act::{Act, Grade, Order, Relation, Shown, Version, What};
use crate::codes::Category;
use crate::facet::{Facet, Facets};
use crate::policy::Policies;

/// What all acts so far come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Every facet that an act has touched.
    pub facets: BTreeMap<Facet, Switch>,
    /// The grants that some facet stands on.
    pub grants: BTreeMap<Version, Grant>,
    /// The objection that stands, until the data subject lifts it.
    pub objection: Option<Mark>,
    /// The active relations.
    pub relations: BTreeMap<Relation, Tie>,
    /// The categories that have content, and the act that last wrote each.
    pub profile: BTreeMap<Category, Version>,
    /// Where the last act stands; a later act may be applied on top, an earlier one needs a new fold.
    pub order: Option<Order>,
}

/// One facet's position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    On {
        grant: Version,
    },
    /// Granted, with less evidence than the policy wants: grants nothing.
    Pending {
        grant: Version,
    },
    Off {
        mark: Mark,
        why: Off,
    },
}

/// What switched a facet off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    Withdrawn,
    Objected,
    Lapsed,
}

/// An act and when it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub by: Version,
    pub at: Timestamp,
}

/// What a facet that is on stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub happened_at: Timestamp,
    /// The first instant at which it no longer holds, by the policy that it pins.
    pub until: Timestamp,
    pub shown: Shown,
    pub grade: Grade,
}

/// An active relation to a dealer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    pub by: Version,
    pub since: Timestamp,
    pub delivered_on: Option<Date>,
    /// The end of the period after the delivery is in the chain already.
    pub period_end_announced: bool,
}

/// How a facet stands at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    Never,
    Active { by: Version, grant: &'a Grant },
    Pending { by: Version },
    Withdrawn(Mark),
    Objected(Mark),
    Lapsed { by: Version, at: Timestamp },
}

impl State {
    /// The state after these acts, whatever order they come in.
    pub fn of<'a>(policies: &Policies, acts: impl IntoIterator<Item = &'a Act>) -> Self {
        let mut acts: Vec<&Act> = acts.into_iter().collect();
        acts.sort_by_key(|act| act.order());
        let mut state = Self::default();
        for act in acts {
            state.apply(policies, act);
        }
        state
    }

    /// Whether this act comes after all that are in the state already.
    pub fn precedes(&self, act: &Act) -> bool {
        self.order.is_none_or(|last| last < act.order())
    }

    /// The state after one more act, which must come last in order.
    pub fn apply(&mut self, policies: &Policies, act: &Act) {
        self.order = Some(act.order());
        let mark = Mark {
            by: act.version,
            at: act.happened_at,
        };
        match &act.what {
            What::Granted { facets, shown } => self.grant(policies, act, facets, shown),
            What::Withdrawn { facets } => self.switch_off(facets, mark, Off::Withdrawn),
            What::Objected => self.object(mark),
            What::Lapsed { facets } => self.lapse(facets, mark),
            What::RelationStarted {
                relation,
                delivered_on,
                exclusive,
            } => {
                if *exclusive {
                    self.relations.retain(|other, _| other.kind != relation.kind);
                }
                let tie = Tie {
                    by: act.version,
                    since: act.happened_at,
                    delivered_on: *delivered_on,
                    period_end_announced: false,
                };
                self.relations.insert(relation.clone(), tie);
            }
            What::RelationEnded { relation } => {
                self.relations.remove(relation);
            }
            What::DeliveryPeriodEnded { relation } => {
                if let Some(tie) = self.relations.get_mut(relation) {
                    tie.period_end_announced = true;
                }
            }
            What::ProfileUpdated { written, cleared, .. } => {
                self.profile
                    .extend(written.iter().map(|category| (category.clone(), act.version)));
                self.profile.retain(|category, _| !cleared.contains(category));
            }
        }
        let State { facets, grants, .. } = self;
        grants.retain(|version, _| facets.values().any(|switch| switch.stands_on(*version)));
    }

    fn grant(&mut self, policies: &Policies, act: &Act, facets: &Facets, shown: &Shown) {
        let policy = policies.find(&shown.notice, shown.version);
        let grade = act.evidence.grade;
        if self.objection.is_some() && grade >= Grade::B {
            self.objection = None;
        }
        let grant = Grant {
            happened_at: act.happened_at,
            // A consent to a notice that nobody stored holds for no time at all (S03).
            until: policy.map_or(act.happened_at, |policy| policy.valid_until(act.happened_at)),
            shown: shown.clone(),
            grade,
        };
        self.grants.insert(act.version, grant);
        for facet in facets {
            let enough = self.objection.is_none()
                && policy.is_some_and(|policy| policy.offers(facet) && grade >= policy.grade_needed(facet));
            let switch = self.facets.get(facet);
            if enough {
                self.facets
                    .insert(facet.clone(), Switch::On { grant: act.version });
            } else if !matches!(switch, Some(Switch::On { .. })) {
                self.facets
                    .insert(facet.clone(), Switch::Pending { grant: act.version });
            }
        }
    }

    fn switch_off(&mut self, facets: &Facets, mark: Mark, why: Off) {
        self.facets.extend(
            facets
                .iter()
                .map(|facet| (facet.clone(), Switch::Off { mark, why })),
        );
    }

    /// An objection denies every purpose, channel, profiling and sharing; a separate consent is its
    /// own matter (S41).
    fn object(&mut self, mark: Mark) {
        self.objection = Some(mark);
        for (facet, switch) in &mut self.facets {
            if !matches!(facet, Facet::Separate(_)) {
                *switch = Switch::Off {
                    mark,
                    why: Off::Objected,
                };
            }
        }
    }

    /// Only what really stands on an ended grant lapses: a renewal in time is not undone.
    fn lapse(&mut self, facets: &Facets, mark: Mark) {
        for facet in facets {
            if let Some(Switch::On { grant }) = self.facets.get(facet)
                && let Some(until) = self.grants.get(grant).map(|grant| grant.until)
                && until <= mark.at
            {
                let mark = Mark {
                    by: mark.by,
                    at: until,
                };
                self.facets.insert(
                    facet.clone(),
                    Switch::Off {
                        mark,
                        why: Off::Lapsed,
                    },
                );
            }
        }
    }

    pub fn standing(&self, facet: &Facet, at: Timestamp) -> Standing<'_> {
        match self.facets.get(facet) {
            None => Standing::Never,
            Some(Switch::On { grant: by }) => match self.grants.get(by) {
                Some(grant) if at < grant.until => Standing::Active { by: *by, grant },
                Some(grant) => Standing::Lapsed {
                    by: *by,
                    at: grant.until,
                },
                None => Standing::Never,
            },
            Some(Switch::Pending { grant: by }) => Standing::Pending { by: *by },
            Some(Switch::Off {
                mark,
                why: Off::Withdrawn,
            }) => Standing::Withdrawn(*mark),
            Some(Switch::Off {
                mark,
                why: Off::Objected,
            }) => Standing::Objected(*mark),
            Some(Switch::Off {
                mark,
                why: Off::Lapsed,
            }) => Standing::Lapsed {
                by: mark.by,
                at: mark.at,
            },
        }
    }

    pub fn is_active(&self, facet: &Facet, at: Timestamp) -> bool {
        matches!(self.standing(facet, at), Standing::Active { .. })
    }
}

impl Switch {
    fn stands_on(&self, version: Version) -> bool {
        match self {
            Self::On { grant } | Self::Pending { grant } => *grant == version,
            Self::Off { .. } => false,
        }
    }
}
