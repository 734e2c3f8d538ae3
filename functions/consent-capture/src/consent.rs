//! `POST /v1/subjects/{subject}/consents`: a website, a dealer or the staff tells what somebody ticked.

use domain::codes::{Brand, Channel, Control, Language, NoticeId};
use domain::facet::Facet;
use domain::grant::Given;
use domain::record::Record;
use jiff::Timestamp;
use platform::asked::{Evidence, Source};
use platform::caller::Caller;
use platform::http::{self, Answer, Request, Status};
use platform::metric;
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::told;
use platform::wire::{Instant, Word, object, values};
use serde::Deserialize;

use crate::pending;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(deserialize_with = "object")]
    notice: NoticeShown,
    brand: Word<Brand>,
    source: Source,
    /// What was ticked, each over the selected channels.
    #[serde(default)]
    controls: Vec<Word<Control>>,
    #[serde(default)]
    channels: Vec<Word<Channel>>,
    /// What was ticked one by one.
    #[serde(default)]
    facets: Vec<Word<Facet>>,
    #[serde(default)]
    happened_at: Option<Word<Instant>>,
    #[serde(default, deserialize_with = "object")]
    evidence: Evidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeShown {
    id: Word<NoticeId>,
    version: u32,
    language: Word<Language>,
}

/// Capture what was ticked. The same request again is the same consent.
pub(crate) async fn capture(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    http::only_query(&request, &[])?;
    let caller = Caller::of(&request)?;
    let is_site = matches!(caller, Caller::Site);
    let mut guard = http::keyed_guard(&request)?;
    if is_site {
        // Whoever copied a site's token must not learn who is known, nor how much of him.
        (guard.only_at, guard.only_new) = (None, false);
    }
    let asked: Asked = http::body(&request)?;
    let on_file = if is_site {
        store.address_on_file(&subject).await?
    } else {
        None
    };
    let beside = asked.evidence.beside(on_file.as_ref())?;
    let given = asked.given(&caller);

    let grant = |record: &Record| record.grant(store.policies, &given, now).map(Some);
    let change = store.amend(&subject, &guard, &beside, grant).await?;
    metric::CAPTURES.record(1, now);

    if is_site {
        return pending::answer(&change, None);
    }
    told::changed(Status::CREATED, &change, store.policies, now)
}

impl Asked {
    /// What was given, taken for what it is worth from this caller.
    fn given(self, caller: &Caller) -> Given {
        Given {
            notice: self.notice.id.0,
            version: self.notice.version,
            language: self.notice.language.0,
            brand: self.brand.0,
            via: caller.via(Some(self.source)),
            grade: caller.grade(self.evidence.grade()),
            controls: values(self.controls),
            channels: values(self.channels),
            facets: values(self.facets),
            happened_at: self.happened_at.map(|instant| instant.0.0),
            to_be_confirmed: matches!(caller, Caller::Site),
        }
    }
}
