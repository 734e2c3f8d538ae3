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

use crate::site;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
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
    pub(crate) evidence: Evidence,
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
    if let Caller::Site = caller {
        return site::capture(store, &subject, now, &request).await;
    }
    let guard = http::keyed_guard(&request)?;
    let asked: Asked = http::body(&request)?;
    let beside = asked.evidence.beside(None)?;
    let given = asked.given(&caller);

    let grant = |record: &Record| record.grant(store.policies, &given, now).map(Some);
    let change = store.amend(&subject, &guard, &beside, grant).await?;
    metric::CAPTURES.record(1, now);

    told::changed(Status::CREATED, &change, store.policies, now)
}

impl Asked {
    /// What was given, taken for what it is worth from this caller.
    pub(crate) fn given(self, caller: &Caller) -> Given {
        let is_site = matches!(caller, Caller::Site);
        // A website tells what is ticked now: another date would be its word for it.
        let happened_at = self.happened_at.filter(|_| !is_site);
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
            happened_at: happened_at.map(|instant| instant.0.0),
            to_be_confirmed: is_site,
        }
    }
}
