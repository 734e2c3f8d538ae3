//! `POST /v1/subjects/{subject}/register-checks`: what a look at the opposition register found.

use domain::act;
use domain::codes::Channel;
use domain::record::Record;
use jiff::Timestamp;
use platform::asked::Evidence;
use platform::caller::Caller;
use platform::http::{self, Answer, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::told;
use platform::wire::{Instant, Word, object};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    channel: Word<Channel>,
    /// The data subject is in the register: its earlier consents for this channel are revoked.
    enrolled: bool,
    #[serde(default)]
    checked_at: Option<Word<Instant>>,
    #[serde(default, deserialize_with = "object")]
    evidence: Evidence,
}

/// Write down what was found, so that a policy that asks for a look can rely on it.
pub(crate) async fn check(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    http::only_query(&request, &[])?;
    let guard = http::guard(&request)?;
    let asked: Asked = http::body(&request)?;
    let beside = asked.evidence.beside(None)?;
    let caller = Caller::of(&request)?;
    let evidence = act::Evidence::of(caller.via(None), caller.grade(asked.evidence.grade()));
    let checked_at = asked.checked_at.map(|instant| instant.0.0);

    let step = |record: &Record| {
        let found = (checked_at, evidence.clone());
        record
            .check_register(store.policies, &asked.channel.0, asked.enrolled, found, now)
            .map(Some)
    };
    let change = store.amend(&subject, &guard, &beside, step).await?;

    told::changed(Status::OK, &change, store.policies, now)
}
