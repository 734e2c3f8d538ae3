//! May this party use this category, for this purpose, over this channel, at this instant, and why?
//!
//! Deny is the default. A decision goes from the consent, to the party, to the category, and stops at
//! the first that is missing; what it relied on is in its reasons. The same function serves the API, the
//! delivery, the profile and every page (S55).

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::act::Version;
use crate::codes::{Category, Channel, NoticeId, Purpose};
use crate::facet::Facet;
use crate::policy::{Audience, Condition, Policy};
use crate::recipient::{Recipient, RecipientKind};
use crate::record::View;
use crate::state::{Grant, Standing, Tie};

pub use because::Because;

mod because;

/// Who wants to use the data.
#[derive(Debug, Clone, Copy)]
pub enum Party<'a> {
    Controller,
    Recipient(&'a Recipient),
    /// Nobody who is registered.
    Unknown,
}

/// What for. Without a channel it is about holding or using data, without a category about contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub purpose: Purpose,
    pub channel: Option<Channel>,
    pub category: Option<Category>,
}

/// The answer, and all that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub allowed: bool,
    pub reasons: Vec<Reason>,
    /// The notice version whose rules were applied.
    pub policy: Option<(NoticeId, u32)>,
    /// Until when an allowance holds if nothing happens: the first instant at which it does not.
    pub until: Option<Timestamp>,
}

/// One rule that spoke for or against, and the acts that it looked at.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason {
    pub because: Because,
    pub acts: Vec<Version>,
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.because.rule(), self.because.slug())
    }
}

/// Decide one question.
pub fn decide(view: &View<'_>, party: Party<'_>, question: &Question) -> Decision {
    let consents = match consents(view, question) {
        Ok(consents) => consents,
        Err(reason) => return Decision::denied(None, vec![reason]),
    };
    let mut denied = None;
    for consent in consents {
        let mut case = Case::opened(view, consent);
        match case.hear(party, question) {
            Ok(()) => return case.allow(),
            Err(reason) => denied = denied.or_else(|| Some(case.deny(reason))),
        }
    }
    denied.unwrap_or_else(|| Decision::denied(None, vec![Because::NoConsent.into()]))
}

/// A contact consent that is active, and the policy that it pins.
#[derive(Clone, Copy)]
struct Consent<'a> {
    by: Version,
    grant: &'a Grant,
    policy: &'a Policy,
}

/// The active consents for this purpose, over this channel or any: those that hold longest first.
fn consents<'a>(view: &'a View<'_>, question: &Question) -> Result<Vec<Consent<'a>>, Reason> {
    if !view
        .policies
        .iter()
        .any(|policy| policy.purposes.contains_key(&question.purpose))
    {
        return Err(Because::UnknownPurpose.into());
    }
    if let Some(channel) = &question.channel
        && !view
            .policies
            .iter()
            .any(|policy| policy.channels.contains_key(channel))
    {
        return Err(Because::UnknownChannel.into());
    }
    if let Some(objection) = view.state.objection {
        return Err(Because::Objected.relying_on(objection.by));
    }
    let asked = |facet: &Facet| match facet {
        Facet::Contact(purpose, channel) => {
            *purpose == question.purpose && question.channel.as_ref().is_none_or(|asked| asked == channel)
        }
        Facet::Profiling | Facet::Sharing(_) | Facet::Separate(_) => false,
    };
    let mut found: Vec<Consent<'a>> = Vec::new();
    let mut missing = None;
    for facet in view.state.facets.keys().filter(|facet| asked(facet)) {
        match active(view, facet) {
            Ok(consent) if found.iter().any(|other| other.by == consent.by) => {}
            Ok(consent) => found.push(consent),
            Err(reason) => missing = missing.or(Some(reason)),
        }
    }
    found.sort_by_key(|consent| std::cmp::Reverse(consent.grant.until));
    if !found.is_empty() {
        return Ok(found);
    }
    Err(missing.unwrap_or_else(|| {
        let contact = |facet: &Facet| matches!(facet, Facet::Contact(..));
        let any_active = view
            .state
            .facets
            .keys()
            .any(|facet| contact(facet) && view.state.is_active(facet, view.at));
        if any_active {
            Because::ChannelNotSelected.into()
        } else {
            Because::NoConsent.into()
        }
    }))
}

