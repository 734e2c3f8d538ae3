//! What is said of a capture that is yet to be confirmed: the same for somebody who is known and somebody who
//! is not, for anybody can send it.

use platform::http::{self, Answer, Status};
use platform::store::Change;
use platform::wire::Instant;
use serde::Serialize;

#[derive(Serialize)]
struct Told {
    subject: String,
    /// Nothing is granted until the visitor confirms, and nothing is if it has not by then.
    confirm_until: Option<String>,
}

pub(crate) fn answer(change: &Change) -> Answer {
    let unconfirmed = &change.record.state().unconfirmed;
    let until = change.act.as_ref().and_then(|act| unconfirmed.get(&act.version));
    let told = Told {
        subject: change.record.subject.to_string(),
        confirm_until: until.map(|until| Instant(*until).to_string()),
    };
    http::json(Status::ACCEPTED, &told)
}
