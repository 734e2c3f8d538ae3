//! What a recipient may hold of a data subject, and what changes when that does.

use std::collections::{BTreeMap, BTreeSet};

use crate::act::Version;
use crate::codes::{Category, RelationKind};
use crate::decide::{Because, Party, for_any_purpose};
use crate::facet::{Facet, Facets};
use crate::policy::{Origin, Policies, Policy};
use crate::recipient::{Recipient, RecipientKind};
use crate::record::View;
use crate::state::Standing;

/// All that a recipient may hold at an instant: nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holding {
    /// The entitled categories, and which act last wrote the content of each, where there is any (S43).
    pub categories: BTreeMap<Category, Option<Version>>,
    /// The purposes and channels that are on: the consent itself is data to share (S24).
    pub facets: Facets,
    /// The kinds of the active relations to a dealer, to tell later which of them ended.
    pub relations: BTreeSet<RelationKind>,
}

/// One thing that a recipient must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Granted {
        facets: Facets,
    },
    Withdrawn {
        facets: Facets,
    },
    Objected {
        facets: Facets,
    },
    Lapsed {
        facets: Facets,
    },
    EntitlementStarted {
        categories: BTreeSet<Category>,
    },
    EntitlementEnded {
        categories: BTreeSet<Category>,
        why: Ended,
    },
    /// The content of these categories is new, or gone.
    Updated {
        categories: BTreeSet<Category>,
    },
}

/// Why a recipient may no longer hold a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    Withdrawn,
    Objected,
    Lapsed,
    SharingWithdrawn,
    SeparateConsentEnded,
    ThreeYears,
    AuthorisationLost,
    SharingOff,
    RelationEnded,
    PreferredChanged,
    LocalPartnerReplaced,
    NoLongerListed,
}