/// The consent that a facet stands on, or why there is none.
fn active<'a>(view: &'a View<'_>, facet: &Facet) -> Result<Consent<'a>, Reason> {
    match view.state.standing(facet, view.at) {
        Standing::Active { by, grant } => match view.policies.shown(&grant.shown) {
            Some(policy) => Ok(Consent { by, grant, policy }),
            None => Err(Because::NoticeNotStored.relying_on(by)),
        },
        Standing::Never => Err(Because::NoConsent.into()),
        Standing::Pending { by } => Err(Because::NotConfirmed.relying_on(by)),
        Standing::Withdrawn(mark) => Err(Because::Withdrawn.relying_on(mark.by)),
        Standing::Objected(mark) => Err(Because::Objected.relying_on(mark.by)),
        Standing::Lapsed { by, .. } => Err(Because::Lapsed.relying_on(by)),
    }
}

/// As what a party may be told something, by which tie, and until when (T8).
struct Capacity<'a> {
    audience: Audience,
    tie: Option<&'a Tie>,
    until: Timestamp,
}

/// What one consent comes to for one question: the rules heard so far, and until when they hold.
struct Case<'a> {
    view: &'a View<'a>,
    /// The policies of every consent relied on; a cell must allow under each of them.
    policies: Vec<&'a Policy>,
    reasons: Vec<Reason>,
    until: Timestamp,
}

impl<'a> Case<'a> {
    fn opened(view: &'a View<'_>, consent: Consent<'a>) -> Self {
        let mut case = Self {
            view,
            policies: Vec::new(),
            reasons: Vec::new(),
            until: Timestamp::MAX,
        };
        case.rely_on(Because::Consented, consent);
        case
    }

