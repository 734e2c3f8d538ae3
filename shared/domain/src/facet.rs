//! A facet is one switch of a data subject's consent.

use std::fmt;
use std::str::FromStr;

use crate::codes::{Channel, Purpose, Separate};
use crate::recipient::RecipientKind;
use crate::small_set::SmallSet;

/// One switch. Written `marketing/email`, `profiling`, `sharing/dealer`, `separate/vehicle-usage`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// Being contacted for a purpose over a channel (S30).
    Contact(Purpose, Channel),
    /// Having an individual profile built (S32).
    Profiling,
    /// Having data shared with recipients of a kind (S05).
    Sharing(RecipientKind),
    /// A consent of its own beside the promotional one (S37 to S39).
    Separate(Separate),
}

pub type Facets = SmallSet<Facet>;

/// The text names no facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a facet: write purpose/channel, profiling, sharing/kind or separate/name")]
pub struct NotAFacet;

impl Facet {
    /// Whether it lets a recipient of this kind have data: a share does, and what is sent over a channel is sent by
    /// processors.
    pub fn lets(&self, kind: RecipientKind) -> bool {
        match self {
            Self::Sharing(its) => *its == kind,
            Self::Contact(..) => kind == RecipientKind::Processor,
            Self::Profiling | Self::Separate(_) => false,
        }
    }

    /// Whether an objection is about this facet, and agreeing to it lifts one; the separate consents stand
    /// apart (S41).
    pub fn is_promotional(&self) -> bool {
        match self {
            Self::Contact(..) | Self::Profiling | Self::Sharing(_) => true,
            Self::Separate(_) => false,
        }
    }
}

impl FromStr for Facet {
    type Err = NotAFacet;

    fn from_str(text: &str) -> Result<Self, NotAFacet> {
        match text.split_once('/') {
            None if text == "profiling" => Ok(Self::Profiling),
            None => Err(NotAFacet),
            Some(("sharing", kind)) => kind.parse().map(Self::Sharing).map_err(|_| NotAFacet),
            Some(("separate", name)) => name.parse().map(Self::Separate).map_err(|_| NotAFacet),
            Some((purpose, channel)) => Ok(Self::Contact(
                purpose.parse().map_err(|_| NotAFacet)?,
                channel.parse().map_err(|_| NotAFacet)?,
            )),
        }
    }
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contact(purpose, channel) => write!(f, "{purpose}/{channel}"),
            Self::Profiling => f.write_str("profiling"),
            Self::Sharing(kind) => write!(f, "sharing/{kind}"),
            Self::Separate(name) => write!(f, "separate/{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_facet_reads_back_as_it_is_written() {
        for text in [
            "marketing/email",
            "profiling",
            "sharing/dealer",
            "separate/vehicle-usage",
        ] {
            assert_eq!(text.parse::<Facet>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "marketing",
            "sharing/anyone",
            "separate/",
            "/email",
            "a/b/c",
            "Marketing/email",
        ] {
            assert!(bad.parse::<Facet>().is_err(), "{bad}");
        }
    }
}
