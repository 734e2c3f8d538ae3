//! May this party use this category, for this purpose, over this channel, at this instant, and why?
//!
//! Deny is the default. A decision goes from the consent, to the party, to the category, and stops at
//! the first that is missing; what it relied on is in its reasons. The same function serves the API, the
//! delivery, the profile and every page (S55).

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use crate::act::Version;
use crate::codes::{Category, Channel, NoticeId, Purpose};
use crate::facet::Facet;
use crate::policy::{Audience, Condition};
use crate::recipient::{Recipient, RecipientKind};
use crate::record::View;

pub use because::Because;
use case::Case;
use consent::{active, consents};

mod because;
mod capacity;
mod case;
mod consent;

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

/// One rule that spoke for or against, and the act that it looked at, if any.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    pub because: Because,
    pub act: Option<Version>,
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.because.rule(), self.because.slug())
    }
}

impl Question {
    /// Whether to contact for the purpose and over the channel of a facet; nothing where it is about no contact.
    pub fn about(facet: &Facet) -> Option<Self> {
        match facet {
            Facet::Contact(purpose, channel) => Some(Self {
                purpose: purpose.clone(),
                channel: Some(channel.clone()),
                category: None,
            }),
            Facet::Profiling | Facet::Sharing(_) | Facet::Separate(_) => None,
        }
    }
}

/// Decide one question.
pub fn decide(view: &View<'_>, party: Party<'_>, question: &Question) -> Decision {
    let consents = match consents(view, question) {
        Ok(consents) => consents,
        Err(reason) => return Decision::denied(None, vec![reason]),
    };
    // Of several consents that allow it, the one that does so longest speaks.
    let mut longest: Option<Case<'_>> = None;
    let mut denied = None;
    for consent in consents {
        if longest
            .as_ref()
            .is_some_and(|case| consent.grant.until <= case.until)
        {
            break;
        }
        let mut case = Case::opened(view, consent);
        match case.hear(party, question) {
            Ok(()) if longest.as_ref().is_none_or(|longest| longest.until < case.until) => {
                longest = Some(case)
            }
            Ok(()) => {}
            Err(reason) => denied = denied.or_else(|| Some(case.deny(reason))),
        }
    }
    if let Some(case) = longest {
        return case.allow();
    }
    denied.unwrap_or_else(|| Decision::denied(None, vec![Because::NoConsent.into()]))
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
    let purposes: BTreeSet<&Purpose> = view
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
    pub fn acts(&self) -> BTreeSet<Version> {
        self.reasons.iter().filter_map(|reason| reason.act).collect()
    }
}

impl Because {
    fn relying_on(self, act: Version) -> Reason {
        Reason {
            because: self,
            act: Some(act),
        }
    }
}

impl From<Because> for Reason {
    fn from(because: Because) -> Self {
        Self { because, act: None }
    }
}
