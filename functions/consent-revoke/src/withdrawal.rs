//! `POST /v1/subjects/{subject}/withdrawals`, and the same told to a recipient: withdraw, or object.

use domain::act;
use domain::codes::{Channel, Purpose, RecipientId};
use domain::facet::Facet;
use domain::record::Record;
use domain::subject::Subject;
use domain::withdraw::Selection;
use jiff::Timestamp;
use platform::asked::{Evidence, Source};
use platform::caller::{self, Caller};
use platform::http::{self, Answer, Problem, Request, Status};
use platform::metric;
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::told;
use platform::wire::{Instant, Word, object, values};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    all: bool,
    #[serde(default)]
    purposes: Vec<Word<Purpose>>,
    #[serde(default)]
    channels: Vec<Word<Channel>>,
    #[serde(default)]
    facets: Vec<Word<Facet>>,
    /// The stronger kind: against direct marketing as such (GDPR 21(2)).
    #[serde(default)]
    objection: bool,
    #[serde(default)]
    source: Option<Source>,
    #[serde(default)]
    happened_at: Option<Word<Instant>>,
    #[serde(default, deserialize_with = "object")]
    evidence: Evidence,
}

/// Withdraw what the subject names; withdrawing what was never given is recorded too. No key is needed:
/// what is withdrawn already stays so.
pub(crate) async fn withdraw(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    take(store, &subject, None, now, request).await
}

/// Withdraw what the subject told a recipient. It reaches every other one; for that it is enough that this
/// one may ever have held data of the subject.
pub(crate) async fn withdraw_told_to_a_recipient(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let recipient = caller::recipient_itself(&request)?;
    let subject = http::subject(&request, pseudonyms)?;
    if !store.was_ever_told(&subject, &recipient).await? {
        return Err(caller::not_concerned());
    }
    take(store, &subject, Some(recipient), now, request).await
}

async fn take(
    store: &Store,
    subject: &Subject,
    told_by: Option<RecipientId>,
    now: Timestamp,
    request: Request,
) -> Answer {
    http::only_query(&request, &[])?;
    let guard = http::keyless_guard(&request)?;
    let asked: Asked = http::body(&request)?;
    let beside = asked.evidence.beside(None)?;
    let caller = Caller::of(&request)?;
    let evidence = act::Evidence {
        told_by,
        ..act::Evidence::of(caller.via(asked.source), caller.grade(asked.evidence.grade()))
    };
    let happened_at = asked.happened_at.as_ref().map(|instant| instant.0.0);
    let selection = asked.selection()?;

    let step = |record: &Record| match &selection {
        None => record.object(happened_at, evidence.clone(), now),
        Some(selection) => record.withdraw(store.policies, selection, happened_at, evidence.clone(), now),
    };
    let change = store.amend(subject, &guard, &beside, step).await?;
    metric::WITHDRAWALS.record(1, now);

    told::changed(Status::OK, &change, store.policies, now)
}

impl Asked {
    /// What to withdraw; none for an objection, which is against everything.
    fn selection(self) -> Result<Option<Selection>, Problem> {
        let names_some = !(self.purposes.is_empty() && self.channels.is_empty() && self.facets.is_empty());
        if (self.all || self.objection) && names_some {
            let detail = "all and objection leave nothing to be named";
            return Err(Problem::unprocessable("contradiction", "/all", detail));
        }
        Ok(match (self.objection, self.all) {
            (true, _) => None,
            (false, true) => Some(Selection::All),
            (false, false) => Some(Selection::Named {
                purposes: values(self.purposes),
                channels: values(self.channels),
                facets: values(self.facets),
            }),
        })
    }
}
