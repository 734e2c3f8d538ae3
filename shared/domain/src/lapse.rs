//! What time alone changes, written into the chain once it has happened.
//!
//! No decision waits for this: an ended consent is denied the instant it ends. The acts announce it.

use jiff::Timestamp;

use crate::act::{Act, Evidence, Grade, Via, What};
use crate::due::delivery_period_ends;
use crate::facet::Facets;
use crate::policy::Policies;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::state::Switch;

impl Record {
    /// The next act that time has made due and that the chain does not have yet; none where nothing is.
    pub fn fall_due(&self, policies: &Policies, now: Timestamp) -> Result<Option<Act>, Refusal> {
        let view = self.now(policies, now);
        let what = if let Some(facets) = ended(self, view.at) {
            What::Lapsed { facets }
        } else if let Some(end) = delivery_period_ends(&view)
            .into_iter()
            .find(|end| end.due.at <= view.at)
        {
            What::DeliveryPeriodEnded {
                relation: end.relation,
            }
        } else {
            return Ok(None);
        };
        let evidence = Evidence {
            via: Via::System,
            grade: Grade::D,
            brand: None,
        };
        self.next(what, None, evidence, now).map(Some)
    }
}

/// The facets that still count as on although their validity is over.
fn ended(record: &Record, at: Timestamp) -> Option<Facets> {
    let state = record.state();
    let over = |switch: &Switch| match switch {
        Switch::On { grant } => state.grants.get(grant).is_some_and(|grant| grant.until <= at),
        Switch::Pending { .. } | Switch::Off { .. } => false,
    };
    let facets: Facets = state
        .facets
        .iter()
        .filter(|(_, switch)| over(switch))
        .map(|(facet, _)| facet.clone())
        .collect();
    (!facets.is_empty()).then_some(facets)
}
