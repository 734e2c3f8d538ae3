//! The fold over a record's acts, in the order in which they happened.
//!
//! ```text
//!            grant, good evidence          withdraw, object
//!   never ──────────────────────▶ On ─────────────────────────▶ Off ──grant──▶ On
//!     └──grant, poor evidence──▶ Pending ──confirm──▶ On         ▲
//!                                   └── nobody confirms ─────────┤
//!                                 On ──────── lapse ─────────────┘ (said to be lapsed)
//!                           whatever ──────── erase ─────────────┘
//! ```

use std::collections::BTreeSet;
use std::mem;

use jiff::Timestamp;

use crate::act::{Act, Grade, Shown, Version, What};
use crate::codes::{Category, Channel};
use crate::facet::{Facet, Facets};
use crate::policy::Policies;
use crate::small_map::SmallMap;
use crate::small_set::SmallSet;

use super::{Checked, Grant, Mark, Off, State, Switch, Tie, Written, valid_until};

/// A state that acts are put on, one after the other.
pub(super) struct Fold<'a> {
    policies: &'a Policies,
    /// How every facet that an act may name is switched; those of the state are here meanwhile.
    board: Vec<(&'a Facet, Option<Switch>)>,
    state: State,
    last: Option<&'a Act>,
}

impl<'a> Fold<'a> {
    /// These are the facets of the state, and all that acts will name.
    pub(super) fn new(policies: &'a Policies, state: State, facets: &'a Facets) -> Self {
        let switched = |facet: &'a Facet| (facet, state.facets.get(facet).copied());
        Self {
            policies,
            board: facets.iter().map(switched).collect(),
            state,
            last: None,
        }
    }

    /// Put an act on top, which names the facets at these places. What follows from all acts together is left
    /// to [`Self::end`].
    pub(super) fn put(&mut self, act: &'a Act, places: &[usize]) {
        self.last = Some(act);
        let state = &mut self.state;
        let mark = Mark {
            by: act.version,
            at: act.happened_at,
        };
        if let Some(recipient) = &act.evidence.told_by {
            state.told_by.insert(act.version, recipient.clone());
        }
        match &act.what {
            What::Granted {
                shown,
                to_be_confirmed,
                ..
            } => self.grant(act, places, shown, *to_be_confirmed),
            What::Confirmed { grant } => self.confirm(*grant, act.happened_at),
            What::ConfirmationLapsed { grant } => {
                state.unconfirmed.remove(grant);
                let why = Off::Lapsed;
                self.turn_pending(*grant, Switch::Off { mark, why });
            }
            What::Withdrawn { .. } => {
                let why = Off::Withdrawn;
                for place in places {
                    self.board[*place].1 = Some(Switch::Off { mark, why });
                }
            }
            What::Objected => self.object(mark),
            What::RegisterChecked { channel, enrolled } => self.check_register(channel, *enrolled, mark),
            What::RegisterCheckOutdated { channel } => {
                if let Some(checked) = state.register.get_mut(channel) {
                    checked.outdated_told = Some(act.happened_at);
                }
            }
            What::Lapsed { .. } => self.lapse(places, mark),
            What::ReminderDue { until } => state.reminded_of = Some(*until),
            What::RelationStarted {
                relation,
                delivered_on,
                exclusive,
            } => {
                if *exclusive {
                    state.relations.retain(|other, _| other.kind != relation.kind);
                }
                let tie = Tie {
                    by: act.version,
                    since: act.happened_at,
                    delivered_on: *delivered_on,
                    delivery_end_told: None,
                    cap_told: None,
                };
                state.relations.insert(relation.clone(), tie);
            }
            What::RelationEnded { relation } => {
                state.relations.remove(relation);
            }
            What::DeliveryPeriodEnded { relation } => {
                if let Some(tie) = state.relations.get_mut(relation) {
                    tie.delivery_end_told = Some(act.happened_at);
                }
            }
            What::RelationCapped { relation } => {
                if let Some(tie) = state.relations.get_mut(relation) {
                    tie.cap_told = Some(act.happened_at);
                }
            }
            What::ProfileUpdated { written, cleared, .. } => {
                let State { profile, told_by, .. } = state;
                let teller = act.evidence.told_by.as_ref();
                let over = |before: &Written| match teller {
                    Some(teller) if told_by.get(&before.by) == Some(teller) => before.over,
                    Some(_) => Some(before.by),
                    None => None,
                };
                profile.update(written, |_, before| Written {
                    by: mark.by,
                    at: mark.at,
                    over: before.and_then(over),
                });
                self.forget_content(cleared);
            }
            What::RetentionEnded { categories } => self.forget_content(categories),
            What::Erased => self.erase(mark),
        }
    }

