//! The state of a record: a fold over its acts, in the order in which they happened.
//!
//! ```text
//!            grant, good evidence          withdraw, object
//!   never ──────────────────────▶ On ─────────────────────────▶ Off ──grant──▶ On
//!     └──grant, poor evidence──▶ Pending ──confirm──▶ On         ▲
//!                                   └── nobody confirms ─────────┤
//!                                 On ──────── lapse ─────────────┘ (said to be lapsed)
//! ```

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::act::{Act, Grade, Order, Relation, Shown, Version, What};
use crate::codes::{Category, Channel, RecipientId};
use crate::facet::{Facet, Facets};
use crate::policy::Policies;

/// What all acts so far come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Every facet that an act has touched.
    pub facets: BTreeMap<Facet, Switch>,
    /// The grants that some facet stands on.
    pub grants: BTreeMap<Version, Grant>,
    /// The grants that the data subject is asked to confirm, and until when it may.
    pub unconfirmed: BTreeMap<Version, Timestamp>,
    /// The objection that stands, until the data subject lifts it.
    pub objection: Option<Mark>,
    /// The active relations.
    pub relations: BTreeMap<Relation, Tie>,
    /// The categories that have content.
    pub profile: BTreeMap<Category, Written>,
    /// When the opposition register was last looked at, for each channel.
    pub register: BTreeMap<Channel, Mark>,
    /// The end that the data subject was last reminded of.
    pub reminded_of: Option<Timestamp>,
    /// Which recipient told of an act that something still rests on; it is not told in turn (S13).
    pub told_by: BTreeMap<Version, RecipientId>,
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
    /// The first instant at which it no longer holds, by the policy that it pins or one that took its dates
    /// over.
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
    /// Up to when the chain says already that the period after the delivery has ended (S19).
    pub delivery_end_told: Option<Timestamp>,
    /// Up to when the chain says already that it entitles no more (T8).
    pub cap_told: Option<Timestamp>,
}

