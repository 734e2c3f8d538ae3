//! The rules of one notice version, as data.
//!
//! A [`Policy`] is what a notice promised: who the controller is, which purposes and channels exist,
//! who may get which category under which condition, and for how long. The crate `policies` reads it
//! from a document and refuses an incomplete one; the domain only looks things up in it.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use jiff::Span;
use jiff::tz::TimeZone;

use crate::act::Grade;
use crate::codes::{
    Brand, Category, Channel, Control, Field, Language, NoticeId, Purpose, RecipientId, RelationKind,
    Separate, Source,
};
use crate::dates::Supersedes;
use crate::facet::{Facet, Facets};
use crate::recipient::{RecipientKind, Role};
use crate::small_map::SmallMap;

pub use policies::Policies;

mod policies;
mod time;

/// What one version of a notice said, and so what its consents mean.
#[derive(Debug, Clone)]
pub struct Policy {
    pub notice: NoticeId,
    pub version: u32,
    /// The language that it speaks where none was asked for.
    pub language: Language,
    /// Whose midnight counts, such as `Europe/Rome` (T5).
    pub zone: TimeZone,
    pub controller: Party,
    pub purposes: SmallMap<Purpose, PurposeTerms>,
    pub channels: SmallMap<Channel, ChannelTerms>,
    /// The separate consents (S40) and what each is shown as.
    pub separate: BTreeMap<Separate, Words>,
    pub categories: SmallMap<Category, CategoryTerms>,
    /// The closed list of group companies and processors (S04, S49).
    pub standing: BTreeMap<RecipientId, Standing>,
    pub relations: SmallMap<RelationKind, RelationTerms>,
    /// Who gets which category, and on what condition; what is not listed is denied (T2).
    pub audiences: SmallMap<Audience, SmallMap<Category, Condition>>,
    /// What a form shows as one thing to tick (T1).
    pub controls: BTreeMap<Control, ControlTerms>,
    pub evidence: EvidenceTerms,
    pub terms: Terms,
    /// Whose consents take their dates from here as well, and from which day on.
    pub supersedes: Option<Supersedes>,
    pub brands: BTreeMap<Brand, BrandTerms>,
    /// The allowed sources of profile data (S35).
    pub sources: BTreeMap<Source, Words>,
    /// Which of them each may name who tells of data; whoever is not here may name none (S35).
    pub named_by: BTreeMap<TellerKind, BTreeSet<Source>>,
    /// The detailed data list that the notice links (S44).
    pub data_list: DataList,
    pub texts: SmallMap<Language, Text>,
}

/// A party with a name and an address, as the notice states them (S02, S04).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub name: String,
    pub address: String,
}

/// What somebody is who tells of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TellerKind {
    Subject,
    Staff,
    Service,
    Recipient(RecipientKind),
}

/// The text names nobody who tells of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody who tells of data")]
pub struct NotATeller;

impl FromStr for TellerKind {
    type Err = NotATeller;

    fn from_str(text: &str) -> Result<Self, NotATeller> {
        match text {
            "subject" => Ok(Self::Subject),
            "staff" => Ok(Self::Staff),
            "service" => Ok(Self::Service),
            recipient => recipient.parse().map(Self::Recipient).map_err(|_| NotATeller),
        }
    }
}

/// What people are shown, by language.
pub type Words = BTreeMap<Language, String>;

#[derive(Debug, Clone)]
pub struct PurposeTerms {
    pub title: Words,
    /// The message types that a campaign for this purpose may declare (S29).
    pub message_types: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub struct ChannelTerms {
    pub title: Words,
    pub class: ChannelClass,
    /// How many days old a check of the opposition register may be; `None`: none is needed.
    pub register_check_days: Option<u32>,
}

/// The two classes of Codice Privacy 130.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelClass {
    Automated,
    Traditional,
}

#[derive(Debug, Clone)]
pub struct CategoryTerms {
    /// The number that the rules know it by: `K1` to `K14`.
    pub number: String,
    pub title: Words,
    pub origin: Origin,
    /// The fields that the detailed data list names; no other is taken.
    pub fields: BTreeSet<Field>,
    /// How long content is kept: a clock of its own, apart from the consent's (T4).
    pub retention: Span,
}

/// Where a category's content lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the profile, written by a profile update.
    Profile,
    /// In the record itself: the promotional consent.
    Record,
    /// In e-mail tracking: only interactions put it there.
    Tracking,
}

/// A group company or a processor that the notice names.
#[derive(Debug, Clone)]
pub struct Standing {
    pub kind: RecipientKind,
    pub role: Role,
    pub party: Party,
}