    fn grant(&mut self, act: &Act, places: &[usize], shown: &Shown, to_be_confirmed: bool) {
        let policy = self.policies.find(&shown.notice, shown.version);
        let grade = act.evidence.grade;
        let promotional = places.iter().any(|place| self.board[*place].0.is_promotional());
        if grade >= Grade::B && promotional {
            self.state.objection = None;
        }
        let grant = Grant {
            happened_at: act.happened_at,
            until: Timestamp::MAX,
            shown: shown.clone(),
            grade,
            to_be_confirmed,
        };
        self.state.grants.insert(act.version, grant);
        let objected = self.state.objection.is_some();
        for place in places {
            let (facet, switch) = &mut self.board[*place];
            let enough = !(objected && facet.is_promotional())
                && policy.is_some_and(|policy| grade >= policy.grade_needed(facet));
            *switch = match *switch {
                _ if enough => Some(Switch::On { grant: act.version }),
                Some(Switch::On { grant }) => Some(Switch::On { grant }),
                Some(Switch::Pending { .. } | Switch::Off { .. }) | None => {
                    Some(Switch::Pending { grant: act.version })
                }
            };
        }
        if to_be_confirmed && let Some(policy) = policy {
            let until = policy.confirmable_until(act.happened_at);
            self.state.unconfirmed.insert(act.version, until);
        }
    }

    /// What was withdrawn since is not pending any more, and so is not confirmed either.
    fn confirm(&mut self, grant: Version, at: Timestamp) {
        let in_time = self
            .state
            .unconfirmed
            .remove(&grant)
            .is_some_and(|until| at < until);
        if !in_time {
            return;
        }
        if let Some(confirmed) = self.state.grants.get_mut(&grant) {
            confirmed.grade = Grade::A;
            // An objection since has switched off what it is about: then nothing of that is pending.
            let pending = Some(Switch::Pending { grant });
            let confirms =
                |(facet, switch): &(&Facet, Option<Switch>)| *switch == pending && facet.is_promotional();
            if self.board.iter().any(confirms) {
                self.state.objection = None;
            }
            self.turn_pending(grant, Switch::On { grant });
        }
    }

    fn turn_pending(&mut self, grant: Version, to: Switch) {
        let pending = Switch::Pending { grant };
        self.turn(|_, switch| *switch == pending, to);
    }

    /// An objection denies every purpose, channel, profiling and sharing; a separate consent is its
    /// own matter (S41).
    fn object(&mut self, mark: Mark) {
        self.state.objection = Some(mark);
        let why = Off::Objected;
        self.turn(|facet, _| facet.is_promotional(), Switch::Off { mark, why });
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
        self.state.register.insert(channel.clone(), checked);
        if enrolled {
            let why = Off::Withdrawn;
            let over_it =
                |facet: &Facet, _: &Switch| matches!(facet, Facet::Contact(_, its) if its == channel);
            self.turn(over_it, Switch::Off { mark, why });
        }
    }

    /// Turn the facets that an act has touched before, and that are such.
    fn turn(&mut self, such: impl Fn(&Facet, &Switch) -> bool, to: Switch) {
        for (facet, switch) in &mut self.board {
            if let Some(switch) = switch
                && such(facet, switch)
            {
                *switch = to;
            }
        }
    }

    /// Only what really stands on an ended grant lapses: a renewal in time is not undone. What has lapsed by
    /// the policy that it pins stays so, even if another takes its dates over too late.
    fn lapse(&mut self, places: &[usize], mark: Mark) {
        let ended = |grant: &Grant| {
            let until = valid_until(self.policies, grant);
            let pinned = self.policies.find(&grant.shown.notice, grant.shown.version);
            let pinned = pinned.map(|policy| policy.valid_until(grant.happened_at));
            let mut ends = [Some(until), pinned].into_iter().flatten();
            ends.find(|until| *until <= mark.at)
        };
        let grants = self.state.grants.iter();
        let ends: SmallMap<Version, Timestamp> = grants
            .filter_map(|(version, grant)| Some((*version, ended(grant)?)))
            .collect();
        for place in places {
            let switch = &mut self.board[*place].1;
            if let Some(Switch::On { grant }) = switch
                && let Some(at) = ends.get(grant)
            {
                let mark = Mark { by: mark.by, at: *at };
                let why = Off::Lapsed;
                *switch = Some(Switch::Off { mark, why });
            }
        }
    }

    fn forget_content(&mut self, of: &BTreeSet<Category>) {
        for category in of {
            self.state.profile.remove(category);
        }
    }

    /// Nothing is on, awaited or known any more. Only an objection stays, for it protects whoever is erased.
    fn erase(&mut self, mark: Mark) {
        let why = Off::Erased;
        self.turn(|_, _| true, Switch::Off { mark, why });
        self.state = State {
            objection: self.state.objection,
            told_by: mem::take(&mut self.state.told_by),
            erased: Some(mark),
            ..State::default()
        };
    }

    /// What all acts together come to. The state stays small: a grant without a facet and an origin without
    /// an effect go.
    pub(super) fn end(self) -> State {
        let Self {
            policies,
            board,
            mut state,
            last,
        } = self;
        state.order = last.map(Act::order).or(state.order);
        let switched = board.into_iter();
        let switched = switched.filter_map(|(facet, switch)| Some((facet.clone(), switch?)));
        state.facets = switched.collect();

        let stood_on: SmallSet<Version> = state.facets.values().map(Switch::act).collect();
        state.grants.retain(|version, _| stood_on.contains(version));
        let profile = &state.profile;
        state.told_by.retain(|version, _| {
            stood_on.contains(version) || profile.values().any(|written| written.by == *version)
        });
        state.date(policies);
        state
    }
}
