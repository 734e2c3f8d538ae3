//! `GET /v1/subjects/{subject}/view-as/{recipient}`: what a recipient may hold now, and why.

use std::collections::BTreeMap;

use domain::codes::RecipientId;
use domain::decide::{Party, for_any_purpose};
use domain::holding::Holding;
use jiff::Timestamp;
use platform::caller::Caller;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::told::DecisionTold;
use serde::Serialize;

use crate::as_known_to;

#[derive(Serialize)]
struct Told {
    subject: String,
    recipient: String,
    kind: &'static str,
    /// The purposes and channels that it is told of.
    facets: Vec<String>,
    categories: BTreeMap<String, DecisionTold>,
}

pub(crate) async fn answer(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    let id: RecipientId = http::path(&request, "recipient")?;
    let caller = Caller::of(&request)?;
    caller.may_ask_as(&id)?;
    http::only_query(&request, &[])?;
    let registered = store.recipient(&id).await?;
    let Some(registration) = registered else {
        return Err(Problem::no_such_recipient());
    };
    let record = store.chain(&subject).await?.record;
    let record = as_known_to(store, &caller, Some(&registration.recipient), record, now).await?;

    let view = record.now(store.policies, now);
    let party = Party::Recipient(&registration.recipient);
    let categories = store.policies.iter().flat_map(|policy| policy.categories.keys());
    let decided = categories.map(|category| {
        (
            category.to_string(),
            (&for_any_purpose(&view, party, category)).into(),
        )
    });
    let holding = Holding::of(&view, &registration.recipient);

    let told = Told {
        subject: subject.to_string(),
        recipient: id.to_string(),
        kind: registration.recipient.kind.as_str(),
        facets: holding.facets.iter().map(ToString::to_string).collect(),
        categories: decided.collect(),
    };
    http::json(Status::OK, &told)
}
