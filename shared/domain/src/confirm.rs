//! Confirming: the double opt-in that raises a grant which came with too little proof.

use jiff::Timestamp;

use crate::act::{Act, Evidence, Grade, Version, Via, What};
use crate::record::Record;
use crate::refusal::Refusal;

impl Record {
    /// Confirm one grant, once, and in time. What was withdrawn since stays withdrawn.
    pub fn confirm(&self, grant: Version, now: Timestamp) -> Result<Option<Act>, Refusal> {
        if self.confirmed(grant) {
            return Ok(None);
        }
        let until = self
            .state()
            .unconfirmed
            .get(&grant)
            .ok_or(Refusal::NothingToConfirm)?;
        let evidence = Evidence::of(Via::Form, Grade::A);
        let act = self.next(What::Confirmed { grant }, None, evidence, now)?;
        // It counts from when it is written down, which a host that is behind puts after what others wrote. And a
        // grant that nothing rests on any more was withdrawn: to confirm it would only keep the contact.
        if act.happened_at >= *until || !self.state().grants.contains_key(&grant) {
            return Err(Refusal::NothingToConfirm);
        }
        Ok(Some(act))
    }

    /// The same click again says nothing new.
    fn confirmed(&self, grant: Version) -> bool {
        let state = self.state();
        let raised = state
            .grants
            .get(&grant)
            .is_some_and(|grant| grant.grade == Grade::A);
        raised && !state.unconfirmed.contains_key(&grant)
    }
}
