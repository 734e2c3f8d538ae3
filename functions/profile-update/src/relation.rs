//! `PUT` and `DELETE /v1/subjects/{subject}/relations/{recipient}/{kind}/{relation}`.

use domain::act::{Evidence, Grade, Relation};
use domain::record::Record;
use jiff::Timestamp;
use platform::asked::Source;
use platform::caller::Caller;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::{Beside, Store};
use platform::told;
use platform::wire::{Day, Word};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The day on which it began, if not now.
    #[serde(default)]
    since: Option<Word<Day>>,
    /// The day on which the vehicle was delivered, once it was.
    #[serde(default)]
    delivered_on: Option<Word<Day>>,
    /// Where it is known from: the online account, for one (S08). By default from whoever calls.
    #[serde(default)]
    source: Option<Source>,
}

/// Start a relation, or change its dates.
pub(crate) async fn start(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    let relation = relation(&request)?;
    http::only_query(&request, &[])?;
    let guard = http::guard(&request)?;
    let asked: Asked = http::optional_body(&request)?;
    let evidence = evidence(&Caller::of(&request)?, asked.source);
    let day = |asked: Option<Word<Day>>| asked.map(|day| day.0.0);
    let days = (day(asked.since), day(asked.delivered_on));
    let registered = store.recipient(&relation.recipient).await?;
    let dealer = registered.as_ref().map(|registration| &registration.recipient);

    let step =
        |record: &Record| record.relate(store.policies, dealer, &relation, days, evidence.clone(), now);
    let change = store.amend(&subject, &guard, &Beside::Nothing, step).await?;

    told::changed(Status::OK, &change, store.policies, now)
}

/// End a relation; ending one that is not active changes nothing.
pub(crate) async fn end(store: &Store, pseudonyms: &Pseudonyms, now: Timestamp, request: Request) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    let relation = relation(&request)?;
    http::only_query(&request, &[])?;
    let guard = http::guard(&request)?;
    let caller = Caller::of(&request)?;

    let step = |record: &Record| record.part(&relation, evidence(&caller, None), now);
    let change = store.amend(&subject, &guard, &Beside::Nothing, step).await?;

    told::changed(Status::OK, &change, store.policies, now)
}

fn relation(request: &Request) -> Result<Relation, Problem> {
    Ok(Relation {
        recipient: http::path(request, "recipient")?,
        kind: http::path(request, "kind")?,
        id: http::path(request, "relation")?,
    })
}

/// Relations are facts of somebody's books, not acts of consent: there is nothing to prove.
fn evidence(caller: &Caller, source: Option<Source>) -> Evidence {
    Evidence::of(caller.via(source), Grade::D)
}
