//! A visitor's form, however it comes in: as JSON from a website, or as a browser sends an HTML form.
//!
//! The visitor becomes a subject of its own. Its contact lies beside the chain, serves for asking it to
//! confirm and for nothing else, and is gone when nobody confirms.

use domain::act::{Grade, Via};
use domain::codes::{Brand, Channel, Control, Language, NoticeId};
use domain::facet::Facet;
use domain::grant::Given;
use domain::record::Record;
use jiff::Timestamp;
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::problem::Problem;
use crate::pseudonym::Pseudonyms;
use crate::store::{Beside, Change, Guard, Store};

/// The longest address that mail can be sent to.
const EMAIL_LEN_MAX: usize = 254;
const NAME_LEN_MAX: usize = 200;

/// What was shown, and what was ticked.
pub struct Form {
    pub notice: NoticeId,
    pub version: u32,
    pub language: Language,
    pub brand: Brand,
    pub controls: Vec<Control>,
    pub channels: Vec<Channel>,
    pub facets: Vec<Facet>,
    pub contact: Contact,
}

/// Where the visitor can be asked to confirm. No more is asked of it than that takes.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Whether the browser says that the visitor wants its data neither sold nor shared (Global Privacy Control).
pub fn wants_no_sharing(request: &Request) -> bool {
    request
        .headers()
        .get("Sec-GPC")
        .is_some_and(|value| value.as_bytes() == b"1")
}

impl Form {
    /// Keep what was ticked as pending, and have the visitor asked to confirm it.
    ///
    /// The subject follows from the key, so the same form sent twice is one visitor; and it is new. The
    /// wish against sharing is written down with the proof: a tick beside it is the newer word.
    pub async fn keep(
        self,
        store: &Store,
        pseudonyms: &Pseudonyms,
        guard: Guard,
        no_sharing: bool,
        now: Timestamp,
    ) -> Result<Change, Problem> {
        self.contact.check()?;
        let key = guard.asked.as_ref().map(|asked| asked.key.as_str());
        let subject = key
            .and_then(|key| pseudonyms.visitor(key))
            .ok_or_else(|| Problem::bad("malformed", "header Idempotency-Key", "it cannot be used"))?;
        let guard = Guard {
            only_new: true,
            ..guard
        };
        let mut evidence = json!({ "contact": self.contact });
        if no_sharing {
            evidence["gpc"] = true.into();
        }
        let beside = Beside::Evidence(evidence.to_string());
        let given = self.given();

        let grant = |record: &Record| record.grant(store.policies, &given, now).map(Some);
        store
            .amend(&subject, &guard, &beside, grant)
            .await
            .map_err(Problem::from)
    }

    fn given(self) -> Given {
        Given {
            notice: self.notice,
            version: self.version,
            language: self.language,
            brand: self.brand,
            via: Via::Form,
            grade: Grade::D,
            controls: self.controls,
            channels: self.channels,
            facets: self.facets,
            happened_at: None,
            to_be_confirmed: true,
        }
    }
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
