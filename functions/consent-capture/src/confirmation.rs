//! `POST /v1/confirmations/{token}`: the visitor follows the link that it was sent.

use domain::record::Record;
use jiff::Timestamp;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::store::{Beside, Guard, Store};
use platform::token::Tokens;
use platform::told;

/// Confirm exactly the act that the link names. The same click again changes nothing.
///
/// Whoever pressed the button on the link's page goes back to it: it says how things stand now.
pub(crate) async fn confirm(store: &Store, tokens: &Tokens, now: Timestamp, request: Request) -> Answer {
    if !http::is_form(&request) {
        return confirm_named(store, tokens, now, &request).await;
    }
    match confirm_named(store, tokens, now, &request).await {
        Err(problem) if problem.status.is_server_error() => Err(problem),
        Ok(_) | Err(_) => http::see_other(http::path_and_query(&request)),
    }
}

async fn confirm_named(store: &Store, tokens: &Tokens, now: Timestamp, request: &Request) -> Answer {
    http::only_query(request, &["language"])?;
    let token = http::path_text(request, "token");
    let (subject, grant) = tokens
        .read_confirmation(&token, now)
        .map_err(|error| Problem::new(Status::NOT_FOUND, "bad-link", error.to_string()))?;

    let step = |record: &Record| record.confirm(grant, now);
    let change = store
        .amend(&subject, &Guard::default(), &Beside::Nothing, step)
        .await?;

    told::changed(Status::OK, &change, store.policies, now)
}
