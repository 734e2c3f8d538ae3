//! Whose terms give a consent its dates: those of the notice version that it pins, unless a later version says
//! that from some day on its own count.
//!
//! Dates alone can be taken over: how long a consent holds, when its end is reminded of, and how long content
//! is kept. What was agreed to, who may have which data, and for how long after a delivery, stay as they were
//! shown. And the past stays: what had ended when the later version began to count has ended, and what ends
//! earlier by it ends at that moment. So decisions about the time before do not change, provided that the day
//! lies ahead when the document is deployed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::act::Shown;
use crate::codes::{Category, NoticeId};
use crate::policy::{Policies, Policy};
use crate::state::State;

/// What a notice version says about the consents to earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supersedes {
    /// The versions whose consents follow; a version that is not named keeps its own dates.
    pub versions: BTreeSet<u32>,
    /// The first day on which they do.
    pub from: Date,
}

/// When a consent ends: the first instant at which it no longer holds, and when to remind of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub until: Timestamp,
    pub reminder: Timestamp,
}

impl Policies {
    /// When a consent that was given then ends; none where nobody stored the notice.
    pub(crate) fn valid_until(&self, shown: &Shown, given: Timestamp) -> Option<Timestamp> {
        let valid_until = |policy: &Policy| Some(policy.valid_until(given));
        let governed = self.governed(&shown.notice, shown.version, valid_until)?;
        Some(governed.0)
    }

    /// The same, and when to remind of it.
    pub fn validity(&self, shown: &Shown, given: Timestamp) -> Option<Validity> {
        let valid_until = |policy: &Policy| Some(policy.valid_until(given));
        let (until, policy) = self.governed(&shown.notice, shown.version, valid_until)?;
        Some(Validity {
            until,
            reminder: policy.reminder_before(until),
        })
    }

    /// Until when content that was written then may be kept (T4): the shortest time of the notices that the
    /// consents pin. Where they say nothing, or there are none any more, the shortest of all.
    pub fn kept_until(&self, state: &State, category: &Category, written: Timestamp) -> Option<Timestamp> {
        let pinned = state.grants.values().map(|grant| &grant.shown);
        let pinned =
            pinned.filter_map(|shown| self.kept_under(&shown.notice, shown.version, category, written));
        pinned
            .min()
            .or_else(|| self.ever_kept_until(category, written).min())
    }

    /// Every instant until which such content is kept under some notice, whichever the consents come to pin.
    pub(crate) fn ever_kept_until(
        &self,
        category: &Category,
        written: Timestamp,
    ) -> impl Iterator<Item = Timestamp> {
        self.iter()
            .filter_map(move |policy| self.kept_under(&policy.notice, policy.version, category, written))
    }

    fn kept_under(
        &self,
        notice: &NoticeId,
        version: u32,
        category: &Category,
        written: Timestamp,
    ) -> Option<Timestamp> {
        let kept_until = |policy: &Policy| policy.kept_until(category, written);
        self.governed(notice, version, kept_until).map(|(end, _)| end)
    }

    /// A date by the pinned version, and by each later one that takes it over; and who has the last word.
    fn governed(
        &self,
        notice: &NoticeId,
        version: u32,
        date: impl Fn(&Policy) -> Option<Timestamp>,
    ) -> Option<(Timestamp, &Policy)> {
        let pinned = self.find(notice, version)?;
        let mut governed = (date(pinned)?, pinned);
        let follows = |supersedes: &&Supersedes| supersedes.versions.contains(&version);
        let later = self.versions(notice);
        let later = later.filter_map(|policy| Some((policy, policy.supersedes.as_ref().filter(follows)?)));
        let mut later: Vec<(&Policy, &Supersedes)> = later.collect();
        later.sort_by_key(|(policy, _)| policy.version);
        for (policy, supersedes) in later {
            let from = policy.start_of(supersedes.from);
            if from < governed.0
                && let Some(end) = date(policy)
            {
                governed = (end.max(from), policy);
            }
        }
        Some(governed)
    }
}
