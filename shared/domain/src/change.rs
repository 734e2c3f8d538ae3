//! What a recipient must be told when what it may hold changes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::act::{Grade, Version};
use crate::codes::{Category, RelationKind};
use crate::decide::{Because, Decision, Party, Question, decide, for_any_purpose};
use crate::facet::{Facet, Facets};
use crate::holding::{Holding, Request};
use crate::policy::Policy;
use crate::recipient::Recipient;
use crate::record::View;
use crate::state::Standing;

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
    /// All that it holds must go, whatever it is; what it may hold after this comes anew.
    Erased {
        act: Version,
    },
    EntitlementStarted {
        categories: BTreeSet<Category>,
    },
    /// These categories may not be held any more, and these facets not be used although they are still on.
    EntitlementEnded {
        categories: BTreeSet<Category>,
        facets: Facets,
        why: Ended,
    },
    /// The content of these categories is new, or gone.
    Updated {
        categories: BTreeSet<Category>,
    },
    /// Send the data subject the link with which it confirms this grant.
    ConfirmationRequested {
        grant: Version,
        until: Timestamp,
    },
    /// The data subject confirmed: there is nothing to ask for any more.
    Confirmed {
        grant: Version,
    },
    /// Remind the data subject that its consent ends then.
    ReminderDue {
        until: Timestamp,
    },
}

/// Why a recipient may no longer hold a category, or use a facet that is on.
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
    RelationCapped,
    RegisterNotChecked,
}

/// What to tell a recipient that holds one thing and may now hold another; nothing where they agree.
pub fn changes(view: &View<'_>, recipient: &Recipient, before: &Holding, after: &Holding) -> Vec<Change> {
    if before.is_erased_by(after) {
        return erased(view, recipient, after);
    }
    let mut changes = Vec::new();
    let granted: Facets = after.facets.difference(&before.facets).cloned().collect();
    let entitled = after
        .categories
        .keys()
        .filter(|category| !before.categories.contains_key(*category));
    let entitled: BTreeSet<Category> = entitled.cloned().collect();
    let updated = after.categories.iter().filter(|(category, content)| {
        let held = before.categories.get(*category);
        held.is_some_and(|held| held != *content && !is_echo(view, recipient, category, *held))
    });
    let updated: BTreeSet<Category> = updated.map(|(category, _)| category.clone()).collect();

    changes.extend(switched_off(
        view,
        recipient,
        before.facets.difference(&after.facets),
    ));
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
    changes.extend(requested(view, before, after));
    changes
}

/// Whether this recipient told of the content itself, and held what was there before: it gets no echo (S13).
fn is_echo(view: &View<'_>, recipient: &Recipient, category: &Category, held: Option<Version>) -> bool {
    let written = view.state.profile.get(category);
    written.is_some_and(|written| told_by(view, recipient, &[written.by]) && held >= written.over)
}

/// Whether this recipient itself told of all these acts (S13).
fn told_by(view: &View<'_>, recipient: &Recipient, acts: &[Version]) -> bool {
    !acts.is_empty()
        && acts
            .iter()
            .all(|act| view.state.told_by.get(act) == Some(&recipient.id))
}

/// What a processor is newly asked to send, and what it need not ask for any more.
fn requested(view: &View<'_>, before: &Holding, after: &Holding) -> Vec<Change> {
    let new = after
        .requests
        .difference(&before.requests)
        .map(|request| match *request {
            Request::Confirmation { grant, until } => Change::ConfirmationRequested { grant, until },
            Request::Reminder { until } => Change::ReminderDue { until },
        });
    let answered = before
        .requests
        .difference(&after.requests)
        .filter_map(|request| match *request {
            Request::Confirmation { grant, .. } => {
                let confirmed = view
                    .state
                    .grants
                    .get(&grant)
                    .is_some_and(|grant| grant.grade == Grade::A);
                confirmed.then_some(Change::Confirmed { grant })
            }
            Request::Reminder { .. } => None,
        });
    answered.chain(new).collect()
}

