//! Erasing: what identifies a data subject goes, and the least that proves what it had agreed to stays
//! (GDPR 17(1), 17(3)(e)).

use jiff::Timestamp;

use crate::act::{Act, Evidence, What};
use crate::record::Record;
use crate::refusal::Refusal;

impl Record {
    /// Erase all that is known of the data subject; erasing what is erased adds nothing. It has no date of its
    /// own: it comes after everything that is known by then, and so no late act undoes it.
    pub fn erase(&self, evidence: Evidence, now: Timestamp) -> Result<Option<Act>, Refusal> {
        let is_erased = self
            .state()
            .erased
            .is_some_and(|erased| erased.by == self.version);
        if is_erased {
            return Ok(None);
        }
        self.next(What::Erased, None, evidence, now).map(Some)
    }
}
