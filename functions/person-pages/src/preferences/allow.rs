//! Allowing something more by a link. A link can be passed on, so it proves little: where the policy wants
//! more, the address on file is asked to confirm, and never one that was typed in here.

use std::collections::BTreeMap;

use domain::act::{Act, Grade, Via, What};
use domain::codes::{Brand, NoticeId};
use domain::grant::Given;
use domain::policy::{Policies, Policy};
use domain::record::{Record, View};
use domain::refusal::Refusal;
use domain::subject::Subject;
use jiff::Timestamp;
use maud::{Markup, html};
use platform::http::{self, Problem, Request, Status};
use platform::metric;
use platform::store::{Beside, Store};
use serde_json::{Value, json};

use super::grants;
use super::happened::Done;
use crate::bad_link;
use crate::choices::{self, Ticks, code};
use crate::form;
use crate::speech::Speech;

/// So many earlier forms are asked for an address.
const FORMS_LOOKED_AT_MAX: usize = 3;

/// What was ticked on the page, and under which notice.
pub(super) struct Allow {
    notice: NoticeId,
    version: u32,
    brand: Brand,
    /// The version of the record that the page showed: the same form twice is one act.
    key: String,
    ticks: Ticks,
}

pub(super) fn section(speech: &Speech, view: &View<'_>, acts: &[Act]) -> Markup {
    let words = speech.words;
    let offer = offer(view.policies, acts);
    html! {
        @if let Some((policy, brand)) = offer {
            section #more {
                h2 { (words.allow_more) }
                details.card {
                    summary { (words.your_choice) }
                    p.hint { (words.allow_more_hint) }
                    (form::whole_notice(speech, policy, brand))
                    form method="post" {
                        input type="hidden" name="notice" value=(policy.notice);
                        input type="hidden" name="version" value=(policy.version);
                        input type="hidden" name="brand" value=(brand);
                        input type="hidden" name="key" value=(view.version);
                        (choices::boxes(speech, view.policies, policy, &Ticks::default(), false, false))
                        button.main type="submit" { (words.allow) }
                    }
                }
            }
        }
    }
}

/// The newest version of the notice that somebody last agreed to, and the brand that showed it.
fn offer<'a>(policies: &'a Policies, acts: &'a [Act]) -> Option<(&'a Policy, &'a Brand)> {
    let last = grants(acts).next();
    let named = last.map(|(_, shown)| &shown.notice);
    let policy = match named {
        Some(notice) => policies.versions(notice).max_by_key(|policy| policy.version),
        None => policies.iter().next(),
    }?;
    let brand = last.and_then(|(act, _)| act.evidence.brand.as_ref());
    let brand = brand.and_then(|brand| policy.brands.get_key_value(brand));
    let (brand, _) = brand.or_else(|| policy.brands.iter().next())?;
    Some((policy, brand))
}

impl Allow {
    pub(super) fn read(fields: Vec<(String, String)>, ticks: Ticks) -> Result<Self, Problem> {
        let mut named = BTreeMap::new();
        for (name, value) in fields {
            let known = ["notice", "version", "brand", "key"].contains(&name.as_str());
            if !known || named.insert(name, value).is_some() {
                let detail = "a field is not known here, or is there twice";
                return Err(Problem::bad("malformed", "/?", detail));
            }
        }
        Ok(Self {
            notice: code(named.get("notice"), "notice")?,
            version: code(named.get("version"), "version")?,
            brand: code(named.get("brand"), "brand")?,
            key: format!("page-{}", code::<u32>(named.get("key"), "key")?),
            ticks,
        })
    }

    /// Write it down, to be confirmed where the policy wants better proof. Says what became of it.
    pub(super) async fn grant(
        self,
        store: &Store,
        subject: &Subject,
        speech: &Speech,
        now: Timestamp,
        request: &Request,
    ) -> Result<Done, Problem> {
        let record = store.whole_chain(subject).await?.record;
        if record.version == 0 {
            return Err(bad_link());
        }
        let guard = http::form_guard(request, &self.key)?;
        let mut given = self.given(store.policies, speech)?;

        let tried = record.grant(store.policies, &given, now)?;
        given.to_be_confirmed = wants_better_proof(store.policies, &record, &tried);
        let beside = if given.to_be_confirmed {
            let contact = on_file(store, &record).await?.ok_or_else(no_address)?;
            Beside::Evidence(json!({ "contact": contact }).to_string())
        } else {
            Beside::Nothing
        };

        let step = |record: &Record| record.grant(store.policies, &given, now).map(Some);
        store.amend(subject, &guard, &beside, step).await?;
        metric::CAPTURES.record(1, now);
        Ok(if given.to_be_confirmed {
            Done::Pending
        } else {
            Done::Granted
        })
    }

    fn given(self, policies: &Policies, speech: &Speech) -> Result<Given, Problem> {
        let (controls, channels) = self.ticks.read()?;
        let policy = policies.find(&self.notice, self.version);
        let text = policy.and_then(|policy| speech.text(policy));
        let (language, _) = text.ok_or(Refusal::UnknownNotice)?;
        Ok(Given {
            language: language.clone(),
            notice: self.notice,
            version: self.version,
            brand: self.brand,
            via: Via::Form,
            grade: Grade::D,
            controls,
            channels,
            facets: Vec::new(),
            happened_at: None,
            to_be_confirmed: false,
        })
    }
}

/// Whether the bare claim that a link is leaves some of an act pending.
fn wants_better_proof(policies: &Policies, record: &Record, act: &Act) -> bool {
    let What::Granted { facets, shown, .. } = &act.what else {
        return false;
    };
    let policy = policies.find(&shown.notice, shown.version);
    let enough = |policy: &Policy| {
        facets
            .iter()
            .all(|facet| policy.grade_needed(facet) <= act.evidence.grade)
    };
    record.state().objection.is_some() || !policy.is_some_and(enough)
}

/// Where the person can be asked to confirm, as it is known already: by the form that it sent once, or by
/// the contact data of its profile.
async fn on_file(store: &Store, record: &Record) -> Result<Option<Value>, Problem> {
    let sent = grants(record.acts().unwrap_or_default()).filter(|(act, _)| {
        matches!(
            act.what,
            What::Granted {
                to_be_confirmed: true,
                ..
            }
        )
    });
    for (act, _) in sent.take(FORMS_LOOKED_AT_MAX) {
        if let Some(contact) = store.contact(&record.subject, act.version).await? {
            return Ok(Some(contact));
        }
    }
    Ok(store.address_on_file(&record.subject).await?)
}

fn no_address() -> Problem {
    let detail = "no address is known that could be asked to confirm";
    Problem::new(Status::CONFLICT, "no-address", detail)
}
