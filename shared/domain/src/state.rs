//! The state of a record: a fold over its acts, in the order in which they happened.
//!
//! ```text
//!            grant, good evidence          withdraw, object
//!   never ──────────────────────▶ On ─────────────────────────▶ Off ──grant──▶ On
//!     └──grant, poor evidence──▶ Pending ──confirm──▶ On         ▲
//!                                   └── nobody confirms ─────────┤
//!                                 On ──────── lapse ─────────────┘ (said to be lapsed)
//!                           whatever ──────── erase ─────────────┘
//! ```

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::act::{Act, Grade, Order, Relation, Shown, Version, What};
use crate::codes::{Category, Channel, RecipientId};
use crate::facet::{Facet, Facets};
use crate::policy::Policies;
use crate::small_map::SmallMap;

pub use switch::{Off, Switch};

mod switch;

/// What all acts so far come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Every facet that an act has touched.
    pub facets: SmallMap<Facet, Switch>,
    /// The grants that some facet stands on.
    pub grants: SmallMap<Version, Grant>,
    /// The grants that the data subject is asked to confirm, and until when it may.
    pub unconfirmed: SmallMap<Version, Timestamp>,
    /// The objection that stands, until the data subject lifts it.
    pub objection: Option<Mark>,
    /// The active relations.
    pub relations: SmallMap<Relation, Tie>,
    /// The categories that have content.
    pub profile: SmallMap<Category, Written>,
    /// When the opposition register was last looked at, for each channel.
    pub register: SmallMap<Channel, Checked>,
    /// The end that the data subject was last reminded of.
    pub reminded_of: Option<Timestamp>,
    /// Which recipient told of an act that something still rests on; it is not told in turn (S13).
    pub told_by: SmallMap<Version, RecipientId>,
    /// The last erasure: what is known from before it is proof and nothing else.
    pub erased: Option<Mark>,
    /// Where the last act stands; a later act may be applied on top, an earlier one needs a new fold.
    pub order: Option<Order>,
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
    /// The data subject was asked to confirm it, by way of a contact that is kept beside it.
    pub to_be_confirmed: bool,
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

/// A look at the opposition register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    pub by: Version,
    pub at: Timestamp,
    /// Up to when the chain says already that it is too old.
    pub outdated_told: Option<Timestamp>,
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
    Erased(Mark),
    Lapsed { by: Version, at: Timestamp },
}

