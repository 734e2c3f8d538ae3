//! `POST /v1/forms/{notice}`: the public door, for a visitor whom nobody has an id for.

use domain::codes::{Brand, Channel, Control, Language, NoticeId};
use domain::facet::Facet;
use jiff::Timestamp;
use platform::http::{self, Answer, Problem, Request};
use platform::metric;
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::token::{Tokens, preferences_end};
use platform::visitor::{self, Contact};
use platform::wire::{Word, object, values};
use serde::Deserialize;

use crate::pending;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    version: u32,
    language: Word<Language>,
    brand: Word<Brand>,
    #[serde(default)]
    controls: Vec<Word<Control>>,
    #[serde(default)]
    channels: Vec<Word<Channel>>,
    #[serde(default)]
    facets: Vec<Word<Facet>>,
    #[serde(deserialize_with = "object")]
    contact: Contact,
}

/// Keep what was ticked as pending, and have the visitor asked to confirm it.
pub(crate) async fn capture(
    store: &Store,
    pseudonyms: &Pseudonyms,
    tokens: &Tokens,
    now: Timestamp,
    request: Request,
) -> Answer {
    let notice: NoticeId = http::path(&request, "notice")?;
    http::only_query(&request, &[])?;
    let guard = http::keyed_guard(&request)?;
    let asked: Asked = http::body(&request)?;
    let no_sharing = visitor::wants_no_sharing(&request);

    let form = asked.form(notice);
    let change = form.keep(store, pseudonyms, guard, no_sharing, now).await?;

    metric::CAPTURES.record(1, now);

    // The visitor is nobody else than who sent this: no other subject comes from its key.
    let captured = change.act.as_ref().map_or(now, |act| act.learnt_at);
    let token = tokens.preferences(&change.record.subject, preferences_end(captured));
    let token = token.map_err(|error| Problem::unwritable(error.into()))?;
    pending::answer(&change, format!("/v1/preferences/{token}"))
}

impl Asked {
    fn form(self, notice: NoticeId) -> visitor::Form {
        visitor::Form {
            notice,
            version: self.version,
            language: self.language.0,
            brand: self.brand.0,
            controls: values(self.controls),
            channels: values(self.channels),
            facets: values(self.facets),
            contact: self.contact,
        }
    }
}
