//! `GET /v1/subjects/{subject}` and `.../history`: a record as it stands, as it stood, and how it came so.

use domain::record::When;
use jiff::Timestamp;
use platform::http::{self, Answer, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::told::{ActTold, StateTold};
use serde::Serialize;

#[derive(Serialize)]
struct HistoryTold {
    subject: String,
    version: u32,
    acts: Vec<ActTold>,
}

/// The state now, or at an instant as it was known at another. A subject of whom nothing is known has an
/// empty record: nobody learns from this who is known.
pub(crate) async fn state(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    http::only_query(&request, &["at", "known_at"])?;
    let at = http::query_instant(&request, "at")?;
    let known_at = http::query_instant(&request, "known_at")?;
    crate::not_ahead(at, now, || "query at".to_owned())?;
    crate::not_ahead(known_at, now, || "query known_at".to_owned())?;

    let (chain, when) = if at.is_none() && known_at.is_none() {
        (store.chain(&subject).await?, When::Now(now))
    } else {
        let known_at = known_at.unwrap_or(Timestamp::MAX);
        (
            store.whole_chain(&subject).await?,
            When::At {
                at: at.unwrap_or(now),
                known_at,
            },
        )
    };
    let record = chain.record;

    let view = record
        .view(store.policies, when)
        .unwrap_or_else(|| record.now(store.policies, now));
    http::versioned(Status::OK, record.version, &StateTold::of(&record, &view))
}

/// Every act, oldest first.
pub(crate) async fn history(store: &Store, pseudonyms: &Pseudonyms, request: Request) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    http::only_query(&request, &[])?;
    let record = store.whole_chain(&subject).await?.record;

    let acts = record
        .acts()
        .unwrap_or_default()
        .iter()
        .map(|act| ActTold::of(store.policies, act))
        .collect();
    let told = HistoryTold {
        subject: subject.to_string(),
        version: record.version,
        acts,
    };
    http::versioned(Status::OK, record.version, &told)
}
