//! An act is one thing that happened to a data subject's consent, with the evidence for it.
//!
//! Acts are only ever added. Each carries two times: when it happened, and when it was learnt.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::codes::{
    Brand, Category, Channel, Language, NoticeId, RecipientId, RelationId, RelationKind, Source,
};
use crate::facet::Facets;
use crate::small_set::SmallSet;

/// Where an act stands in its chain: 1 is the first.
pub type Version = u32;

/// One act of a record. Only the steps of [`crate::record`] make a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub version: Version,
    pub what: What,
    /// When it happened; never after it was learnt.
    pub happened_at: Timestamp,
    /// When it was learnt: later than every act before it in the chain, whatever the hosts' clocks say.
    pub learnt_at: Timestamp,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The data subject agreed to these facets, having been shown a notice.
    Granted {
        facets: Facets,
        shown: Shown,
        /// The data subject is asked to confirm it, by way of the contact that it gave.
        to_be_confirmed: bool,
    },
    /// The data subject confirmed an earlier grant: a double opt-in.
    Confirmed {
        grant: Version,
    },
    /// Nobody confirmed a grant in time.
    ConfirmationLapsed {
        grant: Version,
    },
    /// The opposition register was looked at for a channel. An enrolment revokes earlier consents.
    RegisterChecked {
        channel: Channel,
        enrolled: bool,
    },
    /// The last look at the register is older than a notice lets it be. Announces what every decision already
    /// knows.
    RegisterCheckOutdated {
        channel: Channel,
    },
    /// A consent is about to end, and the data subject is to be reminded.
    ReminderDue {
        until: Timestamp,
    },
    /// The data subject, or someone it told, withdrew these facets.
    Withdrawn {
        facets: Facets,
    },
    /// The data subject objected to direct marketing (GDPR 21(2)).
    Objected,
    /// The validity of these facets ended. Announces what every decision already knows.
    Lapsed {
        facets: Facets,
    },
    /// The data subject and a dealer are tied, or the facts of their tie changed.
    RelationStarted {
        relation: Relation,
        delivered_on: Option<Date>,
        /// Every other relation of this kind ends with it (S08).
        exclusive: bool,
    },
    RelationEnded {
        relation: Relation,
    },
    /// The period after a delivery ended (S19). Announces what every decision already knows.
    DeliveryPeriodEnded {
        relation: Relation,
    },
    /// A relation was not renewed for as long as the policy lets it entitle (T8). Announces what every
    /// decision already knows.
    RelationCapped {
        relation: Relation,
    },
    /// The profile's content changed; the content itself lies outside the chain.
    ProfileUpdated {
        written: SmallSet<Category>,
        cleared: SmallSet<Category>,
        source: Source,
    },
    /// The content of these categories was kept as long as it may be, and is deleted (T4).
    RetentionEnded {
        categories: SmallSet<Category>,
    },
    /// All that identifies the data subject was deleted (GDPR 17); what it had agreed to stays proven.
    Erased,
}

/// What ties a data subject to a dealer: one vehicle or contract, one kind, one dealer (T11).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relation {
    pub recipient: RecipientId,
    pub kind: RelationKind,
    pub id: RelationId,
}

/// The exact words that stated purposes and scope (S03).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub notice: NoticeId,
    pub version: u32,
    pub language: Language,
    /// The hash of the words in that language.
    pub hash: Arc<str>,
}

/// How an act came in, and how good the proof of it is. What identifies lies outside the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub via: Via,
    pub grade: Grade,
    pub brand: Option<Brand>,
    /// The recipient that told the system, and so need not be told (S13).
    pub told_by: Option<RecipientId>,
}

/// Who told the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    Form,
    Dealer,
    Staff,
    Import,
    /// The data subject's own online account (S08).
    Account,
    /// A recipient, as itself (S13).
    Recipient,
    /// A back end of the controller that does not say where it has it from.
    Service,
    /// The system itself: a schedule.
    System,
}

impl What {
    /// The tie to a dealer that it is about, where it is about one.
    pub fn relation(&self) -> Option<&Relation> {
        if let Self::RelationStarted { relation, .. }
        | Self::RelationEnded { relation }
        | Self::DeliveryPeriodEnded { relation }
        | Self::RelationCapped { relation } = self
        {
            Some(relation)
        } else {
            None
        }
    }