impl Holding {
    /// What this recipient may hold, by the same decision that answers everybody else (S55).
    pub fn of(view: &View<'_>, recipient: &Recipient) -> Self {
        let mut holding = Self::default();
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
        for (category, origin) in categories {
            if for_any_purpose(view, Party::Recipient(recipient), category).allowed {
                holding
                    .categories
                    .insert(category.clone(), view.state.profile.get(category).copied());
                if origin == Origin::Record {
                    holding.facets = contacts(view);
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
        holding
    }

    /// All that a recipient of this kind could ever have been sent: what to take back where it is not
    /// known what arrived.
    pub fn most(policies: &Policies, kind: RecipientKind) -> Self {
        let mut holding = Self::default();
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

    pub fn is_empty(&self) -> bool {
        self.categories.is_empty()
    }
}

/// What to tell a recipient of whom it is not known what it holds: all that ends or may have ended, and
/// the whole of what it may hold now.
pub fn changes_from_doubt(view: &View<'_>, recipient: &Recipient, after: &Holding) -> Vec<Change> {
    let most = Holding::most(view.policies, recipient.kind);
    let mut changes = switched_off(view, most.facets.difference(&after.facets));
    changes.extend(ended(view, recipient, &most, after));
    changes.extend(self::changes(view, recipient, &Holding::default(), after));
    changes
}

/// The purposes and channels that are on.
fn contacts(view: &View<'_>) -> Facets {
    let on = |facet: &&Facet| matches!(facet, Facet::Contact(..)) && view.state.is_active(facet, view.at);
    view.state.facets.keys().filter(on).cloned().collect()
}

/// What to tell a recipient that holds one thing and may now hold another; nothing where they agree.
pub fn changes(view: &View<'_>, recipient: &Recipient, before: &Holding, after: &Holding) -> Vec<Change> {
    let mut changes = Vec::new();
    let granted: Facets = after.facets.difference(&before.facets).cloned().collect();
    let entitled = after
        .categories
        .keys()
        .filter(|category| !before.categories.contains_key(*category));
    let entitled: BTreeSet<Category> = entitled.cloned().collect();
    let updated = after.categories.iter().filter(|(category, content)| {
        before
            .categories
            .get(*category)
            .is_some_and(|held| held != *content)
    });
    let updated: BTreeSet<Category> = updated.map(|(category, _)| category.clone()).collect();

    changes.extend(switched_off(view, before.facets.difference(&after.facets)));
    changes.extend(ended(view, recipient, before, after));
    if !granted.is_empty() {
        changes.push(Change::Granted { facets: granted });
    }
    if !entitled.is_empty() {
        changes.push(Change::EntitlementStarted { categories: entitled });
    }
    if !updated.is_empty() {
        changes.push(Change::Updated { categories: updated });
    }
    changes
}

/// The facets that are off for everybody, by what switched them off. One that is still on has only
/// ended for this recipient, and the end of its entitlement says so.
fn switched_off<'a>(view: &View<'_>, gone: impl Iterator<Item = &'a Facet>) -> Vec<Change> {
    let (mut withdrawn, mut objected, mut lapsed) = (Facets::new(), Facets::new(), Facets::new());
    for facet in gone {
        let said = match view.state.standing(facet, view.at) {
            Standing::Active { .. } => continue,
            Standing::Objected(_) => &mut objected,
            Standing::Lapsed { .. } => &mut lapsed,
            Standing::Withdrawn(_) | Standing::Never | Standing::Pending { .. } => &mut withdrawn,
        };
        said.insert(facet.clone());
    }
    let said = [
        (!withdrawn.is_empty()).then_some(Change::Withdrawn { facets: withdrawn }),
        (!objected.is_empty()).then_some(Change::Objected { facets: objected }),
        (!lapsed.is_empty()).then_some(Change::Lapsed { facets: lapsed }),
    ];
    said.into_iter().flatten().collect()
}

/// The categories that may no longer be held, by why.
fn ended(view: &View<'_>, recipient: &Recipient, before: &Holding, after: &Holding) -> Vec<Change> {
    let mut by_reason: BTreeMap<Ended, BTreeSet<Category>> = BTreeMap::new();
    for category in before
        .categories
        .keys()
        .filter(|category| !after.categories.contains_key(*category))
    {
        let decision = for_any_purpose(view, Party::Recipient(recipient), category);
        let because = decision
            .reasons
            .first()
            .map_or(Because::NoConsent, |reason| reason.because);
        by_reason
            .entry(why(because, view, before))
            .or_default()
            .insert(category.clone());
    }
    let ended = by_reason.into_iter();
    ended
        .map(|(why, categories)| Change::EntitlementEnded { categories, why })
        .collect()
}

fn why(because: Because, view: &View<'_>, before: &Holding) -> Ended {
    match because {
        Because::Objected => Ended::Objected,
        Because::Lapsed => Ended::Lapsed,
        Because::NoSharing => Ended::SharingWithdrawn,
        Because::NoSeparateConsent | Because::NoEmailConsent => Ended::SeparateConsentEnded,
        Because::DeliveryTooLongAgo => Ended::ThreeYears,
        Because::NotAuthorised | Because::UnknownRecipient => Ended::AuthorisationLost,
        Because::SharingSwitchedOff => Ended::SharingOff,
        Because::AnotherPartner => Ended::LocalPartnerReplaced,
        Because::NoRelation => replaced(view, before),
        Because::NoDelivery | Because::NotForThisRelation | Because::NotForTheLocalPartner => Ended::RelationEnded,
        Because::NotOnTheList
        | Because::NotAProcessor
        | Because::UnknownPurpose
        | Because::UnknownChannel
        | Because::UnknownCategory
        | Because::NotForTheProfile
        | Because::NotForTheGroup
        | Because::NotForProcessors
        | Because::SharedWithNobody
        | Because::NoticeNotStored => Ended::NoLongerListed,
        Because::Withdrawn
        | Because::NoConsent
        | Because::ChannelNotSelected
        | Because::NotConfirmed
        | Because::NoProfiling
        | Because::RegisterNotChecked
        // What allows cannot be why something ended; the consent is the safe thing to name.
        | Because::Consented
        | Because::Profiling
        | Because::Sharing
        | Because::OnTheList
        | Because::Processor
        | Because::Related
        | Because::DeliveredRecently
        | Because::SeparateConsent
        | Because::EmailConsent
        | Because::ListedForTheProfile
        | Because::ListedForTheGroup
        | Because::ListedForProcessors
        | Because::ListedForTheRelation => Ended::Withdrawn,
    }
}

/// No relation is left: whether another dealer took this one's place, or it just ended (S08, S22).
fn replaced(view: &View<'_>, before: &Holding) -> Ended {
    let taken_over = |kind: &&RelationKind| {
        view.state
            .relations
            .keys()
            .any(|relation| relation.kind == **kind)
    };
    let Some(kind) = before.relations.iter().find(taken_over) else {
        return Ended::RelationEnded;
    };
    let terms = |policy: &'_ Policy| {
        policy
            .relations
            .get(kind)
            .map(|terms| (terms.exclusive, terms.is_fallback()))
    };
    match view.policies.iter().find_map(terms) {
        Some((_, true)) => Ended::LocalPartnerReplaced,
        Some((true, false)) => Ended::PreferredChanged,
        Some((false, false)) | None => Ended::RelationEnded,
    }
}
