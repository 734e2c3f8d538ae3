//! A party that may be told: what it is, and since when it may be told anything.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::codes::RecipientId;

/// What a recipient is, and so by which rules it is entitled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecipientKind {
    GroupCompany,
    Dealer,
    Processor,
}

/// In which role a recipient holds data (T12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    SeparateController,
    JointController,
    Processor,
}

/// The text names no kind, or no role, of recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotARecipient {
    #[error("not a kind of recipient: group-company, dealer or processor")]
    Kind,
    #[error("not a role of recipient: separate-controller, joint-controller or processor")]
    Role,
}

impl RecipientKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GroupCompany => "group-company",
            Self::Dealer => "dealer",
            Self::Processor => "processor",
        }
    }
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SeparateController => "separate-controller",
            Self::JointController => "joint-controller",
            Self::Processor => "processor",
        }
    }
}

impl FromStr for RecipientKind {
    type Err = NotARecipient;

    fn from_str(text: &str) -> Result<Self, NotARecipient> {
        [Self::GroupCompany, Self::Dealer, Self::Processor]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(NotARecipient::Kind)
    }
}

impl FromStr for Role {
    type Err = NotARecipient;

    fn from_str(text: &str) -> Result<Self, NotARecipient> {
        [Self::SeparateController, Self::JointController, Self::Processor]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(NotARecipient::Role)
    }
}

impl fmt::Display for RecipientKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A registered recipient, with the history that past answers depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub id: RecipientId,
    pub kind: RecipientKind,
    pub role: Role,
    /// Oldest first, never empty.
    pub history: Vec<Access>,
}

/// Whether a recipient may be told anything, from an instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    pub since: Timestamp,
    /// By the controller's dealer network (S07).
    pub authorised: bool,
    /// Sharing is a permission, not a duty (S14).
    pub sharing: bool,
}

impl Recipient {
    /// Its access as it stands, whatever the clocks of the hosts say.
    pub fn access_now(&self) -> Option<Access> {
        self.history.last().copied()
    }

    /// Its access at an instant; none before it was registered.
    pub fn access_at(&self, at: Timestamp) -> Option<Access> {
        self.history
            .iter()
            .rev()
            .find(|access| access.since <= at)
            .copied()
    }
}