/// The content of a category: which act wrote it last, and when.
pub type Written = Mark;

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
        self.redate(policies);
        self.order = Some(act.order());
        let mark = Mark {
            by: act.version,
            at: act.happened_at,
        };
        if let Some(recipient) = &act.evidence.told_by {
            self.told_by.insert(act.version, recipient.clone());
        }
        match &act.what {
            What::Granted {
                facets,
                shown,
                to_be_confirmed,
            } => {
                self.grant(policies, act, facets, shown);
                if *to_be_confirmed && let Some(policy) = policies.find(&shown.notice, shown.version) {
                    self.unconfirmed
                        .insert(act.version, policy.confirmable_until(act.happened_at));
                }
            }
            What::Confirmed { grant } => self.confirm(*grant, act.happened_at),
            What::ConfirmationLapsed { grant } => {
                self.unconfirmed.remove(grant);
                self.switch_pending(
                    *grant,
                    Switch::Off {
                        mark,
                        why: Off::Lapsed,
                    },
                );
            }
            What::Withdrawn { facets } => self.switch_off(facets, mark, Off::Withdrawn),
            What::Objected => self.object(mark),
            What::RegisterChecked { channel, enrolled } => self.check_register(channel, *enrolled, mark),
            What::Lapsed { facets } => self.lapse(policies, facets, mark),
            What::ReminderDue { until } => self.reminded_of = Some(*until),
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
                    delivery_end_told: None,
                    cap_told: None,
                };
                self.relations.insert(relation.clone(), tie);
            }
            What::RelationEnded { relation } => {
                self.relations.remove(relation);
            }
            What::DeliveryPeriodEnded { relation } => {
                if let Some(tie) = self.relations.get_mut(relation) {
                    tie.delivery_end_told = Some(act.happened_at);
                }
            }
            What::RelationCapped { relation } => {
                if let Some(tie) = self.relations.get_mut(relation) {
                    tie.cap_told = Some(act.happened_at);
                }
            }
            What::ProfileUpdated { written, cleared, .. } => {
                self.profile
                    .extend(written.iter().map(|category| (category.clone(), mark)));
                self.profile.retain(|category, _| !cleared.contains(category));
            }
            What::RetentionEnded { categories } => {
                self.profile.retain(|category, _| !categories.contains(category))
            }
        }
        self.forget_what_nothing_rests_on();
    }

    fn grant(&mut self, policies: &Policies, act: &Act, facets: &Facets, shown: &Shown) {
        let policy = policies.find(&shown.notice, shown.version);
        let grade = act.evidence.grade;
        if grade >= Grade::B && facets.iter().any(is_promotional) {
            self.objection = None;
        }
        let grant = Grant {
            happened_at: act.happened_at,
            until: valid_until(policies, shown, act.happened_at),
            shown: shown.clone(),
            grade,
        };
        self.grants.insert(act.version, grant);
        for facet in facets {
            let objected = self.objection.is_some() && is_promotional(facet);
            let enough = !objected
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

    /// What was withdrawn since is not pending any more, and so is not confirmed either.
    fn confirm(&mut self, grant: Version, at: Timestamp) {
        let in_time = self.unconfirmed.remove(&grant).is_some_and(|until| at < until);
        if !in_time {
            return;
        }
        if let Some(confirmed) = self.grants.get_mut(&grant) {
            confirmed.grade = Grade::A;
            // An objection since has switched off what it is about: then nothing of that is pending.
            let pending = Switch::Pending { grant };
            if self
                .facets
                .iter()
                .any(|(facet, switch)| *switch == pending && is_promotional(facet))
            {
                self.objection = None;
            }
            self.switch_pending(grant, Switch::On { grant });
        }
    }

    fn switch_pending(&mut self, grant: Version, to: Switch) {
        let pending = self
            .facets
            .values_mut()
            .filter(|switch| **switch == Switch::Pending { grant });
        pending.for_each(|switch| *switch = to);
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
            if is_promotional(facet) {
                *switch = Switch::Off {
                    mark,
                    why: Off::Objected,
                };
            }
        }
    }

    /// An enrolment revokes the consents before it for this channel, and none after it.
    fn check_register(&mut self, channel: &Channel, enrolled: bool, mark: Mark) {
        self.register.insert(channel.clone(), mark);
        if enrolled {
            let over_it = |facet: &&Facet| matches!(facet, Facet::Contact(_, its) if its == channel);
            let facets: Facets = self.facets.keys().filter(over_it).cloned().collect();
            self.switch_off(&facets, mark, Off::Withdrawn);
        }
    }

    /// Only what really stands on an ended grant lapses: a renewal in time is not undone. What has lapsed by
    /// the policy that it pins stays so, even if another takes its dates over too late.
    fn lapse(&mut self, policies: &Policies, facets: &Facets, mark: Mark) {
        let ended = |grant: &Grant| {
            let pinned = policies.find(&grant.shown.notice, grant.shown.version);
            let pinned = pinned.map(|policy| policy.valid_until(grant.happened_at));
            let mut ends = [Some(grant.until), pinned].into_iter().flatten();
            ends.find(|until| *until <= mark.at)
        };
        for facet in facets {
            if let Some(Switch::On { grant }) = self.facets.get(facet)
                && let Some(until) = self.grants.get(grant).and_then(ended)
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

    /// Give the grants their dates anew: a version that was not known when they were written down may have
    /// taken them over.
    pub(crate) fn redate(&mut self, policies: &Policies) {
        if policies.some_supersede() {
            for grant in self.grants.values_mut() {
                grant.until = valid_until(policies, &grant.shown, grant.happened_at);
            }
        }
    }

    /// The state stays small: a grant without a facet and an origin without an effect go.
    fn forget_what_nothing_rests_on(&mut self) {
        let stood_on: BTreeSet<Version> = self.facets.values().map(|switch| switch.act()).collect();
        self.grants.retain(|version, _| stood_on.contains(version));
        let Self { told_by, profile, .. } = self;
        told_by.retain(|version, _| {
            stood_on.contains(version) || profile.values().any(|written| written.by == *version)
        });
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

/// Whether an objection is about this facet, and agreeing to it lifts one; the separate consents stand
/// apart (S41).
fn is_promotional(facet: &Facet) -> bool {
    match facet {
        Facet::Contact(..) | Facet::Profiling | Facet::Sharing(_) => true,
        Facet::Separate(_) => false,
    }
}

/// When a consent ends. One to a notice that nobody stored holds for no time at all (S03).
fn valid_until(policies: &Policies, shown: &Shown, given: Timestamp) -> Timestamp {
    policies
        .validity(shown, given)
        .map_or(given, |validity| validity.until)
}

impl Switch {
    /// The act that put it there.
    fn act(&self) -> Version {
        match self {
            Self::On { grant } | Self::Pending { grant } => *grant,
            Self::Off { mark, .. } => mark.by,
        }
    }
}
