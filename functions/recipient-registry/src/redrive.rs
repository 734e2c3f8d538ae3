//! `POST /v1/recipients/{recipient}/redrive`: tell it again whatever it has not acknowledged.

use domain::codes::RecipientId;
use jiff::Timestamp;
use platform::asked::Nothing;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::store::Store;
use serde::Serialize;

#[derive(Serialize)]
struct Told {
    recipient: String,
    /// Everyone whom the recipient concerns is looked at again, from now on.
    redrive: &'static str,
}

/// Forget that it failed, was given up, or said that it is gone; and look at everyone it concerns again.
pub(crate) async fn redrive(store: &Store, now: Timestamp, request: Request) -> Answer {
    let id: RecipientId = http::path(&request, "recipient")?;
    http::only_query(&request, &[])?;
    let Nothing {} = http::optional_body(&request)?;
    if store.recipient(&id).await?.is_none() {
        return Err(Problem::no_such_recipient());
    }

    store.reopen(&id, id.as_str(), now).await?;

    http::json(
        Status::ACCEPTED,
        &Told {
            recipient: id.to_string(),
            redrive: "started",
        },
    )
}
