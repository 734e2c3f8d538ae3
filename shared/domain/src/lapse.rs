//! What time alone changes, written into the chain once it has happened.
//!
//! No decision waits for this: an ended consent is denied the instant it ends. The acts announce it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::act::{Act, Evidence, What};
use crate::codes::Category;
use crate::due::{Period, on, period_ends, register_checks_outdated, reminder, retention_ends};
use crate::facet::Facets;
use crate::policy::Policies;
use crate::record::{Record, View};
use crate::refusal::Refusal;
use crate::small_set::SmallSet;
use crate::state::Switch;

impl Record {
    /// The next act that time has made due and that the chain does not have yet; none where nothing is.
    pub fn fall_due(&self, policies: &Policies, now: Timestamp) -> Result<Option<Act>, Refusal> {
        let view = self.now(policies, now);
        let due = lapsed(&view)
            .or_else(|| unconfirmed(&view))
            .or_else(|| period_ended(&view))
            .or_else(|| register_check_outdated(&view))
            .or_else(|| retention_ended(&view))
            .or_else(|| reminder_due(&view));
        due.map(|what| self.next(what, None, Evidence::of_the_system(), now))
            .transpose()
    }
}

/// The facets that still count as on although their validity is over.
fn lapsed(view: &View<'_>) -> Option<What> {
    let ended: BTreeSet<_> = on(&view.state)
        .filter(|(_, grant)| grant.until <= view.at)
        .map(|(by, _)| by)
        .collect();
    let over = |switch: &Switch| matches!(switch, Switch::On { grant } if ended.contains(grant));
    let facets = view.state.facets.iter().filter(|(_, switch)| over(switch));
    let facets: Facets = facets.map(|(facet, _)| facet.clone()).collect();
    (!facets.is_empty()).then_some(What::Lapsed { facets })
}

/// A grant that nobody confirmed in time.
fn unconfirmed(view: &View<'_>) -> Option<What> {
    let lapsed = view
        .state
        .unconfirmed
        .iter()
        .find(|(_, until)| **until <= view.at);
    lapsed.map(|(grant, _)| What::ConfirmationLapsed { grant: *grant })
}

fn period_ended(view: &View<'_>) -> Option<What> {
    let ended = period_ends(view).into_iter().find(|end| end.due.at <= view.at)?;
    let relation = ended.relation;
    Some(match ended.of {
        Period::Delivery => What::DeliveryPeriodEnded { relation },
        Period::Cap => What::RelationCapped { relation },
    })
}

fn register_check_outdated(view: &View<'_>) -> Option<What> {
    let mut outdated = register_checks_outdated(view).into_iter();
    let (_, channel) = outdated.find(|(due, _)| due.at <= view.at)?;
    Some(What::RegisterCheckOutdated { channel })
}

fn retention_ended(view: &View<'_>) -> Option<What> {
    let ended = retention_ends(view)
        .into_iter()
        .filter(|(_, end)| *end <= view.at);
    let categories: SmallSet<Category> = ended.map(|(category, _)| category).collect();
    (!categories.is_empty()).then_some(What::RetentionEnded { categories })
}

/// The first end that is near and that the data subject was not reminded of.
fn reminder_due(view: &View<'_>) -> Option<What> {
    let near = on(&view.state)
        .filter(|(_, grant)| view.at < grant.until && reminder(view, grant).is_some_and(|at| at <= view.at));
    let until = near.map(|(_, grant)| grant.until).min()?;
    let reminded = view.state.reminded_of.is_some_and(|of| of >= until);
    (!reminded).then_some(What::ReminderDue { until })
}
