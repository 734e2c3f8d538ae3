//! Relations: what ties a data subject to a dealer, and so decides what the dealer may get.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::act::{Act, Evidence, Relation, What};
use crate::policy::Policies;
use crate::recipient::{Recipient, RecipientKind};
use crate::record::Record;
use crate::refusal::Refusal;

/// More active relations than any person has; a limit on the size of the state.
const RELATIONS_MAX: usize = 50;

impl Record {
    /// Tie the data subject to a dealer, or change the facts of the tie (S06, S08, S09, S18).
    ///
    /// A day on which it began counts from that day's first instant; without one it begins now. A
    /// delivery date is kept only by a relation that a vehicle is delivered under. Where the policy caps it,
    /// a later day renews it, and so does saying the same again after the cap (T8).
    pub fn relate(
        &self,
        policies: &Policies,
        dealer: Option<&Recipient>,
        relation: &Relation,
        (since, delivered_on): (Option<Date>, Option<Date>),
        evidence: Evidence,
        now: Timestamp,
    ) -> Result<Option<Act>, Refusal> {
        let dealer = dealer.ok_or(Refusal::UnknownRecipient)?;
        if dealer.kind != RecipientKind::Dealer {
            return Err(Refusal::NotADealer);
        }
        let knows = |policy: &&crate::policy::Policy| policy.relations.contains_key(&relation.kind);
        let policy = policies.iter().filter(knows).max_by_key(|policy| policy.version);
        let policy = policy.ok_or(Refusal::UnknownRelationKind)?;
        let terms = &policy.relations[&relation.kind];
        let today = policy.day(now);
        if delivered_on.is_some() && !terms.delivery {
            return Err(Refusal::NoDeliveryHere);
        }
        if delivered_on.is_some_and(|day| day > today) {
            return Err(Refusal::DeliveredInTheFuture);
        }
        if since.is_some_and(|day| day > today) {
            return Err(Refusal::BeginsInTheFuture);
        }
        let since = since.map(|day| policy.start_of(day));

        let standing = self.state().relations.get(relation);
        if standing.is_none() && self.state().relations.len() >= RELATIONS_MAX {
            return Err(Refusal::TooManyRelations);
        }
        let capped = |since| {
            policy
                .capped_at(&relation.kind, since)
                .is_some_and(|end| end <= now)
        };
        let says_nothing_new = standing.is_some_and(|tie| {
            tie.delivered_on == delivered_on && since.map_or(!capped(tie.since), |since| since == tie.since)
        });
        if says_nothing_new {
            return Ok(None);
        }
        let what = What::RelationStarted {
            relation: relation.clone(),
            delivered_on,
            exclusive: terms.exclusive,
        };
        self.next(what, since, evidence, now).map(Some)
    }

    /// End a relation; ending one that is not active adds nothing.
    pub fn part(
        &self,
        relation: &Relation,
        evidence: Evidence,
        now: Timestamp,
    ) -> Result<Option<Act>, Refusal> {
        if !self.state().relations.contains_key(relation) {
            return Ok(None);
        }
        self.next(
            What::RelationEnded {
                relation: relation.clone(),
            },
            None,
            evidence,
            now,
        )
        .map(Some)
    }
}
