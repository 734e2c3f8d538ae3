//! The state of a record: what its acts come to.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::act::{Act, Grade, Order, Relation, Shown, Version};
use crate::codes::{Category, Channel, RecipientId};
use crate::facet::Facet;
use crate::policy::Policies;
use crate::small_map::SmallMap;

pub use switch::{Off, Switch};

mod fold;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    pub by: Version,
    pub at: Timestamp,
    /// Where a recipient told of it: the newest content before that it did not tell of itself. Whether it holds
    /// that is not said, and then what it told of is no echo to it.
    pub over: Option<Version>,
}

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
    /// The state after these acts, whatever order they were learnt in.
    pub fn of(policies: &Policies, acts: &[Act]) -> Self {
        Self::as_known(policies, acts, Timestamp::MAX, Timestamp::MAX)
    }

    /// The state at an instant, as it was known at another.
    pub fn as_known(policies: &Policies, acts: &[Act], at: Timestamp, known_at: Timestamp) -> Self {
        let mut state = Self::default();
        let happened = as_they_happened(acts, at, known_at);
        for act in &happened {
            state.put(policies, act);
        }
        state.settle(policies, happened.last().copied());
        state
    }

    /// Whether this act comes after all that are in the state already.
    pub fn precedes(&self, act: &Act) -> bool {
        self.order.is_none_or(|last| last < act.order())
    }

    /// The state after one more act, which must come last in order.
    pub fn apply(&mut self, policies: &Policies, act: &Act) {
        self.put(policies, act);
        self.settle(policies, Some(act));
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

    /// How many grants the data subject is asked to confirm, and still may.
    pub fn waiting(&self, at: Timestamp) -> usize {
        self.unconfirmed.values().filter(|until| at < **until).count()
    }

    pub fn is_active(&self, facet: &Facet, at: Timestamp) -> bool {
        matches!(self.standing(facet, at), Standing::Active { .. })
    }
}

/// What had happened at an instant as far as it was known at another, in order. Nearly all acts were learnt as
/// they happened, so each has its place at the end, but for a few.
fn as_they_happened(acts: &[Act], at: Timestamp, known_at: Timestamp) -> Vec<&Act> {
    let mut happened: Vec<&Act> = Vec::with_capacity(acts.len());
    for act in acts {
        if act.happened_at <= at && act.learnt_at <= known_at {
            match happened.last() {
                Some(last) if last.happened_at >= act.happened_at => {
                    let order = act.order();
                    let place = happened.partition_point(|other| other.order() < order);
                    happened.insert(place, act);
                }
                Some(_) | None => happened.push(act),
            }
        }
    }
    happened
}

/// When a consent ends. One to a notice that nobody stored holds for no time at all (S03).
fn valid_until(policies: &Policies, grant: &Grant) -> Timestamp {
    policies
        .valid_until(&grant.shown, grant.happened_at)
        .unwrap_or(grant.happened_at)
}
