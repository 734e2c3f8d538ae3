//! The consents that a question can stand on.

use crate::act::Version;
use crate::facet::Facet;
use crate::policy::Policy;
use crate::record::View;
use crate::state::{Grant, Standing};

use super::{Because, Question, Reason};

/// A contact consent that is active, and the policy that it pins.
#[derive(Clone, Copy)]
pub(super) struct Consent<'a> {
    pub(super) by: Version,
    pub(super) grant: &'a Grant,
    pub(super) policy: &'a Policy,
}

/// The active consents for this purpose, over this channel or any: those that hold longest first.
pub(super) fn consents<'a>(view: &'a View<'_>, question: &Question) -> Result<Vec<Consent<'a>>, Reason> {
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
    for (_, switch) in view.state.facets.iter().filter(|(facet, _)| asked(facet)) {
        match stood_on(view, view.state.stands(*switch, view.at)) {
            Ok(consent) if found.iter().any(|other| other.by == consent.by) => {}
            Ok(consent) => found.push(consent),
            Err(reason) => missing = missing.or(Some(reason)),
        }
    }
    if found.is_empty() {
        return Err(missing.unwrap_or_else(|| not_selected(view).into()));
    }
    found.sort_by_key(|consent| std::cmp::Reverse(consent.grant.until));
    Ok(found)
}

/// Nobody was ever asked for this purpose and channel: whether for any other.
fn not_selected(view: &View<'_>) -> Because {
    let contact = |facet: &Facet| matches!(facet, Facet::Contact(..));
    let mut facets = view.state.facets.keys();
    if facets.any(|facet| contact(facet) && view.state.is_active(facet, view.at)) {
        Because::ChannelNotSelected
    } else {
        Because::NoConsent
    }
}

/// The consent that a facet stands on, or why there is none.
pub(super) fn active<'a>(view: &'a View<'_>, facet: &Facet) -> Result<Consent<'a>, Reason> {
    stood_on(view, view.state.standing(facet, view.at))
}

fn stood_on<'a>(view: &'a View<'_>, standing: Standing<'a>) -> Result<Consent<'a>, Reason> {
    match standing {
        Standing::Active { by, grant } => match view.policies.shown(&grant.shown) {
            Some(policy) => Ok(Consent { by, grant, policy }),
            None => Err(Because::NoticeNotStored.relying_on(by)),
        },
        Standing::Never => Err(Because::NoConsent.into()),
        Standing::Pending { by } => Err(known(view, by, Because::NotConfirmed)),
        Standing::Withdrawn(mark) => Err(Because::Withdrawn.relying_on(mark.by)),
        Standing::Objected(mark) => Err(Because::Objected.relying_on(mark.by)),
        Standing::Erased(mark) => Err(Because::Erased.relying_on(mark.by)),
        Standing::Lapsed { by, .. } => Err(known(view, by, Because::Lapsed)),
    }
}

/// Why a grant has no effect, unless its notice is not stored: then nobody can say which proof it asks for, or
/// until when it holds (S03).
fn known(view: &View<'_>, by: Version, otherwise: Because) -> Reason {
    let pinned = view.state.grants.get(&by);
    let stored = pinned.is_none_or(|grant| view.policies.shown(&grant.shown).is_some());
    let because = if stored {
        otherwise
    } else {
        Because::NoticeNotStored
    };
    because.relying_on(by)
}
