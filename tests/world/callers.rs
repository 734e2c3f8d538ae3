//! Who calls: each with a real token of the runner's issuer, and nobody with none.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use local::issuer::{self, Bearer};

/// One of the scopes of the template, with what its token says besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller<'a> {
    Nobody,
    Site,
    Service,
    Staff,
    /// A recipient, as itself.
    Partner(&'a str),
    /// A data subject, by the controller's own id or its pseudonym.
    Subject(&'a str),
    Statistics,
    Auditor,
}

/// The newest token of each caller: a signature takes a millisecond, and the clock seldom moves.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<(String, String), (Timestamp, String)>>);

impl Caller<'_> {
    pub fn scope(self) -> &'static str {
        match self {
            Self::Nobody => "",
            Self::Site => "site",
            Self::Service => "service",
            Self::Staff => "staff",
            Self::Partner(_) => "partner",
            Self::Subject(_) => "subject",
            Self::Statistics => "statistics",
            Self::Auditor => "auditor",
        }
    }

    fn bearer(self) -> Bearer {
        let scope = self.scope().to_owned();
        let (recipient, subject) = match self {
            Self::Partner(recipient) => (Some(recipient.to_owned()), None),
            Self::Subject(subject) => (None, Some(subject.to_owned())),
            Self::Nobody | Self::Site | Self::Service | Self::Staff | Self::Statistics | Self::Auditor => {
                (None, None)
            }
        };
        Bearer {
            scope,
            recipient,
            subject,
        }
    }
}

impl Tokens {
    /// A token that is good now, and was an hour ago: hosts' clocks differ, and a test may move the clock back
    /// while a request is on its way.
    pub(super) fn of(&self, caller: Caller<'_>, now: Timestamp) -> Option<String> {
        if caller == Caller::Nobody {
            return None;
        }
        let bearer = caller.bearer();
        let name = bearer.recipient.clone().or(bearer.subject.clone());
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = tokens
            .entry((bearer.scope.clone(), name.unwrap_or_default()))
            .or_default();
        let age = now.duration_since(newest.0);
        if newest.1.is_empty() || age.is_negative() || age >= issuer::LIFETIME / 2 {
            let issued = now - SignedDuration::from_hours(1);
            *newest = (now, issuer::token(&bearer, issued).expect("a token"));
        }
        Some(newest.1.clone())
    }
}
