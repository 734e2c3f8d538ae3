//! Questions: may this party use this data, for this purpose, over this channel, now or on a date, and why?

use domain::recipient::Recipient;
use domain::record::Record;
use jiff::{SignedDuration, Timestamp};
use platform::caller::Caller;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;

pub mod asked;
mod decisions;
mod notice;
mod recipients;
mod record;
mod view_as;
mod why;

/// Answer a question about one record, or many.
pub async fn handle(store: &Store, pseudonyms: &Pseudonyms, now: Timestamp, request: Request) -> Answer {
    match http::route(&request) {
        "POST /v1/decisions" => decisions::answer(store, pseudonyms, now, request).await,
        "GET /v1/subjects/{subject}" => record::state(store, pseudonyms, now, request).await,
        "GET /v1/subjects/{subject}/history" => record::history(store, pseudonyms, request).await,
        "GET /v1/subjects/{subject}/view-as/{recipient}" => {
            view_as::answer(store, pseudonyms, now, request).await
        }
        "GET /v1/subjects/{subject}/recipients" => recipients::answer(store, pseudonyms, now, request).await,
        "GET /v1/subjects/{subject}/why" => why::answer(store, pseudonyms, now, request).await,
        "GET /v1/notices/{notice}/{version}" => notice::show(store, request),
        "GET /v1/notices/{notice}/{version}/data-list" => notice::data_list(store, request),
        _ => Err(http::no_such_route()),
    }
}

/// The record as this caller may know it. A recipient that may know nothing of a subject is answered as if
/// there were no such subject, so that asking tells nobody who is known.
async fn as_known_to(
    store: &Store,
    caller: &Caller,
    asking: Option<&Recipient>,
    record: Record,
    now: Timestamp,
) -> Result<Record, platform::store::Error> {
    let may_know = match (caller, asking) {
        (Caller::Partner(_), Some(recipient)) => store.may_know(&record, recipient, now).await?,
        (Caller::Partner(_), None) => false,
        _ => true,
    };
    Ok(if may_know {
        record
    } else {
        Record::empty(record.subject)
    })
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
