//! What is said of a form that is yet to be confirmed: the same for a visitor who is known and one who is not, for
//! anybody can send it.

use domain::act::Act;
use platform::http::{self, Answer, Status};
use platform::store::Change;
use platform::wire::Instant;
use serde::Serialize;

#[derive(Serialize)]
struct Told {
    subject: String,
    /// What was written down.
    facets: Vec<String>,
    /// Nothing is granted until the visitor confirms, and nothing is if it has not by then.
    confirm_until: Option<String>,
    /// Where the visitor sees it, and takes it back: a path of this system.
    preferences: String,
}

pub(crate) fn answer(change: &Change, preferences: String) -> Answer {
    let unconfirmed = &change.record.state().unconfirmed;
    let until = change.act.as_ref().and_then(|act| unconfirmed.get(&act.version));
    let granted = change.act.as_ref().and_then(Act::granted);
    let told = Told {
        subject: change.record.subject.to_string(),
        confirm_until: until.map(|until| Instant(*until).to_string()),
        facets: granted.into_iter().flatten().map(ToString::to_string).collect(),
        preferences,
    };
    http::json(Status::ACCEPTED, &told)
}