    fn rely_on(&mut self, because: Because, consent: Consent<'a>) {
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

    fn hear(&mut self, party: Party<'_>, question: &Question) -> Result<(), Reason> {
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
        let days = |policy: &Policy| policy.channels.get(channel)?.register_check_days;
        let Some(days) = self.policies.iter().filter_map(|policy| days(policy)).min() else {
            return Ok(());
        };
        let checked = self.view.state.register.get(channel);
        let age_max = SignedDuration::from_hours(24 * i64::from(days));
        match checked {
            Some(mark) if self.view.at.duration_since(mark.at) < age_max => {
                self.until = self
                    .until
                    .min(mark.at.saturating_add(age_max).unwrap_or(Timestamp::MAX));
                Ok(())
            }
            Some(mark) => Err(Because::RegisterNotChecked.relying_on(mark.by)),
            None => Err(Because::RegisterNotChecked.into()),
        }
    }

    /// As what a recipient may be told anything: its kind, or each of its active relations.
    fn capacities(&mut self, recipient: &Recipient) -> Result<Vec<Capacity<'a>>, Reason> {
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

    /// The union over all that the party is: one cell that allows is enough (S09).
    fn category(&mut self, capacities: &[Capacity<'_>], category: &Category) -> Result<(), Reason> {
        if !self
            .policies
            .iter()
            .any(|policy| policy.categories.contains_key(category))
        {
            return Err(Because::UnknownCategory.into());
        }
        let mut best: Option<(Vec<Reason>, Timestamp)> = None;
        let mut denied: Option<Reason> = None;
        for capacity in capacities {
            match self.cell(capacity, category) {
                Ok((_, until)) if best.as_ref().is_some_and(|(_, longest)| *longest >= until) => {}
                Ok(heard) => best = Some(heard),
                // "Not for this audience" says less than a condition that does not hold.
                Err(reason)
                    if denied
                        .as_ref()
                        .is_some_and(|denied| !denied.because.is_not_listed()) =>
                {
                    drop(reason)
                }
                Err(reason) => denied = Some(reason),
            }
        }
        let (reasons, until) = best.ok_or_else(|| denied.unwrap_or(Because::NoRelation.into()))?;
        self.reasons.extend(reasons);
        self.until = self.until.min(until);
        Ok(())
    }

    /// One cell of the matrix, under every policy that was relied on.
    fn cell(&self, capacity: &Capacity<'_>, category: &Category) -> Result<(Vec<Reason>, Timestamp), Reason> {
        let Capacity { audience, tie, .. } = capacity;
        let mut until = capacity.until;
        let mut reasons = vec![Because::listed_for(audience).into()];
        for policy in &self.policies {
            let cell = policy
                .audiences
                .get(audience)
                .and_then(|cells| cells.get(category));
            let condition = cell.ok_or_else(|| not_listed(policy, audience, category))?;
            until = until.min(self.condition(policy, condition, *tie, &mut reasons)?);
        }
        Ok((reasons, until))
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
                acts: reason.acts,
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

    fn allow(self) -> Decision {
        let until = (self.until < Timestamp::MAX).then_some(self.until);
        Decision {
            allowed: true,
            policy: self.policy(),
            reasons: self.reasons,
            until,
        }
    }

    fn deny(self, reason: Reason) -> Decision {
        Decision::denied(self.policy(), vec![reason])
    }
}

/// Why an audience is not on the list for a category.
fn not_listed(policy: &Policy, audience: &Audience, category: &Category) -> Reason {
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
    .into()
}

/// Whether a category may go into the controller's own profile, for any purpose (S32, S36).
pub(crate) fn may_profile(view: &View<'_>, category: &Category) -> Result<(), Vec<Reason>> {
    let allowed = for_any_purpose(view, Party::Controller, category);
    if allowed.allowed {
        Ok(())
    } else {
        Err(allowed.reasons)
    }
}

/// The decision on holding a category for whichever purpose allows it; the refusal if none does.
pub fn for_any_purpose(view: &View<'_>, party: Party<'_>, category: &Category) -> Decision {
    let mut denied: Option<Decision> = None;
    let purposes: std::collections::BTreeSet<&Purpose> = view
        .policies
        .iter()
        .flat_map(|policy| policy.purposes.keys())
        .collect();
    for purpose in purposes {
        let question = Question {
            purpose: purpose.clone(),
            channel: None,
            category: Some(category.clone()),
        };
        let decision = decide(view, party, &question);
        if decision.allowed {
            return decision;
        }
        // A purpose with a consent says more than one without.
        if denied.as_ref().is_none_or(|denied| denied.policy.is_none()) {
            denied = Some(decision);
        }
    }
    denied.unwrap_or_else(|| Decision::denied(None, vec![Because::NoConsent.into()]))
}

/// Whether some share could carry a category that is not for the profile, such as a recommended action
/// (S25): the consents are there, whoever the dealer is.
pub(crate) fn may_be_shared(view: &View<'_>, category: &Category) -> bool {
    let kinds = [
        (RecipientKind::GroupCompany, false),
        (RecipientKind::Dealer, true),
    ];
    kinds.into_iter().any(|(kind, to_dealers)| {
        let Ok(sharing) = active(view, &Facet::Sharing(kind)) else {
            return false;
        };
        let policy = sharing.policy;
        let for_the_profile = policy
            .audiences
            .get(&Audience::Profile)
            .is_some_and(|cells| cells.contains_key(category));
        let cells = policy.audiences.iter().filter(|(audience, _)| match audience {
            Audience::Relation(_) => to_dealers,
            Audience::GroupCompany => !to_dealers,
            Audience::Profile | Audience::Processor => false,
        });
        let mut conditions = cells.filter_map(|(_, cells)| cells.get(category));
        let contact = |facet: &Facet| matches!(facet, Facet::Contact(..));
        let consented = view
            .state
            .facets
            .keys()
            .any(|facet| contact(facet) && active(view, facet).is_ok());
        let separate = |condition: &Condition| {
            condition
                .separate
                .as_ref()
                .is_none_or(|name| active(view, &Facet::Separate(name.clone())).is_ok())
        };
        !for_the_profile && consented && conditions.any(separate)
    })
}

impl Capacity<'_> {
    fn of(audience: Audience) -> Self {
        Self {
            audience,
            tie: None,
            until: Timestamp::MAX,
        }
    }
}

impl Decision {
    fn denied(policy: Option<(NoticeId, u32)>, reasons: Vec<Reason>) -> Self {
        Self {
            allowed: false,
            reasons,
            policy,
            until: None,
        }
    }

    /// The acts that the answer rests on.
    pub fn acts(&self) -> std::collections::BTreeSet<Version> {
        self.reasons
            .iter()
            .flat_map(|reason| reason.acts.iter().copied())
            .collect()
    }
}

impl Because {
    fn relying_on(self, act: Version) -> Reason {
        Reason {
            because: self,
            acts: vec![act],
        }
    }
}

impl From<Because> for Reason {
    fn from(because: Because) -> Self {
        Self {
            because,
            acts: Vec::new(),
        }
    }
}
