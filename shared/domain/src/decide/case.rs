//! What one consent comes to for one question.

use std::mem;

use jiff::Timestamp;

use crate::codes::{Category, NoticeId};
use crate::facet::Facet;
use crate::policy::{Audience, Condition, Policy};
use crate::record::View;
use crate::state::Tie;

use super::capacity::Capacity;
use super::consent::{Consent, active};
use super::{Because, Decision, Party, Question, Reason};

/// Room for as many reasons as most decisions have.
const REASONS: usize = 16;

/// What one consent comes to for one question: the rules heard so far, and until when they hold.
pub(super) struct Case<'a> {
    pub(super) view: &'a View<'a>,
    /// The policies of every consent relied on; a cell must allow under each of them.
    pub(super) policies: Vec<&'a Policy>,
    pub(super) reasons: Vec<Reason>,
    pub(super) until: Timestamp,
}

/// Why a cell of the matrix does not allow.
enum Denied<'a> {
    /// This policy does not list the category for the audience.
    NotListed(&'a Policy, &'a Audience),
    Condition(Reason),
}

impl<'a> Case<'a> {
    pub(super) fn opened(view: &'a View<'_>, consent: Consent<'a>) -> Self {
        let mut case = Self {
            view,
            policies: Vec::new(),
            reasons: Vec::with_capacity(REASONS),
            until: Timestamp::MAX,
        };
        case.rely_on(Because::Consented, consent);
        case
    }

    pub(super) fn rely_on(&mut self, because: Because, consent: Consent<'a>) {
        self.reasons.push(because.relying_on(consent.by));
        self.until = self.until.min(consent.grant.until);
        if !self
            .policies
            .iter()
            .any(|policy| std::ptr::eq(*policy, consent.policy))
        {
            self.policies.push(consent.policy);
        }
    }

    pub(super) fn hear(&mut self, party: Party<'_>, question: &Question) -> Result<(), Reason> {
        self.register_checked(question)?;
        match party {
            Party::Unknown => Err(Because::UnknownRecipient.into()),
            Party::Controller => match &question.category {
                None => Ok(()),
                Some(category) => {
                    let view = self.view;
                    let profiling = active(view, &Facet::Profiling).map_err(|_| Because::NoProfiling)?;
                    self.rely_on(Because::Profiling, profiling);
                    self.category(&[Capacity::of(Audience::Profile)], category)
                }
            },
            Party::Recipient(recipient) => {
                let capacities = self.capacities(recipient)?;
                if let Some(category) = &question.category {
                    return self.category(&capacities, category);
                }
                let longest = capacities.iter().map(|capacity| capacity.until).max();
                self.until = self.until.min(longest.unwrap_or(Timestamp::MAX));
                Ok(())
            }
        }
    }

    /// Phone and post may need a look at the opposition register that is young enough (DPR 26/2022).
    fn register_checked(&mut self, question: &Question) -> Result<(), Reason> {
        let Some(channel) = &question.channel else {
            return Ok(());
        };
        let checked = self.view.state.register.get(channel);
        let at = checked.map_or(Timestamp::MIN, |checked| checked.at);
        let holds_until = self
            .policies
            .iter()
            .filter_map(|policy| policy.register_check_until(channel, at));
        match (holds_until.min(), checked) {
            (None, _) => Ok(()),
            (Some(until), Some(_)) if self.view.at < until => {
                self.until = self.until.min(until);
                Ok(())
            }
            (Some(_), Some(checked)) => Err(Because::RegisterNotChecked.relying_on(checked.by)),
            (Some(_), None) => Err(Because::RegisterNotChecked.into()),
        }
    }

