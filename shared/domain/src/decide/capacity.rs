//! As what a recipient may be told anything.

use jiff::Timestamp;

use crate::facet::Facet;
use crate::policy::{Audience, Policy};
use crate::recipient::{Recipient, RecipientKind};
use crate::state::Tie;

use super::case::Case;
use super::consent::active;
use super::{Because, Reason};

/// As what a party may be told something, by which tie, and until when (T8).
pub(super) struct Capacity<'a> {
    pub(super) audience: Audience,
    pub(super) tie: Option<&'a Tie>,
    pub(super) until: Timestamp,
}

impl Capacity<'_> {
    pub(super) fn of(audience: Audience) -> Self {
        Self {
            audience,
            tie: None,
            until: Timestamp::MAX,
        }
    }
}

impl<'a> Case<'a> {
    /// As what a recipient may be told anything: its kind, or each of its active relations.
    pub(super) fn capacities(&mut self, recipient: &Recipient) -> Result<Vec<Capacity<'a>>, Reason> {
        let access = if self.view.now {
            recipient.access_now()
        } else {
            recipient.access_at(self.view.at)
        };
        let access = access.ok_or(Because::UnknownRecipient)?;
        if !access.authorised {
            return Err(Because::NotAuthorised.into());
        }
        if !access.sharing {
            return Err(Because::SharingSwitchedOff.into());
        }
        if recipient.kind != RecipientKind::Processor {
            let view = self.view;
            let sharing = active(view, &Facet::Sharing(recipient.kind)).map_err(|_| Because::NoSharing)?;
            self.rely_on(Because::Sharing, sharing);
        }
        match recipient.kind {
            RecipientKind::GroupCompany => {
                self.listed(recipient, Because::NotOnTheList)?;
                self.reasons.push(Because::OnTheList.into());
                Ok(vec![Capacity::of(Audience::GroupCompany)])
            }
            RecipientKind::Processor => {
                self.listed(recipient, Because::NotAProcessor)?;
                self.reasons.push(Because::Processor.into());
                Ok(vec![Capacity::of(Audience::Processor)])
            }
            RecipientKind::Dealer => self.relations(recipient),
        }
    }

    /// Every notice relied on names this group company or processor (S04, S49).
    fn listed(&self, recipient: &Recipient, otherwise: Because) -> Result<(), Reason> {
        let listed = |policy: &&Policy| {
            policy
                .standing
                .get(&recipient.id)
                .is_some_and(|standing| standing.kind == recipient.kind)
        };
        if self.policies.iter().all(listed) {
            Ok(())
        } else {
            Err(otherwise.into())
        }
    }

    /// The relations to this dealer that entitle it now (S06, S09, S20). One that is capped entitles nobody
    /// and still is a relation: no other dealer takes its place (T8).
    fn relations(&mut self, dealer: &Recipient) -> Result<Vec<Capacity<'a>>, Reason> {
        let view = self.view;
        let mut denied = Reason::from(Because::NoRelation);
        let mut capacities = Vec::new();
        for (relation, tie) in view
            .state
            .relations
            .iter()
            .filter(|(relation, _)| relation.recipient == dealer.id)
        {
            let in_the_way = |policy: &&Policy| {
                policy.relations.get(&relation.kind).is_none_or(|terms| {
                    view.state
                        .relations
                        .keys()
                        .any(|other| terms.only_without.contains(&other.kind))
                })
            };
            let caps = self
                .policies
                .iter()
                .filter_map(|policy| policy.capped_at(&relation.kind, tie.since));
            let until = caps.min().unwrap_or(Timestamp::MAX);
            if self.policies.iter().any(in_the_way) {
                denied = Because::AnotherPartner.into();
            } else if until <= view.at {
                denied = Because::RelationCapped.relying_on(tie.by);
            } else {
                self.reasons.push(Because::Related.relying_on(tie.by));
                capacities.push(Capacity {
                    audience: Audience::Relation(relation.kind.clone()),
                    tie: Some(tie),
                    until,
                });
            }
        }
        if capacities.is_empty() {
            Err(denied)
        } else {
            Ok(capacities)
        }
    }
}
