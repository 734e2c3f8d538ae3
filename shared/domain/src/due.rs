//! When a record must be looked at again, because time alone changes what it allows.

use jiff::Timestamp;

use crate::act::{Relation, Version};
use crate::codes::{Category, Channel};
use crate::facet::Facet;
use crate::policy::Policy;
use crate::record::View;
use crate::state::{Grant, Standing, State, Switch, Written};

/// An instant at which a record must be looked at again, and the newest act that makes it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    pub at: Timestamp,
    pub by: Version,
}

/// The end of a period for which a relation entitles.
pub(crate) struct PeriodEnd {
    pub(crate) due: Due,
    pub(crate) relation: Relation,
    pub(crate) of: Period,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Period {
    /// After a delivery under it (S19).
    Delivery,
    /// The longest that it entitles without renewal (T8).
    Cap,
}

/// When this record must be looked at again, soonest first.
pub fn due(view: &View<'_>) -> Vec<Due> {
    let mut due: Vec<Due> = period_ends(view).into_iter().map(|end| end.due).collect();
    for (by, grant) in on(&view.state) {
        due.push(Due { at: grant.until, by });
        due.extend(reminder(view, grant).map(|at| Due { at, by }));
    }
    due.extend(
        view.state
            .unconfirmed
            .iter()
            .map(|(by, until)| Due { at: *until, by: *by }),
    );
    due.extend(register_checks_outdated(view).into_iter().map(|(due, _)| due));
    due.extend(retention_may_end(view));
    due.sort();
    due.dedup();
    due
}

/// The grants that some facet is on by.
pub(crate) fn on(state: &State) -> impl Iterator<Item = (Version, &Grant)> {
    let is_on = |version: &Version| {
        state
            .facets
            .values()
            .any(|switch| *switch == Switch::On { grant: *version })
    };
    state
        .grants
        .iter()
        .filter(move |(version, _)| is_on(version))
        .map(|(version, grant)| (*version, grant))
}

/// When to remind of the end of a consent; never where the words are not those that are stored (S03).
pub(crate) fn reminder(view: &View<'_>, grant: &Grant) -> Option<Timestamp> {
    view.policies.shown(&grant.shown)?;
    let validity = view.policies.validity(&grant.shown, grant.happened_at)?;
    Some(validity.reminder)
}

/// When the content of each category has been kept as long as it may be, counted from its last update: a
/// clock of its own, apart from the consent's (T4).
pub(crate) fn retention_ends(view: &View<'_>) -> Vec<(Category, Timestamp)> {
    let ends = view.state.profile.iter().filter_map(|(category, written)| {
        let end = view.policies.kept_until(&view.state, category, written.at)?;
        Some((category.clone(), end))
    });
    ends.collect()
}

impl View<'_> {
    /// The categories that have content, and the act that last wrote it. What was kept as long as it may be is
    /// not among them, whether or not the sweep has deleted it yet.
    pub fn content(&self) -> impl Iterator<Item = (&Category, Version)> {
        let is_kept = |(category, written): &(&Category, &Written)| {
            let end = self.policies.kept_until(&self.state, category, written.at);
            end.is_none_or(|end| self.at < end)
        };
        let kept = self.state.profile.iter().filter(is_kept);
        kept.map(|(category, written)| (category, written.by))
    }
}

/// Every instant at which that may come to be so, whichever notices the consents pin by then. An instant
/// that is over already came to count by the last act, which may have been a withdrawal.
fn retention_may_end(view: &View<'_>) -> impl Iterator<Item = Due> {
    let newest = view.state.order.map_or(0, |order| order.version);
    view.state.profile.iter().flat_map(move |(category, written)| {
        let ends = view.policies.ever_kept_until(category, written.at);
        ends.map(move |at| Due {
            at,
            by: if at <= view.at { newest } else { written.by },
        })
    })
}

/// When the periods end for which relations entitle, by the policies that the active consents pin, as far
/// as the chain does not say so already.
pub(crate) fn period_ends(view: &View<'_>) -> Vec<PeriodEnd> {
    let pinned = pinned(view);
    let mut ends = Vec::new();
    for (relation, tie) in &view.state.relations {
        for (by, policy) in &pinned {
            let delivered = tie.delivered_on;
            let delivery = delivered.map(|day| policy.delivery_period_ends(&relation.kind, day));
            let delivery = delivery.into_iter().flatten().map(|at| (at, Period::Delivery));
            let cap = policy.capped_at(&relation.kind, tie.since);
            for (at, of) in delivery.chain(cap.map(|at| (at, Period::Cap))) {
                let told = match of {
                    Period::Delivery => tie.delivery_end_told,
                    Period::Cap => tie.cap_told,
                };
                let by = tie.by.max(*by);
                if told.is_none_or(|told| told < at) {
                    ends.push(PeriodEnd {
                        due: Due { at, by },
                        relation: relation.clone(),
                        of,
                    });
                }
            }
        }
    }
    ends.sort_by_key(|end| end.due);
    ends
}

/// When the looks at the opposition register are too old for the consents that need them, as far as the chain
/// does not say so already (DPR 26/2022).
pub(crate) fn register_checks_outdated(view: &View<'_>) -> Vec<(Due, Channel)> {
    let mut outdated = Vec::new();
    for facet in view.state.facets.keys() {
        if let Facet::Contact(_, channel) = facet
            && let Some(checked) = view.state.register.get(channel)
            && let Standing::Active { by, grant } = view.state.standing(facet, view.at)
            && let Some(policy) = view.policies.shown(&grant.shown)
            && let Some(at) = policy.register_check_until(channel, checked.at)
            && checked.outdated_told.is_none_or(|told| told < at)
        {
            let by = checked.by.max(by);
            outdated.push((Due { at, by }, channel.clone()));
        }
    }
    outdated.sort();
    outdated.dedup();
    outdated
}

/// The policies that the active consents pin, by each grant.
fn pinned<'a>(view: &'a View<'_>) -> Vec<(Version, &'a Policy)> {
    let mut pinned: Vec<(Version, &Policy)> = Vec::new();
    for facet in view.state.facets.keys() {
        if let Standing::Active { by, grant } = view.state.standing(facet, view.at)
            && !pinned.iter().any(|(other, _)| *other == by)
            && let Some(policy) = view.policies.shown(&grant.shown)
        {
            pinned.push((by, policy));
        }
    }
    pinned
}
