//! `POST /v1/confirmations/{token}`: the visitor follows the link that it was sent.

use domain::record::Record;
use jiff::Timestamp;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::store::{Beside, Guard, Store};
use platform::token::{Tokens, Use};
use platform::told::ChangeTold;

/// Confirm exactly the act that the link names. The same click again changes nothing.
pub(crate) async fn confirm(store: &Store, tokens: &Tokens, now: Timestamp, request: Request) -> Answer {
    http::only_query(&request, &[])?;
    let token = http::path_text(&request, "token");
    let named = tokens.read(Use::Confirm, &token, now);
    let (subject, grant) =
        named.map_err(|error| Problem::new(Status::NOT_FOUND, "bad-link", error.to_string()))?;

    let step = |record: &Record| record.confirm(grant, now);
    let change = store
        .amend(&subject, &Guard::default(), &Beside::Nothing, step)
        .await
        .map_err(Problem::from)?;

    http::versioned(
        Status::OK,
        change.record.version,
        &ChangeTold::of(&change, store.policies, now),
    )
}
