//! What becomes of an e-mail interaction: kept for the person, only counted, or dropped.
//!
//! ```text
//!                      consent to the mail   consent to tracking,   consent to tracking,
//!                      when it was sent      when it happened       now
//!   kept and counted          yes                   yes                   yes
//!   only counted              yes                 any other
//!   dropped                   no
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::act::Version;
use crate::address::Address;
use crate::codes::{Category, Channel, Field, NotACode, Purpose, Target};
use crate::decide::{Decision, Party, Question, decide, for_any_purpose};
use crate::facet::Facet;
use crate::policy::{Origin, Policies};
use crate::record::{AHEAD_MAX, Record, View, When};
use crate::state::Switch;

/// The one channel that the system knows by name: it is what interactions come over.
pub const EMAIL: &str = "email";

/// What happened to an e-mail. Nothing else is ever taken in (S46).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Delivered,
    BouncedTemporary,
    BouncedPermanent,
    LinkClicked,
    ContentClicked,
}

/// An interaction as far as a rule looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interaction {
    pub kind: Kind,
    /// When the mail was sent; not after the interaction.
    pub sent_at: Timestamp,
    pub at: Timestamp,
}

/// What becomes of an interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Stored for the person as this field of this category until then, and counted.
    Kept {
        category: Category,
        field: Field,
        until: Timestamp,
    },
    /// Counted, with nothing that leads to the person.
    Counted,
    Dropped,
}

/// What a campaign's statistics count recipients of: one kind of interaction, or a kind with one target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub kind: Kind,
    pub target: Option<Target>,
}

/// Decide on one interaction with a mail for this purpose, by when it happened and not by when we learn of it
/// (S45, S48). Needs the whole chain; what cannot be decided is dropped.
pub fn fate(
    record: &Record,
    policies: &Policies,
    purpose: &Purpose,
    interaction: &Interaction,
    now: Timestamp,
) -> Fate {
    let Interaction { kind, sent_at, at } = interaction;
    let then = |at| When::At {
        at,
        known_at: Timestamp::MAX,
    };
    let ahead = at.duration_since(now) > AHEAD_MAX;
    let mail = |when| allowed(record, policies, purpose, None, when);
    if ahead || mail(then(*sent_at)).is_none() {
        return Fate::Dropped;
    }
    let Some((category, field)) = tracked(policies, *kind) else {
        return Fate::Counted;
    };
    let tracking = |when| allowed(record, policies, purpose, Some(&category), when);
    let (Some(decision), Some(_)) = (tracking(then(*at)), tracking(When::Now(now))) else {
        return Fate::Counted;
    };
    let pinned = decision
        .policy
        .and_then(|(notice, version)| policies.find(&notice, version));
    let terms = pinned.and_then(|policy| policy.categories.get(&category));
    let until = terms
        .filter(|terms| terms.fields.contains(&field))
        .and_then(|_| policies.kept_until(record.state(), &category, *at));
    match until {
        Some(until) if until > now => Fate::Kept {
            category,
            field,
            until,
        },
        Some(_) | None => Fate::Counted,
    }
}

/// The decision that allows the controller to send e-mail for a purpose, or to track what becomes of it.
fn allowed(
    record: &Record,
    policies: &Policies,
    purpose: &Purpose,
    category: Option<&Category>,
    when: When,
) -> Option<Decision> {
    let question = Question {
        purpose: purpose.clone(),
        channel: Some(email()?),
        category: category.cloned(),
    };
    let decision = decide(&record.view(policies, when)?, Party::Controller, &question);
    decision.allowed.then_some(decision)
}

/// The categories that tracking fills.
pub fn tracking(policies: &Policies) -> BTreeSet<&Category> {
    let categories = policies.iter().flat_map(|policy| &policy.categories);
    let tracking = categories.filter(|(_, terms)| terms.origin == Origin::Tracking);
    tracking.map(|(category, _)| category).collect()
}

/// The categories to which one of these acts has ended the consent, so that what was tracked must go (S45). What
/// tracking wrote is in no act, so no act takes it away by itself.
pub fn ended_by<'a>(view: &View<'a>, acts: &BTreeSet<Version>) -> BTreeSet<&'a Category> {
    let about_it = |facet: &Facet| match facet {
        Facet::Contact(_, channel) => channel.as_str() == EMAIL,
        Facet::Profiling => true,
        Facet::Sharing(_) | Facet::Separate(_) => false,
    };
    let ended = |switch: &Switch| matches!(switch, Switch::Off { mark, .. } if acts.contains(&mark.by));
    let mut facets = view.state.facets.iter();
    if !facets.any(|(facet, switch)| about_it(facet) && ended(switch)) {
        return BTreeSet::new();
    }
    let mut tracking = tracking(view.policies);
    tracking.retain(|category| !for_any_purpose(view, Party::Controller, category).allowed);
    tracking
}

/// The category that tracking fills, and the field of it that this kind is.
fn tracked(policies: &Policies, kind: Kind) -> Option<(Category, Field)> {
    let mut categories = policies.iter().flat_map(|policy| &policy.categories);
    let (category, _) = categories.find(|(_, terms)| terms.origin == Origin::Tracking)?;
    let field = kind.field()?.parse().ok()?;
    Some((category.clone(), field))
}

fn email() -> Option<Channel> {
    EMAIL.parse().ok()
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Delivered,
        Self::BouncedTemporary,
        Self::BouncedPermanent,
        Self::LinkClicked,
        Self::ContentClicked,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::BouncedTemporary => "bounced-temporary",
            Self::BouncedPermanent => "bounced-permanent",
            Self::LinkClicked => "link-clicked",
            Self::ContentClicked => "content-clicked",
        }
    }

    /// The field of the tracking category; none for a bounce, which says something of the address alone.
    fn field(self) -> Option<&'static str> {
        match self {
            Self::Delivered => Some("receipt"),
            Self::LinkClicked => Some("link-click"),
            Self::ContentClicked => Some("content-click"),
            Self::BouncedTemporary | Self::BouncedPermanent => None,
        }
    }

    /// What it says of the address. A click says nothing new: its mail had arrived.
    pub fn address(self) -> Option<Address> {
        match self {
            Self::Delivered => Some(Address::Reached),
            Self::BouncedTemporary => Some(Address::UndeliverableTemporary),
            Self::BouncedPermanent => Some(Address::UndeliverablePermanent),
            Self::LinkClicked | Self::ContentClicked => None,
        }
    }
}

/// The text is none of the known words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a word that no interaction has")]
pub struct NotAnInteraction;

impl FromStr for Kind {
    type Err = NotAnInteraction;

    fn from_str(text: &str) -> Result<Self, NotAnInteraction> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or(NotAnInteraction)
    }
}

/// Written `link-clicked`, or `link-clicked/hero`.
impl FromStr for Cell {
    type Err = NotAnInteraction;

    fn from_str(text: &str) -> Result<Self, NotAnInteraction> {
        let (kind, target) = match text.split_once('/') {
            Some((kind, target)) => (kind, Some(target)),
            None => (text, None),
        };
        let target = target.map(str::parse).transpose();
        Ok(Self {
            kind: kind.parse()?,
            target: target.map_err(|_: NotACode| NotAnInteraction)?,
        })
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        match &self.target {
            Some(target) => write!(f, "/{target}"),
            None => Ok(()),
        }
    }
}
