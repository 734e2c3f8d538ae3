//! `POST /v1/forms/{notice}`: the public door, for a visitor whom nobody has an id for.
//!
//! The visitor becomes a subject of its own. Its contact lies beside the chain, serves for asking it to
//! confirm and for nothing else, and is gone when nobody confirms.

use domain::act::{Grade, Via};
use domain::codes::{Brand, Channel, Control, Language, NoticeId};
use domain::facet::Facet;
use domain::grant::Given;
use domain::record::Record;
use jiff::Timestamp;
use platform::http::{self, Answer, Problem, Request};
use platform::metric;
use platform::pseudonym::Pseudonyms;
use platform::store::{Beside, Guard, Store};
use platform::wire::{Word, object, values};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::pending;

/// The longest address that mail can be sent to.
const EMAIL_LEN_MAX: usize = 254;
const NAME_LEN_MAX: usize = 200;

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

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Contact {
    email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Keep what was ticked as pending, and have the visitor asked to confirm it.
pub(crate) async fn capture(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let notice: NoticeId = http::path(&request, "notice")?;
    http::only_query(&request, &[])?;
    // The subject follows from the key, so the same form sent twice is one visitor; and it is new.
    let guard = Guard {
        only_new: true,
        ..http::keyed_guard(&request)?
    };
    let asked: Asked = http::body(&request)?;
    asked.contact.check()?;
    let subject = guard
        .asked
        .as_ref()
        .and_then(|asked| pseudonyms.visitor(&asked.key));
    let subject =
        subject.ok_or_else(|| Problem::bad("malformed", "header Idempotency-Key", "it cannot be used"))?;
    let beside = Beside::Evidence(json!({ "contact": asked.contact }).to_string());
    let given = asked.given(notice);

    let grant = |record: &Record| record.grant(store.policies, &given, now).map(Some);
    let change = store
        .amend(&subject, &guard, &beside, grant)
        .await
        .map_err(Problem::from)?;
    metric::CAPTURES.record(1, now);

    pending::answer(&change)
}

impl Contact {
    fn check(&self) -> Result<(), Problem> {
        let (local, domain) = self.email.rsplit_once('@').unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"(),;:\\[]".contains(&byte);
        let well_formed = !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && self.email.len() <= EMAIL_LEN_MAX
            && self.email.bytes().all(plain);
        if !well_formed {
            return Err(Problem::unprocessable(
                "bad-contact",
                "/contact/email",
                "mail cannot be sent to this address",
            ));
        }
        if self
            .name
            .as_ref()
            .is_some_and(|name| name.chars().count() > NAME_LEN_MAX)
        {
            let detail = format!("the name has more than {NAME_LEN_MAX} letters");
            return Err(Problem::unprocessable("bad-contact", "/contact/name", detail));
        }
        Ok(())
    }
}

impl Asked {
    fn given(self, notice: NoticeId) -> Given {
        Given {
            notice,
            version: self.version,
            language: self.language.0,
            brand: self.brand.0,
            via: Via::Form,
            grade: Grade::D,
            controls: values(self.controls),
            channels: values(self.channels),
            facets: values(self.facets),
            happened_at: None,
            to_be_confirmed: true,
        }
    }
}
