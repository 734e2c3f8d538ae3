//! Questions: may this party use this data, for this purpose, over this channel, now or on a date, and why?

use jiff::{SignedDuration, Timestamp};
use platform::http::{self, Answer, Problem, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;

mod decisions;
mod record;
mod view_as;

/// Answer a question about one record, or many.
pub async fn handle(store: &Store, pseudonyms: &Pseudonyms, now: Timestamp, request: Request) -> Answer {
    let path = request.uri().path();
    if path.ends_with("/decisions") {
        decisions::answer(store, pseudonyms, now, request).await
    } else if path.ends_with("/history") {
        record::history(store, pseudonyms, request).await
    } else if path.contains("/view-as/") {
        view_as::answer(store, pseudonyms, now, request).await
    } else {
        record::state(store, pseudonyms, now, request).await
    }
}

/// An instant to ask about lies in the past, or ahead by no more than clocks differ.
fn not_ahead(at: Option<Timestamp>, now: Timestamp, field: impl FnOnce() -> String) -> Result<(), Problem> {
    let ahead = at.map_or(SignedDuration::ZERO, |at| at.duration_since(now));
    if ahead > domain::record::AHEAD_MAX {
        let detail = "the date lies more than five minutes ahead";
        return Err(Problem::unprocessable("in-the-future", field(), detail));
    }
    Ok(())
}

fn ok(told: &impl serde::Serialize) -> Answer {
    http::json(Status::OK, told)
}
