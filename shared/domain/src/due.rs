//! When a record must be looked at again, because time alone changes what it allows.

use jiff::Timestamp;

use crate::act::{Relation, Version};
use crate::policy::{Audience, Policy};
use crate::record::View;
use crate::state::{Standing, Switch};

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
    let state = &view.state;
    let on = state.facets.values().filter_map(|switch| match switch {
        Switch::On { grant } => state.grants.get(grant).map(|on| Due {
            at: on.until,
            by: *grant,
        }),
        Switch::Pending { .. } | Switch::Off { .. } => None,
    });
    let mut due: Vec<Due> = on
        .chain(delivery_period_ends(view).into_iter().map(|end| end.due))
        .collect();
    due.sort();
    due.dedup();
    due
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
        let audience = Audience::Relation(relation.kind.clone());
        for (by, policy) in &pinned {
            let cells = policy
                .audiences
                .get(&audience)
                .into_iter()
                .flat_map(|cells| cells.values());
            let periods = cells.filter_map(|condition| condition.since_delivery.as_ref());
            if let Some(at) = periods.map(|period| policy.end_of(delivered_on, period)).max() {
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
