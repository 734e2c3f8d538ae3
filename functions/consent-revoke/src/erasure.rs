//! `POST /v1/subjects/{subject}/erasure`: staff erase what identifies a data subject, on its request (GDPR 17).

use domain::act;
use domain::record::Record;
use jiff::Timestamp;
use platform::asked::Nothing;
use platform::caller::Caller;
use platform::http::{self, Answer, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::{Beside, Store};
use platform::told;

/// Erase all that identifies. No key is needed: what is erased stays so.
pub(crate) async fn erase(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    http::only_query(&request, &[])?;
    let guard = http::keyless_guard(&request)?;
    let Nothing {} = http::body(&request)?;
    let evidence = act::Evidence::of(Caller::of(&request)?.via(None), act::Grade::D);

    let step = |record: &Record| record.erase(evidence.clone(), now);
    let change = store.amend(&subject, &guard, &Beside::Nothing, step).await?;

    told::changed(Status::OK, &change, store.policies, now)
}