/// What to tell a recipient of whom it is only known what it may hold: all that ends of it, and the whole of
/// what it may hold now.
pub fn changes_in_doubt(
    view: &View<'_>,
    recipient: &Recipient,
    may_hold: &Holding,
    after: &Holding,
) -> Vec<Change> {
    if may_hold.is_erased_by(after) {
        return erased(view, recipient, after);
    }
    let mut changes = switched_off(view, recipient, may_hold.facets.difference(&after.facets));
    changes.extend(ended(view, recipient, may_hold, after));
    changes.extend(anew(view, recipient, after));
    changes
}

/// What to tell a recipient that must forget whatever it holds: that, and what it may hold now.
fn erased(view: &View<'_>, recipient: &Recipient, after: &Holding) -> Vec<Change> {
    let erased = Change::Erased { act: after.erased };
    std::iter::once(erased)
        .chain(anew(view, recipient, after))
        .collect()
}

/// The whole of what a recipient may hold.
fn anew(view: &View<'_>, recipient: &Recipient, after: &Holding) -> Vec<Change> {
    let nothing = Holding {
        erased: after.erased,
        ..Holding::default()
    };
    changes(view, recipient, &nothing, after)
}

/// The facets that are off for everybody, by what switched them off. One that is still on has only ended for
/// this recipient, and [`ended`] says so.
fn switched_off<'a>(
    view: &View<'_>,
    recipient: &Recipient,
    gone: impl Iterator<Item = &'a Facet>,
) -> Vec<Change> {
    let (mut withdrawn, mut objected, mut lapsed) = (Facets::new(), Facets::new(), Facets::new());
    for facet in gone {
        let said = match view.state.standing(facet, view.at) {
            Standing::Active { .. } => continue,
            Standing::Withdrawn(mark) if told_by(view, recipient, &[mark.by]) => continue,
            Standing::Objected(_) => &mut objected,
            Standing::Lapsed { .. } => &mut lapsed,
            // An erasure takes everything away by itself.
            Standing::Withdrawn(_) | Standing::Never | Standing::Pending { .. } | Standing::Erased(_) => {
                &mut withdrawn
            }
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

/// The categories that may no longer be held, and the facets that may no longer be used although they are on, by
/// why. With the last category the facets go too, and need no words of their own.
fn ended(view: &View<'_>, recipient: &Recipient, before: &Holding, after: &Holding) -> Vec<Change> {
    let party = Party::Recipient(recipient);
    let unless_echo = |decision: &Decision| {
        let reason = decision.reasons.first();
        let is_echo = reason.is_some_and(|reason| told_by(view, recipient, reason.act.as_slice()));
        let because = reason.map_or(Because::NoConsent, |reason| reason.because);
        (!is_echo).then(|| why(because, view, before))
    };
    let mut by_reason: BTreeMap<Ended, (BTreeSet<Category>, Facets)> = BTreeMap::new();
    for category in before.categories.keys() {
        if !after.categories.contains_key(category)
            && let Some(why) = unless_echo(&for_any_purpose(view, party, category))
        {
            by_reason.entry(why).or_default().0.insert(category.clone());
        }
    }
    for facet in before.facets.difference(&after.facets) {
        if !after.categories.is_empty()
            && view.state.is_active(facet, view.at)
            && let Some(question) = Question::about(facet)
            && let Some(why) = unless_echo(&decide(view, party, &question))
        {
            by_reason.entry(why).or_default().1.insert(facet.clone());
        }
    }
    let ended = by_reason.into_iter();
    ended
        .map(|(why, (categories, facets))| Change::EntitlementEnded {
            categories,
            facets,
            why,
        })
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
        Because::RelationCapped => Ended::RelationCapped,
        Because::RegisterNotChecked => Ended::RegisterNotChecked,
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
        | Because::Erased
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