#[derive(Debug, Clone)]
pub struct RelationTerms {
    pub title: Words,
    /// Starting one ends every other of its kind (S08, S20).
    pub exclusive: bool,
    /// It entitles only while none of these relations is active, to any dealer (S20, T6, T7).
    pub only_without: BTreeSet<RelationKind>,
    /// Whether it may carry a delivery date (S18).
    pub delivery: bool,
    /// The longest that it entitles without renewal; the source notice sets no limit (T8).
    pub cap: Option<Span>,
}

impl RelationTerms {
    /// Whether it counts only where nothing better does, as the local partner's (S20).
    pub fn is_fallback(&self) -> bool {
        !self.only_without.is_empty()
    }
}

/// Who stands on the other side of a cell of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// The controller's own individual profile.
    Profile,
    GroupCompany,
    Processor,
    /// A dealer, by what ties the data subject to it.
    Relation(RelationKind),
}

impl Audience {
    /// Whether a recipient of this kind can be this audience.
    pub fn is_of(&self, kind: RecipientKind) -> bool {
        match self {
            Self::Profile => false,
            Self::GroupCompany => kind == RecipientKind::GroupCompany,
            Self::Processor => kind == RecipientKind::Processor,
            Self::Relation(_) => kind == RecipientKind::Dealer,
        }
    }
}

/// When a cell of the matrix allows. All parts that are set must hold.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    /// This separate consent is active (S37 to S39, S42).
    pub separate: Option<Separate>,
    /// The contact facet for this channel is active (S45).
    pub channel: Option<Channel>,
    /// A delivery under the relation is at most this long ago (S17 to S19).
    pub since_delivery: Option<Span>,
}

#[derive(Debug, Clone)]
pub struct ControlTerms {
    pub title: Words,
    /// Purposes that the control grants, over each channel that is selected with it.
    pub purposes: BTreeSet<Purpose>,
    /// Facets that it grants whatever channels are selected.
    pub facets: Facets,
}

/// How good the evidence for a facet must be; below it an act is kept as pending and grants nothing.
#[derive(Debug, Clone)]
pub struct EvidenceTerms {
    pub needed: Grade,
    pub by_facet: SmallMap<Facet, Grade>,
}

#[derive(Debug, Clone)]
pub struct Terms {
    /// How long a consent holds, from when it happened (T4).
    pub validity: Span,
    /// How long before the end the reminder is due.
    pub reminder: Span,
    /// How long a confirmation may be outstanding.
    pub confirmation: Span,
    /// Within which time a recipient must have acknowledged a withdrawal.
    pub withdrawal_deadline: Span,
    /// The smallest count that statistics may show (S52).
    pub smallest_cell: u32,
    /// How the data subject withdraws, in words (T4).
    pub withdrawal_method: Words,
    /// The rights that the data subject is told of, as article numbers of the GDPR.
    pub rights: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub struct BrandTerms {
    pub name: String,
    /// The cookie policy that this brand links (S53).
    pub cookie_policy: String,
    /// The websites that may embed its form.
    pub sites: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub struct DataList {
    pub url: String,
    pub version: String,
    /// SHA-256 of the list as it was linked, in base64url.
    pub hash: String,
}

/// The words of the notice in one language.
#[derive(Debug, Clone)]
pub struct Text {
    pub title: String,
    pub body: String,
    /// SHA-256 over all that is shown in this language, in base64url: what a consent pins (S03).
    pub hash: Arc<str>,
}

impl Policy {
    /// The languages that this notice is written in.
    pub fn languages(&self) -> Vec<&str> {
        self.texts.keys().map(Language::as_str).collect()
    }

    /// Every facet that this notice offers.
    pub fn facets(&self) -> Facets {
        let contact = self.purposes.keys().flat_map(|purpose| {
            self.channels
                .keys()
                .map(|channel| Facet::Contact(purpose.clone(), channel.clone()))
        });
        let separate = self.separate.keys().cloned().map(Facet::Separate);
        let sharing = [RecipientKind::GroupCompany, RecipientKind::Dealer].map(Facet::Sharing);
        contact
            .chain(separate)
            .chain(sharing)
            .chain([Facet::Profiling])
            .collect()
    }

    pub fn offers(&self, facet: &Facet) -> bool {
        match facet {
            Facet::Contact(purpose, channel) => {
                self.purposes.contains_key(purpose) && self.channels.contains_key(channel)
            }
            Facet::Profiling => true,
            Facet::Sharing(kind) => *kind != RecipientKind::Processor,
            Facet::Separate(name) => self.separate.contains_key(name),
        }
    }

    /// The evidence that this facet needs.
    pub fn grade_needed(&self, facet: &Facet) -> Grade {
        self.evidence
            .by_facet
            .get(facet)
            .copied()
            .unwrap_or(self.evidence.needed)
    }
}
