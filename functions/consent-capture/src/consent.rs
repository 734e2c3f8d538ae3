//! `POST /v1/subjects/{subject}/consents`: a website, a dealer or the staff tells what somebody ticked.

use domain::codes::{Brand, Channel, Control, Language, NoticeId};
use domain::facet::Facet;
use domain::grant::Given;
use domain::record::Record;
use jiff::Timestamp;
use platform::asked::{Evidence, Source};
use platform::http::{self, Answer, Problem, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::told::ChangeTold;
use platform::wire::{Instant, Word, object, values};
use serde::Deserialize;

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
    let guard = http::keyed_guard(&request)?;
    let asked: Asked = http::body(&request)?;
    let beside = asked.evidence.beside()?;
    let given = Given::from(asked);

    let grant = |record: &Record| record.grant(store.policies, &given, now).map(Some);
    let change = store
        .amend(&subject, &guard, &beside, grant)
        .await
        .map_err(Problem::from)?;

    http::versioned(
        Status::CREATED,
        change.record.version,
        &ChangeTold::of(&change, store.policies, now),
    )
}

impl From<Asked> for Given {
    fn from(asked: Asked) -> Self {
        Self {
            notice: asked.notice.id.0,
            version: asked.notice.version,
            language: asked.notice.language.0,
            brand: asked.brand.0,
            via: asked.source.via(),
            grade: asked.evidence.grade(),
            controls: values(asked.controls),
            channels: values(asked.channels),
            facets: values(asked.facets),
            happened_at: asked.happened_at.map(|instant| instant.0.0),
            to_be_confirmed: false,
        }
    }
}
