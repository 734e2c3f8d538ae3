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

use std::mem;

use jiff::Timestamp;

use crate::act::{Act, Grade, Shown, Version, What};
use crate::codes::{Category, Channel};
use crate::facet::{Facet, Facets};
use crate::policy::Policies;
use crate::small_map::SmallMap;
use crate::small_set::SmallSet;

use super::{Checked, Grant, Mark, Off, State, Switch, Tie, Written, valid_until};

impl State {
    /// Put an act on top. What follows from all acts together is left to [`Self::settle`].
    pub(super) fn put(&mut self, policies: &Policies, act: &Act) {
        let mark = Mark {
            by: act.version,
            at: act.happened_at,
        };
        match &act.what {
            What::Granted {
                facets,
                shown,
                to_be_confirmed,
            } => self.grant(policies, act, facets, shown, *to_be_confirmed),
            What::Confirmed { grant } => self.confirm(*grant, act.happened_at),
            What::ConfirmationLapsed { grant } => {
                self.unconfirmed.remove(grant);
                let why = Off::Lapsed;
                self.turn_pending(*grant, Switch::Off { mark, why });
            }
            What::Withdrawn { facets } => {
                let why = Off::Withdrawn;
                self.facets.update(facets, |_, _| Switch::Off { mark, why });
            }
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
                self.relations.update([relation], |_, _| tie.clone());
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
                let Self { profile, told_by, .. } = self;
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
        if let Some(recipient) = &act.evidence.told_by {
            self.told_by.insert(act.version, recipient.clone());
        }
    }

    fn grant(
        &mut self,
        policies: &Policies,
        act: &Act,
        facets: &Facets,
        shown: &Shown,
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
        let enough = |facet: &Facet| {
            !(objected && facet.is_promotional())
                && policy.is_some_and(|policy| grade >= policy.grade_needed(facet))
        };
        self.facets.update(facets, |facet, before| match before {
            _ if enough(facet) => Switch::On { grant: act.version },
            Some(Switch::On { grant }) => Switch::On { grant: *grant },
            Some(Switch::Pending { .. } | Switch::Off { .. }) | None => {
                Switch::Pending { grant: act.version }
            }
        });
        if to_be_confirmed && let Some(policy) = policy {
            let until = policy.confirmable_until(act.happened_at);
            self.unconfirmed.insert(act.version, until);
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
            let confirms = |(facet, switch): (&Facet, &Switch)| *switch == pending && facet.is_promotional();
            if self.facets.iter().any(confirms) {
                self.objection = None;
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
        self.objection = Some(mark);
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
        self.register.insert(channel.clone(), checked);
        if enrolled {
            let why = Off::Withdrawn;
            let over_it =
                |facet: &Facet, _: &Switch| matches!(facet, Facet::Contact(_, its) if its == channel);
            self.turn(over_it, Switch::Off { mark, why });
        }
    }

    /// Turn the facets that an act has touched before, and that are such.
    fn turn(&mut self, such: impl Fn(&Facet, &Switch) -> bool, to: Switch) {
        for (facet, switch) in self.facets.iter_mut() {
            if such(facet, switch) {
                *switch = to;
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
        let grants = self.grants.iter();
        let ends: SmallMap<Version, Timestamp> = grants
            .filter_map(|(version, grant)| Some((*version, ended(grant)?)))
            .collect();
        for facet in facets {
            if let Some(switch) = self.facets.get_mut(facet)
                && let Switch::On { grant } = switch
                && let Some(at) = ends.get(grant)
            {
                let mark = Mark { by: mark.by, at: *at };
                let why = Off::Lapsed;
                *switch = Switch::Off { mark, why };
            }
        }
    }

    fn forget_content(&mut self, of: &SmallSet<Category>) {
        for category in of {
            self.profile.remove(category);
        }
    }

    /// Nothing is on, awaited or known any more. Only an objection stays, for it protects whoever is erased.
    fn erase(&mut self, mark: Mark) {
        let why = Off::Erased;
        self.turn(|_, _| true, Switch::Off { mark, why });
        *self = Self {
            facets: mem::take(&mut self.facets),
            objection: self.objection,
            erased: Some(mark),
            ..Self::default()
        };
    }

    /// What all acts together come to, of which this is the last. The state stays small: a grant without a facet
    /// and an origin without an effect go.
    pub(super) fn settle(&mut self, policies: &Policies, last: Option<&Act>) {
        self.order = last.map(Act::order);
        let stood_on: SmallSet<Version> = self.facets.values().map(Switch::act).collect();
        self.grants.retain(|version, _| stood_on.contains(version));
        let profile = &self.profile;
        self.told_by.retain(|version, _| {
            stood_on.contains(version) || profile.values().any(|written| written.by == *version)
        });
        self.date(policies);
    }
}
