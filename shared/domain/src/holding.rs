//! What a recipient may hold of a data subject.

use std::collections::{BTreeMap, BTreeSet};

use crate::act::Version;
use crate::codes::{Category, RelationKind};
use crate::decide::{Party, Question, decide, for_any_purpose};
use crate::due::on;
use crate::facet::{Facet, Facets};
use crate::policy::{Origin, Policies};
use crate::recipient::{Recipient, RecipientKind};
use crate::record::View;
use jiff::Timestamp;

/// All that a recipient may hold at an instant: nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holding {
    /// The entitled categories, and which act last wrote the content of each, where there is any (S43).
    pub categories: BTreeMap<Category, Option<Version>>,
    /// The purposes and channels that are on: the consent itself is data to share (S24).
    pub facets: Facets,
    /// The kinds of the active relations to a dealer, to tell later which of them ended.
    pub relations: BTreeSet<RelationKind>,
    /// What a processor is asked to send to the data subject.
    pub requests: BTreeSet<Request>,
    /// The erasure that all of this came after; 0 where there was none.
    pub erased: Version,
}

/// A service message that a processor sends for the controller. It is not marketing, and so needs no
/// consent (S01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// Ask the data subject to confirm a grant, as long as it may.
    Confirmation { grant: Version, until: Timestamp },
    /// Remind the data subject of the end of its consent.
    Reminder { until: Timestamp },
}

impl Holding {
    /// What this recipient may hold, by the same decision that answers everybody else (S55).
    pub fn of(view: &View<'_>, recipient: &Recipient) -> Self {
        let mut holding = Self {
            erased: view.state.erased.map_or(0, |mark| mark.by),
            ..Self::default()
        };
        let categories: BTreeMap<&Category, Origin> = view
            .policies
            .iter()
            .flat_map(|policy| {
                policy
                    .categories
                    .iter()
                    .map(|(category, terms)| (category, terms.origin))
            })
            .collect();
        let written: BTreeMap<&Category, Version> = view.content().collect();
        for (category, origin) in categories {
            if for_any_purpose(view, Party::Recipient(recipient), category).allowed {
                let content = written.get(category).copied();
                holding.categories.insert(category.clone(), content);
                if origin == Origin::Record {
                    holding.facets = contacts(view, recipient);
                }
            }
        }
        if recipient.kind == RecipientKind::Dealer && !holding.categories.is_empty() {
            let relations = view
                .state
                .relations
                .keys()
                .filter(|relation| relation.recipient == recipient.id);
            holding.relations = relations.map(|relation| relation.kind.clone()).collect();
        }
        if recipient.kind == RecipientKind::Processor && may_send(view, recipient) {
            holding.requests = requests(view);
        }
        holding
    }

    /// All that a recipient of this kind could ever have been sent: what to take back where it is not
    /// known what arrived.
    pub fn most(policies: &Policies, kind: RecipientKind) -> Self {
        let mut holding = Self {
            erased: Version::MAX,
            ..Self::default()
        };
        for policy in policies.iter() {
            let audiences = policy
                .audiences
                .iter()
                .filter(|(audience, _)| audience.is_of(kind));
            let cells = audiences.flat_map(|(_, cells)| cells.keys());
            holding
                .categories
                .extend(cells.map(|category| (category.clone(), None)));
            let contacts = policy
                .facets()
                .into_iter()
                .filter(|facet| matches!(facet, Facet::Contact(..)));
            holding.facets.extend(contacts);
        }
        holding
    }

    /// The two together: what is in either.
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.categories.extend(
            other
                .categories
                .iter()
                .map(|(category, content)| (category.clone(), *content)),
        );
        both.facets.extend(other.facets.iter().cloned());
        both.relations.extend(other.relations.iter().cloned());
        both.requests.extend(other.requests.iter().copied());
        both.erased = both.erased.min(other.erased);
        both
    }

    /// What may be told to a recipient that has not confirmed its losses in time: nothing new.
    pub fn without_gains(&self, before: &Self) -> Self {
        if before.is_erased_by(self) {
            return Self {
                erased: self.erased,
                ..Self::default()
            };
        }
        let kept = before
            .categories
            .iter()
            .filter(|(category, _)| self.categories.contains_key(*category));
        Self {
            categories: kept
                .map(|(category, content)| (category.clone(), *content))
                .collect(),
            facets: self.facets.intersection(&before.facets).cloned().collect(),
            relations: self.relations.clone(),
            requests: self.requests.intersection(&before.requests).copied().collect(),
            erased: self.erased,
        }
    }

    /// Whether something of this is not in the other: a loss that the recipient must confirm.
    pub fn loses_to(&self, after: &Self) -> bool {
        let category = |category| !after.categories.contains_key(category);
        self.is_erased_by(after)
            || self.categories.keys().any(category)
            || !self.facets.is_subset(&after.facets)
    }

    /// Whether the record was erased since: whatever is held must go, even if it is nothing that we know of.
    pub fn is_erased_by(&self, after: &Self) -> bool {
        self.erased < after.erased
    }

    pub fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.requests.is_empty()
    }
}

/// The purposes and channels over which this recipient may contact the data subject, by the same decision
/// that it would get if it asked.
fn contacts(view: &View<'_>, recipient: &Recipient) -> Facets {
    let may = |facet: &&Facet| {
        let question = Question::about(facet);
        question.is_some_and(|question| decide(view, Party::Recipient(recipient), &question).allowed)
    };
    view.state.facets.keys().filter(may).cloned().collect()
}

/// Whether a processor may be asked to send anything: a notice names it, and nothing was switched off.
fn may_send(view: &View<'_>, processor: &Recipient) -> bool {
    let listed = view
        .policies
        .iter()
        .any(|policy| policy.standing.contains_key(&processor.id));
    listed
        && processor
            .access_now()
            .is_some_and(|access| access.authorised && access.sharing)
}

/// The service messages that are outstanding.
fn requests(view: &View<'_>) -> BTreeSet<Request> {
    let state = &view.state;
    let confirmable = state
        .unconfirmed
        .iter()
        .filter(|(grant, until)| view.at < **until && state.grants.contains_key(grant));
    let mut requests: BTreeSet<Request> = confirmable
        .map(|(grant, until)| Request::Confirmation {
            grant: *grant,
            until: *until,
        })
        .collect();
    let reminded = state.reminded_of.filter(|until| view.at < *until);
    let stands = |until: &Timestamp| on(state).any(|(_, grant)| grant.until == *until);
    requests.extend(reminded.filter(stands).map(|until| Request::Reminder { until }));
    requests
}
