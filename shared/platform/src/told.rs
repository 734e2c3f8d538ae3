//! A record as callers are told it: its state, its acts, and what is decided from it.

use domain::policy::Policies;
use jiff::Timestamp;
use serde::Serialize;

use crate::http::{self, Answer, Status};
use crate::store::Change;
use crate::wire::Instant;

pub use act::{ActTold, PartyTold};
pub use decision::{DecisionTold, PolicyTold, ReasonTold};
pub use state::StateTold;

mod act;
mod decision;
mod state;

/// What became of a request that changes a record.
#[derive(Serialize)]
pub struct ChangeTold {
    /// Nothing where the record said so already.
    act: Option<ActTold>,
    state: StateTold,
}

/// Answer with a change of a record, and with the version that it has now.
pub fn changed(status: Status, change: &Change, policies: &Policies, now: Timestamp) -> Answer {
    http::versioned(
        status,
        change.record.version,
        &ChangeTold::of(change, policies, now),
    )
}

impl ChangeTold {
    /// The state is told as of the act, so that the same request gets the same answer however much later.
    pub fn of(change: &Change, policies: &Policies, now: Timestamp) -> Self {
        let at = change.act.as_ref().map_or(now, |act| act.learnt_at);
        let state = StateTold::of(&change.record, &change.record.now(policies, at));
        Self {
            act: change.act.as_ref().map(|act| ActTold::of(policies, act)),
            state,
        }
    }
}

fn instant(at: Timestamp) -> String {
    Instant(at).to_string()
}
