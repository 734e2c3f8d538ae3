//! How one facet is switched.

use crate::act::Version;
use crate::state::Mark;

/// One facet's position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    On {
        grant: Version,
    },
    /// Granted, with less evidence than the policy wants: grants nothing.
    Pending {
        grant: Version,
    },
    Off {
        mark: Mark,
        why: Off,
    },
}

/// What switched a facet off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    Withdrawn,
    Objected,
    Erased,
    Lapsed,
}

impl Switch {
    /// The act that put it there.
    pub(super) fn act(&self) -> Version {
        match self {
            Self::On { grant } | Self::Pending { grant } => *grant,
            Self::Off { mark, .. } => mark.by,
        }
    }
}