impl State {
    /// The state after these acts, whatever order they come in.
    pub fn of<'a>(policies: &Policies, acts: impl IntoIterator<Item = &'a Act>) -> Self {
        let mut state = Self::default();
        for act in in_order(acts.into_iter()) {
            state.put(policies, act);
        }
        state.settle(policies);
        state
    }

    /// Whether this act comes after all that are in the state already.
    pub fn precedes(&self, act: &Act) -> bool {
        self.order.is_none_or(|last| last < act.order())
    }

    /// The state after one more act, which must come last in order.
    pub fn apply(&mut self, policies: &Policies, act: &Act) {
        self.put(policies, act);
        self.settle(policies);
    }

    /// Put an act on top. What follows from all acts together is left to [`Self::settle`].
    fn put(&mut self, policies: &Policies, act: &Act) {
        self.order = Some(act.order());
        let mark = Mark {
            by: act.version,
            at: act.happened_at,
        };
        let off = |why| Switch::Off { mark, why };
        if let Some(recipient) = &act.evidence.told_by {
            self.told_by.insert(act.version, recipient.clone());
        }
        match &act.what {
            What::Granted {
                facets,
                shown,
                to_be_confirmed,
            } => {
                self.grant(policies, act, (facets, shown), *to_be_confirmed);
                if *to_be_confirmed && let Some(policy) = policies.find(&shown.notice, shown.version) {
                    self.unconfirmed
                        .insert(act.version, policy.confirmable_until(act.happened_at));
                }
            }
            What::Confirmed { grant } => self.confirm(*grant, act.happened_at),
            What::ConfirmationLapsed { grant } => {
                self.unconfirmed.remove(grant);
                self.turn_pending(*grant, off(Off::Lapsed));
            }
            What::Withdrawn { facets } => self.facets.update(facets, |_, _| off(Off::Withdrawn)),
            What::Objected => self.object(mark),
            What::RegisterChecked { channel, enrolled } => self.check_register(channel, *enrolled, mark),
            What::RegisterCheckOutdated { channel } => {
                if let Some(checked) = self.register.get_mut(channel) {
                    checked.outdated_told = Some(act.happened_at);
                }
            }
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
                self.forget_content(cleared);
            }
            What::RetentionEnded { categories } => self.forget_content(categories),
            What::Erased => self.erase(mark),
        }
    }

    fn grant(
        &mut self,
        policies: &Policies,
        act: &Act,
        (facets, shown): (&Facets, &Shown),
        to_be_confirmed: bool,
    ) {
        let policy = policies.find(&shown.notice, shown.version);
        let grade = act.evidence.grade;
        if grade >= Grade::B && facets.iter().any(Facet::is_promotional) {
            self.objection = None;
        }
        let grant = Grant {
            happened_at: act.happened_at,
            until: Timestamp::MAX,
            shown: shown.clone(),
            grade,
            to_be_confirmed,
        };
        self.grants.insert(act.version, grant);
        let objected = self.objection.is_some();
        self.facets.update(facets, |facet, before| {
            let enough = !(objected && facet.is_promotional())
                && policy.is_some_and(|policy| grade >= policy.grade_needed(facet));
            match before {
                _ if enough => Switch::On { grant: act.version },
                Some(Switch::On { grant }) => Switch::On { grant: *grant },
                Some(Switch::Pending { .. } | Switch::Off { .. }) | None => {
                    Switch::Pending { grant: act.version }
                }
            }
        });
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
            let confirms = |(facet, switch): (&Facet, &Switch)| *switch == pending && facet.is_promotional();
            if self.facets.iter().any(confirms) {
                self.objection = None;
            }
            self.turn_pending(grant, Switch::On { grant });
        }
    }

    fn turn_pending(&mut self, grant: Version, to: Switch) {
        let pending = Switch::Pending { grant };
        let pending = self.facets.values_mut().filter(|switch| **switch == pending);
        pending.for_each(|switch| *switch = to);
    }

    /// An objection denies every purpose, channel, profiling and sharing; a separate consent is its
    /// own matter (S41).
    fn object(&mut self, mark: Mark) {
        self.objection = Some(mark);
        let why = Off::Objected;
        for (_, switch) in self.facets.iter_mut().filter(|(facet, _)| facet.is_promotional()) {
            *switch = Switch::Off { mark, why };
        }
    }

    /// An enrolment revokes the consents before it for this channel, and none after it.
    fn check_register(&mut self, channel: &Channel, enrolled: bool, mark: Mark) {
        let Mark { by, at } = mark;
        let outdated_told = None;
        let checked = Checked {
            by,
            at,
            outdated_told,
        };
        self.register.insert(channel.clone(), checked);
        if enrolled {
            let why = Off::Withdrawn;
            let over_it = |facet: &Facet| matches!(facet, Facet::Contact(_, its) if its == channel);
            for (_, switch) in self.facets.iter_mut().filter(|(facet, _)| over_it(facet)) {
                *switch = Switch::Off { mark, why };
            }
        }
    }

    /// Only what really stands on an ended grant lapses: a renewal in time is not undone. What has lapsed by
    /// the policy that it pins stays so, even if another takes its dates over too late.
    fn lapse(&mut self, policies: &Policies, facets: &Facets, mark: Mark) {
        let ended = |grant: &Grant| {
            let until = valid_until(policies, grant);
            let pinned = policies.find(&grant.shown.notice, grant.shown.version);
            let pinned = pinned.map(|policy| policy.valid_until(grant.happened_at));
            let mut ends = [Some(until), pinned].into_iter().flatten();
            ends.find(|until| *until <= mark.at)
        };
        let ends: BTreeMap<Version, Timestamp> = self
            .grants
            .iter()
            .filter_map(|(version, grant)| Some((*version, ended(grant)?)))
            .collect();
        let over = self
            .facets
            .iter_mut()
            .filter(|(facet, _)| facets.contains(*facet));
        for (_, switch) in over {
            if let Switch::On { grant } = switch
                && let Some(at) = ends.get(grant)
            {
                let mark = Mark { by: mark.by, at: *at };
                let why = Off::Lapsed;
                *switch = Switch::Off { mark, why };
            }
        }
    }

    fn forget_content(&mut self, of: &BTreeSet<Category>) {
        for category in of {
            self.profile.remove(category);
        }
    }

    /// Nothing is on, awaited or known any more. Only an objection stays, for it protects whoever is erased.
    fn erase(&mut self, mark: Mark) {
        let off = Switch::Off {
            mark,
            why: Off::Erased,
        };
        self.facets.values_mut().for_each(|switch| *switch = off);
        *self = Self {
            facets: std::mem::take(&mut self.facets),
            objection: self.objection,
            told_by: std::mem::take(&mut self.told_by),
            erased: Some(mark),
            order: self.order,
            ..Self::default()
        };
    }

    /// What all acts together come to. The state stays small: a grant without a facet and an origin without
    /// an effect go.
    fn settle(&mut self, policies: &Policies) {
        let Self {
            facets,
            grants,
            told_by,
            profile,
            ..
        } = self;
        let stood_on = |version: &Version| facets.values().any(|switch| switch.act() == *version);
        grants.retain(|version, _| stood_on(version));
        told_by
            .retain(|version, _| stood_on(version) || profile.values().any(|written| written.by == *version));
        self.date(policies);
    }

    /// Give the grants their ends: anew each time, for a version that was not known when they were written down
    /// may have taken their dates over.
    pub(crate) fn date(&mut self, policies: &Policies) {
        for grant in self.grants.values_mut() {
            grant.until = valid_until(policies, grant);
        }
    }

    pub fn standing(&self, facet: &Facet, at: Timestamp) -> Standing<'_> {
        match self.facets.get(facet) {
            Some(switch) => self.stands(*switch, at),
            None => Standing::Never,
        }
    }

    /// How a facet with this switch stands.
    pub(crate) fn stands(&self, switch: Switch, at: Timestamp) -> Standing<'_> {
        match switch {
            Switch::On { grant: by } => match self.grants.get(&by) {
                Some(grant) if at < grant.until => Standing::Active { by, grant },
                Some(grant) => Standing::Lapsed { by, at: grant.until },
                None => Standing::Never,
            },
            Switch::Pending { grant: by } => Standing::Pending { by },
            Switch::Off { mark, why } => match why {
                Off::Withdrawn => Standing::Withdrawn(mark),
                Off::Objected => Standing::Objected(mark),
                Off::Erased => Standing::Erased(mark),
                Off::Lapsed => Standing::Lapsed {
                    by: mark.by,
                    at: mark.at,
                },
            },
        }
    }

    pub fn is_active(&self, facet: &Facet, at: Timestamp) -> bool {
        matches!(self.standing(facet, at), Standing::Active { .. })
    }
}

/// When a consent ends. One to a notice that nobody stored holds for no time at all (S03).
fn valid_until(policies: &Policies, grant: &Grant) -> Timestamp {
    policies
        .valid_until(&grant.shown, grant.happened_at)
        .unwrap_or(grant.happened_at)
}

/// Acts as they happened. They come as they were learnt, and few are learnt late.
fn in_order<'a>(acts: impl Iterator<Item = &'a Act>) -> Vec<&'a Act> {
    let mut ordered: Vec<&Act> = Vec::with_capacity(acts.size_hint().1.unwrap_or_default());
    for act in acts {
        let is_late = ordered.last().is_some_and(|last| act.precedes(last));
        let place = if is_late {
            ordered.partition_point(|other| other.precedes(act))
        } else {
            ordered.len()
        };
        ordered.insert(place, act);
    }
    ordered
}
