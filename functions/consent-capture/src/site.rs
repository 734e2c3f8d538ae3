//! What a website captures: pending until the person confirms it.
//!
//! A website's token is no secret. Whoever copied one must neither learn who is known, so the answer follows from what
//! was sent and from nothing else; nor fill a record that others need, so no more than a handful waits at a time.

use domain::record::Record;
use domain::subject::Subject;
use jiff::Timestamp;
use platform::caller::Caller;
use platform::http::{self, Answer, Request, Status};
use platform::metric;
use platform::store::{NotTaken, Store};
use serde::Serialize;

use crate::consent::Asked;

/// So many grants of one subject may wait for its confirmation when a website brings another: enough for somebody
/// who sends the form again because no mail came, and as many mails as anybody can have somebody sent in that time.
const WAITING_MAX: usize = 5;

#[derive(Serialize)]
struct Told {
    /// What was ticked.
    facets: Vec<String>,
}

/// Keep what was ticked as pending, while not too much of it waits already.
pub(crate) async fn capture(store: &Store, subject: &Subject, now: Timestamp, request: &Request) -> Answer {
    let guard = http::site_guard(request)?;
    let asked: Asked = http::body(request)?;
    let on_file = store.address_on_file(subject).await?;
    let beside = asked.evidence.beside(on_file.as_ref())?;
    let given = asked.given(&Caller::Site);
    // What it is to a record of which nothing is known, it is to every record.
    let ticked = Record::empty(subject.clone()).grant(store.policies, &given, now)?;

    let grant = |record: &Record| {
        if record.state().waiting(now) < WAITING_MAX {
            record.grant(store.policies, &given, now).map(Some)
        } else {
            Ok(None)
        }
    };
    match store.amend(subject, &guard, &beside, grant).await {
        Ok(_) | Err(NotTaken::TooManyActs { .. }) => {}
        Err(not_taken) => return Err(not_taken.into()),
    }
    metric::CAPTURES.record(1, now);

    let facets = ticked.granted().into_iter().flatten();
    let facets = facets.map(ToString::to_string).collect();
    http::json(Status::ACCEPTED, &Told { facets })
}
