//! When a record must be looked at again, because time alone changes what it allows.

use jiff::Timestamp;

use crate::act::{Relation, Version};
use crate::codes::Category;
use crate::policy::Policy;
use crate::record::View;
use crate::state::{Grant, Standing, State, Switch};

/// An instant at which a record must be looked at again, and the newest act that makes it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    pub at: Timestamp,
    pub by: Version,
}

/// The end of the period after a delivery under a relation.
pub(crate) struct PeriodEnd {
    pub(crate) due: Due,
    pub(crate) relation: Relation,
}

/// When this record must be looked at again, soonest first.
pub fn due(view: &View<'_>) -> Vec<Due> {
    let mut due: Vec<Due> = delivery_period_ends(view)
        .into_iter()
        .map(|end| end.due)
        .collect();
    for (by, grant) in on(&view.state) {
        due.push(Due { at: grant.until, by });
        if let Some(policy) = view.policies.shown(&grant.shown) {
            due.push(Due {
                at: policy.reminder_before(grant.until),
                by,
            });
        }
    }
    due.extend(
        view.state
            .unconfirmed
            .iter()
            .map(|(by, until)| Due { at: *until, by: *by }),
    );
    due.extend(retention_ends(view).into_iter().map(|(_, due)| due));
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

/// When the content of each category has been kept as long as it may be, counted from its last update: a
/// clock of its own, apart from the consent's (T4).
pub(crate) fn retention_ends(view: &View<'_>) -> Vec<(Category, Due)> {
    let ends = view.state.profile.iter().filter_map(|(category, written)| {
        let at = view.policies.kept_until(category, written.at)?;
        Some((category.clone(), Due { at, by: written.by }))
    });
    ends.collect()
}

/// When the period after each delivery ends, by the policies that the active consents pin (S19), as far
/// as the chain does not say so already.
pub(crate) fn delivery_period_ends(view: &View<'_>) -> Vec<PeriodEnd> {
    let mut pinned: Vec<(Version, &Policy)> = Vec::new();
    for facet in view.state.facets.keys() {
        if let Standing::Active { by, grant } = view.state.standing(facet, view.at)
            && !pinned.iter().any(|(other, _)| *other == by)
            && let Some(policy) = view.policies.shown(&grant.shown)
        {
            pinned.push((by, policy));
        }
    }
    let mut ends = Vec::new();
    for (relation, tie) in &view.state.relations {
        let Some(delivered_on) = tie.delivered_on.filter(|_| !tie.period_end_announced) else {
            continue;
        };
        for (by, policy) in &pinned {
            if let Some(at) = policy.delivery_period_end(&relation.kind, delivered_on) {
                let due = Due {
                    at,
                    by: tie.by.max(*by),
                };
                ends.push(PeriodEnd {
                    due,
                    relation: relation.clone(),
                });
            }
        }
    }
    ends.sort_by_key(|end| end.due);
    ends
}