    /// Whether the data subject, or a register on its behalf, takes something back or is no longer tied.
    pub fn takes_back(&self) -> bool {
        match self {
            Self::Withdrawn { .. }
            | Self::Objected
            | Self::Erased
            | Self::RegisterChecked { enrolled: true, .. }
            | Self::RelationEnded { .. } => true,
            Self::Granted { .. }
            | Self::Confirmed { .. }
            | Self::ConfirmationLapsed { .. }
            | Self::RegisterChecked { enrolled: false, .. }
            | Self::RegisterCheckOutdated { .. }
            | Self::ReminderDue { .. }
            | Self::Lapsed { .. }
            | Self::RelationStarted { .. }
            | Self::DeliveryPeriodEnded { .. }
            | Self::RelationCapped { .. }
            | Self::ProfileUpdated { .. }
            | Self::RetentionEnded { .. } => false,
        }
    }
}

/// How good the proof of an act is; the better the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// None.
    D,
    /// Staff or paper, with a reference.
    C,
    /// A signed-in person.
    B,
    /// A double opt-in.
    A,
}

/// The text names no grade, or no way for an act to come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a grade or source of evidence")]
pub struct NotEvidence;

impl Evidence {
    /// How an act came in, and how good its proof is; nothing more is known.
    pub fn of(via: Via, grade: Grade) -> Self {
        Self {
            via,
            grade,
            brand: None,
            told_by: None,
        }
    }

    /// What the system itself writes down.
    pub fn of_the_system() -> Self {
        Self::of(Via::System, Grade::D)
    }
}

impl Grade {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        }
    }
}

impl Via {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Dealer => "dealer",
            Self::Staff => "staff",
            Self::Import => "import",
            Self::Account => "account",
            Self::Recipient => "recipient",
            Self::Service => "service",
            Self::System => "system",
        }
    }
}

impl FromStr for Grade {
    type Err = NotEvidence;

    fn from_str(text: &str) -> Result<Self, NotEvidence> {
        [Self::A, Self::B, Self::C, Self::D]
            .into_iter()
            .find(|grade| grade.as_str() == text)
            .ok_or(NotEvidence)
    }
}

impl FromStr for Via {
    type Err = NotEvidence;

    fn from_str(text: &str) -> Result<Self, NotEvidence> {
        let all = [
            Self::Form,
            Self::Dealer,
            Self::Staff,
            Self::Import,
            Self::Account,
            Self::Recipient,
            Self::Service,
            Self::System,
        ];
        all.into_iter()
            .find(|via| via.as_str() == text)
            .ok_or(NotEvidence)
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an act stands among the others of its record: by when it happened; on a tie what takes away
/// comes after what gives, and so wins; then by version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    pub happened_at: Timestamp,
    pub takes_away: bool,
    pub version: Version,
}

impl Act {
    /// The words that were shown, where some were.
    pub fn shown(&self) -> Option<&Shown> {
        if let What::Granted { shown, .. } = &self.what {
            Some(shown)
        } else {
            None
        }
    }

    /// The facets that were agreed to, where some were.
    pub fn granted(&self) -> Option<&Facets> {
        if let What::Granted { facets, .. } = &self.what {
            Some(facets)
        } else {
            None
        }
    }

    /// The grant that it confirms, where it does.
    pub fn confirms(&self) -> Option<Version> {
        if let What::Confirmed { grant } = self.what {
            Some(grant)
        } else {
            None
        }
    }

    /// The facets that it names.
    pub fn facets(&self) -> &Facets {
        static NONE: Facets = Facets::new();

        match &self.what {
            What::Granted { facets, .. } | What::Withdrawn { facets } | What::Lapsed { facets } => facets,
            What::Confirmed { .. }
            | What::ConfirmationLapsed { .. }
            | What::RegisterChecked { .. }
            | What::RegisterCheckOutdated { .. }
            | What::ReminderDue { .. }
            | What::Objected
            | What::Erased
            | What::RelationStarted { .. }
            | What::RelationEnded { .. }
            | What::DeliveryPeriodEnded { .. }
            | What::RelationCapped { .. }
            | What::ProfileUpdated { .. }
            | What::RetentionEnded { .. } => &NONE,
        }
    }

    pub fn order(&self) -> Order {
        let takes_away = match &self.what {
            What::Granted { .. }
            | What::Confirmed { .. }
            | What::ReminderDue { .. }
            | What::RelationStarted { .. }
            | What::ProfileUpdated { .. } => false,
            What::Withdrawn { .. }
            | What::Objected
            | What::Erased
            | What::RegisterChecked { .. }
            | What::RegisterCheckOutdated { .. }
            | What::ConfirmationLapsed { .. }
            | What::Lapsed { .. }
            | What::RelationEnded { .. }
            | What::DeliveryPeriodEnded { .. }
            | What::RelationCapped { .. }
            | What::RetentionEnded { .. } => true,
        };
        Order {
            happened_at: self.happened_at,
            takes_away,
            version: self.version,
        }
    }
}
