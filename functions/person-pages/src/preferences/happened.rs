//! What the page says once a button was pressed. The browser is sent there with a word in the query, which is
//! taken for no more than a wish to be told: the record says whether it is true.

use domain::act::What;
use domain::record::Record;
use jiff::{SignedDuration, Timestamp};
use platform::http::{self, Problem, Request};

use crate::speech::Speech;

/// What is older has not just happened.
const JUST_NOW: SignedDuration = SignedDuration::from_hours(1);

/// What a button did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Withdrawn,
    Granted,
    /// Written down, and to be confirmed.
    Pending,
}

impl Done {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Granted => "granted",
            Self::Pending => "pending",
        }
    }
}

/// What has just happened, if the newest act bears out what the query says.
pub(super) fn happened(
    speech: &Speech,
    record: &Record,
    now: Timestamp,
    request: &Request,
) -> Result<Option<&'static str>, Problem> {
    let said: Option<String> = http::query(request, "done")?;
    let words = speech.words;
    Ok(newest(record, now)
        .filter(|done| said.as_deref() == Some(done.as_str()))
        .map(|done| match done {
            Done::Withdrawn => words.withdrawn_now,
            Done::Granted => words.granted_now,
            Done::Pending => words.pending_now,
        }))
}

/// What the newest act did, if it is new and one that the buttons of the page can do.
fn newest(record: &Record, now: Timestamp) -> Option<Done> {
    let act = record.acts()?.last()?;
    if now.duration_since(act.learnt_at) >= JUST_NOW {
        return None;
    }
    if let What::Granted { to_be_confirmed, .. } = act.what {
        let asked = record.state().unconfirmed.contains_key(&act.version);
        return match (to_be_confirmed, asked) {
            (false, _) => Some(Done::Granted),
            (true, true) => Some(Done::Pending),
            (true, false) => None,
        };
    }
    matches!(act.what, What::Withdrawn { .. }).then_some(Done::Withdrawn)
}