    /// The union over all that the party is: one cell that allows is enough (S09).
    fn category(&mut self, capacities: &[Capacity<'_>], category: &Category) -> Result<(), Reason> {
        if !self
            .policies
            .iter()
            .any(|policy| policy.categories.contains_key(category))
        {
            return Err(Because::UnknownCategory.into());
        }
        let mut best: Option<Timestamp> = None;
        let mut denied: Option<Denied<'_>> = None;
        let mut reasons = mem::take(&mut self.reasons);
        let before = reasons.len();
        for capacity in capacities {
            let after = reasons.len();
            match self.cell(capacity, category, &mut reasons) {
                Ok(until) if best.is_none_or(|longest| longest < until) => {
                    best = Some(until);
                    // Its reasons instead of those of the best so far.
                    reasons.drain(before..after);
                }
                Ok(_) => reasons.truncate(after),
                Err(reason) => {
                    reasons.truncate(after);
                    // "Not for this audience" says less than a condition that does not hold.
                    if !matches!(denied, Some(Denied::Condition(_))) {
                        denied = Some(reason);
                    }
                }
            }
            if best == Some(Timestamp::MAX) {
                break;
            }
        }
        self.reasons = reasons;
        let until = best.ok_or_else(|| match denied {
            Some(Denied::Condition(reason)) => reason,
            Some(Denied::NotListed(policy, audience)) => not_listed(policy, audience, category).into(),
            None => Because::NoRelation.into(),
        })?;
        self.until = self.until.min(until);
        Ok(())
    }

    /// Until when one cell of the matrix allows, under every policy that was relied on.
    fn cell<'c>(
        &self,
        capacity: &'c Capacity<'_>,
        category: &Category,
        reasons: &mut Vec<Reason>,
    ) -> Result<Timestamp, Denied<'c>>
    where
        'a: 'c,
    {
        let Capacity { audience, tie, .. } = capacity;
        let mut until = capacity.until;
        reasons.push(Because::listed_for(audience).into());
        for policy in &self.policies {
            let cell = policy
                .audiences
                .get(audience)
                .and_then(|cells| cells.get(category));
            let condition = cell.ok_or(Denied::NotListed(policy, audience))?;
            let holds = self.condition(policy, condition, *tie, reasons);
            until = until.min(holds.map_err(Denied::Condition)?);
        }
        Ok(until)
    }

    /// Whether the condition of a cell holds, and until when.
    fn condition(
        &self,
        policy: &Policy,
        condition: &Condition,
        tie: Option<&Tie>,
        reasons: &mut Vec<Reason>,
    ) -> Result<Timestamp, Reason> {
        let mut until = Timestamp::MAX;
        if let Some(period) = &condition.since_delivery {
            let tie = tie.ok_or(Because::NoDelivery)?;
            let delivered_on = tie.delivered_on.filter(|day| *day <= policy.day(self.view.at));
            let delivered_on = delivered_on.ok_or(Because::NoDelivery.relying_on(tie.by))?;
            until = policy.end_of(delivered_on, period);
            if until <= self.view.at {
                return Err(Because::DeliveryTooLongAgo.relying_on(tie.by));
            }
            reasons.push(Because::DeliveredRecently.relying_on(tie.by));
        }
        if let Some(name) = &condition.separate {
            let consent = active(self.view, &Facet::Separate(name.clone())).map_err(|reason| Reason {
                because: Because::NoSeparateConsent,
                act: reason.act,
            })?;
            until = until.min(consent.grant.until);
            reasons.push(Because::SeparateConsent.relying_on(consent.by));
        }
        if let Some(channel) = &condition.channel {
            let over_it = policy
                .purposes
                .keys()
                .map(|purpose| Facet::Contact(purpose.clone(), channel.clone()));
            let consent = over_it.filter_map(|facet| active(self.view, &facet).ok());
            let consent = consent
                .max_by_key(|consent| consent.grant.until)
                .ok_or(Because::NoEmailConsent)?;
            until = until.min(consent.grant.until);
            reasons.push(Because::EmailConsent.relying_on(consent.by));
        }
        Ok(until)
    }

    fn policy(&self) -> Option<(NoticeId, u32)> {
        self.policies
            .first()
            .map(|policy| (policy.notice.clone(), policy.version))
    }

    pub(super) fn allow(self) -> Decision {
        let until = (self.until < Timestamp::MAX).then_some(self.until);
        Decision {
            allowed: true,
            policy: self.policy(),
            reasons: self.reasons,
            until,
        }
    }

    pub(super) fn deny(self, reason: Reason) -> Decision {
        Decision::denied(self.policy(), vec![reason])
    }
}

/// Why an audience is not on the list for a category.
fn not_listed(policy: &Policy, audience: &Audience, category: &Category) -> Because {
    let shared = policy.audiences.iter().any(|(other, cells)| {
        matches!(other, Audience::GroupCompany | Audience::Relation(_)) && cells.contains_key(category)
    });
    match audience {
        Audience::Profile => Because::NotForTheProfile,
        Audience::Processor => Because::NotForProcessors,
        Audience::GroupCompany | Audience::Relation(_) if !shared => Because::SharedWithNobody,
        Audience::GroupCompany => Because::NotForTheGroup,
        Audience::Relation(kind) => {
            let fallback = policy
                .relations
                .get(kind)
                .is_some_and(|terms| terms.is_fallback());
            if fallback {
                Because::NotForTheLocalPartner
            } else {
                Because::NotForThisRelation
            }
        }
    }
}
