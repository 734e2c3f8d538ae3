//! A campaign: what it declares before it sends, and how its success may be told.

use crate::codes::{Brand, Purpose};
use crate::policy::Policies;
use crate::refusal::Refusal;

/// What a campaign sends, for which purpose, and under whose name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    pub purpose: Purpose,
    pub message_type: String,
    pub brand: Brand,
}

impl Campaign {
    /// Declare a campaign. One and the same notice must know all that it names (S29, S31).
    pub fn declare(
        policies: &Policies,
        purpose: Purpose,
        message_type: String,
        brand: Brand,
    ) -> Result<Self, Refusal> {
        let mut refusal = Refusal::UnknownCampaignPurpose;
        for policy in policies.iter() {
            let Some(terms) = policy.purposes.get(&purpose) else {
                continue;
            };
            if !terms.message_types.contains(&message_type) {
                refusal = Refusal::UnknownMessageType;
            } else if !policy.brands.contains_key(&brand) {
                refusal = Refusal::UnknownBrand;
            } else {
                return Ok(Self {
                    purpose,
                    message_type,
                    brand,
                });
            }
        }
        Err(refusal)
    }

    /// The smallest count that may be told, by the strictest notice that its recipients may have consented
    /// to (S52).
    pub fn smallest_cell(&self, policies: &Policies) -> u32 {
        let notices = policies
            .iter()
            .filter(|policy| policy.purposes.contains_key(&self.purpose));
        let cells = notices.map(|policy| policy.terms.smallest_cell);
        cells.max().unwrap_or(u32::MAX).max(1)
    }
}

/// A count as it may be told: in whole steps of the smallest cell, rounded down, and none below the first
/// (S52).
///
/// Steps, and not exact counts above a threshold, because what may not be told must not follow from what
/// is: 47 delivered less 44 clickers would be a cell of 3, and so would 44 clickers less the 41 that were told
/// an hour ago. The difference of two steps says no more than that it is less than a step off.
pub fn in_steps(count: u64, smallest_cell: u32) -> Option<u64> {
    let step = u64::from(smallest_cell.max(1));
    Some(count / step * step).filter(|told| *told > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_told_in_steps_and_never_below_the_first() {
        let told = [0, 9, 10, 19, 20, 1_234].map(|count| in_steps(count, 10));
        assert_eq!(told, [None, None, Some(10), Some(10), Some(20), Some(1_230)]);
        assert_eq!(in_steps(7, 1), Some(7));
    }
}
