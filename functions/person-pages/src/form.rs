//! `GET /v1/forms/{notice}`: a notice and what it asks, as a page that a visitor fills in without a script;
//! `POST /v1/forms/{notice}/page`: what a browser sends from there. The web component shows this very form.

use std::collections::BTreeMap;

use domain::act::Act;
use domain::codes::{Brand, Language, NoticeId};
use domain::facet::Facets;
use domain::policy::{Policy, Text};
use jiff::Timestamp;
use maud::{Markup, html};
use platform::http::{self, Answer, Problem, Request, Status};
use platform::metric;
use platform::pseudonym::Pseudonyms;
use platform::store::{Change, Store};
use platform::token::{Links, preferences_end};
use platform::visitor::{self, Contact};

use crate::choices::{self, Ticks, code};
use crate::frame::{self, Page};
use crate::origin;
use crate::speech::Speech;
use crate::words::fill;

/// What the browser sent, kept as it is, to show it again where something is wrong with it.
#[derive(Default)]
struct Filled {
    ticks: Ticks,
    /// Every other field, which is there once.
    fields: BTreeMap<String, String>,
}

/// What is around the boxes.
struct Around<'a> {
    policy: &'a Policy,
    brand: &'a Brand,
    /// So that the same form sent twice is one visitor.
    key: String,
    no_sharing: bool,
    wrong: Option<&'a Problem>,
}

pub(crate) fn show(store: &Store, speech: &Speech, request: &Request) -> Answer {
    http::only_query(request, &["version", "brand", "language"])?;
    let notice: NoticeId = http::path(request, "notice").map_err(|_| no_such_notice())?;
    let version: Option<u32> = http::query(request, "version")?;
    let brand: Option<Brand> = http::query(request, "brand")?;
    let policy = offered(store, &notice, version)?;
    let brand = match &brand {
        Some(brand) => policy.brands.get_key_value(brand),
        None => policy.brands.iter().next(),
    };
    let (brand, _) = brand.ok_or_else(no_such_notice)?;

    let around = Around {
        policy,
        brand,
        key: new_key()?,
        no_sharing: visitor::wants_no_sharing(request),
        wrong: None,
    };
    let version = policy.version.to_string();
    let here = frame::here(request, &[("version", &version), ("brand", brand.as_str())]);
    answer(store, speech, Status::OK, here, &around, &Filled::default())
}

pub(crate) async fn send(
    store: &Store,
    pseudonyms: &Pseudonyms,
    links: &Links,
    speech: &Speech,
    now: Timestamp,
    request: &Request,
) -> Answer {
    http::only_query(request, &["language"])?;
    origin::must_be_ours(request, store.policies)?;
    let notice: NoticeId = http::path(request, "notice").map_err(|_| no_such_notice())?;
    let filled = Filled::read(http::form(request)?)?;
    let policy = offered(store, &notice, Some(filled.code("version")?))?;
    let no_sharing = visitor::wants_no_sharing(request);

    match filled
        .keep(store, pseudonyms, policy, no_sharing, now, request)
        .await
    {
        Ok(change) => {
            metric::CAPTURES.record(1, now);
            let captured = change.act.as_ref().map_or(now, |act| act.learnt_at);
            let link = links.preferences(&change.record.subject, preferences_end(captured));
            let link = link.map_err(|error| Problem::unwritable(error.into()))?;
            noted(store, speech, policy, &change, &link)
        }
        // The visitor can mend it: the form comes back as it was filled in.
        Err(problem) if problem.status == Status::UNPROCESSABLE_ENTITY && problem.slug != "key-reused" => {
            let brand: Brand = filled.code("brand")?;
            let (brand, _) = policy.brands.get_key_value(&brand).ok_or(problem_with_brand())?;
            let around = Around {
                policy,
                brand,
                key: filled.fields.get("key").cloned().unwrap_or_default(),
                no_sharing,
                wrong: Some(&problem),
            };
            answer(store, speech, problem.status, None, &around, &filled)
        }
        Err(problem) => Err(problem),
    }
}

/// The version that is named, or the newest.
fn offered<'a>(store: &'a Store, notice: &NoticeId, version: Option<u32>) -> Result<&'a Policy, Problem> {
    let versions = store.policies.versions(notice);
    let named = versions.filter(|policy| version.is_none_or(|version| policy.version == version));
    named
        .max_by_key(|policy| policy.version)
        .ok_or_else(no_such_notice)
}

fn no_such_notice() -> Problem {
    let detail = "the notice and version are not stored here";
    Problem::new(Status::NOT_FOUND, "unknown-notice", detail)
}

fn problem_with_brand() -> Problem {
    Problem::bad("malformed", "/brand", "a hidden field is not what it was")
}

fn new_key() -> Result<String, Problem> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(|error| Problem::unwritable(error.to_string().into()))?;
    Ok(platform::digest::text(&key))
}

impl Filled {
    fn read(fields: Vec<(String, String)>) -> Result<Self, Problem> {
        const KNOWN: [&str; 6] = ["version", "brand", "language", "key", "email", "name"];
        let mut filled = Self::default();
        for (name, value) in fields {
            if filled.ticks.take(&name, &value) {
                continue;
            }
            let known = KNOWN.contains(&name.as_str());
            if !known || filled.fields.insert(name, value).is_some() {
                let detail = "a field is not known here, or is there twice";
                return Err(Problem::bad("malformed", "/?", detail));
            }
        }
        Ok(filled)
    }

    fn code<C: std::str::FromStr>(&self, name: &str) -> Result<C, Problem> {
        code(self.fields.get(name), name)
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |text| text.trim())
    }

    async fn keep(
        &self,
        store: &Store,
        pseudonyms: &Pseudonyms,
        policy: &Policy,
        no_sharing: bool,
        now: Timestamp,
        request: &Request,
    ) -> Result<Change, Problem> {
        let guard = http::form_guard(request, self.text("key"))?;
        let (controls, channels) = self.ticks.read()?;
        let form = visitor::Form {
            notice: policy.notice.clone(),
            version: policy.version,
            language: self.code::<Language>("language")?,
            brand: self.code("brand")?,
            controls,
            channels,
            facets: Vec::new(),
            contact: Contact {
                email: self.text("email").to_owned(),
                name: Some(self.text("name").to_owned()).filter(|name| !name.is_empty()),
            },
        };
        form.keep(store, pseudonyms, guard, no_sharing, now).await
    }
}

fn answer(
    store: &Store,
    speech: &Speech,
    status: Status,
    here: Option<String>,
    around: &Around<'_>,
    filled: &Filled,
) -> Answer {
    let policy = around.policy;
    let title = speech.text(policy).map(|(_, text)| text.title.clone());
    let main = html! {
        // The web component takes this element, whole, into the website that embeds it.
        article #consent.consent lang=(speech.words.language) {
            (notice(speech, policy, around.brand))
            (fields(store, speech, around, filled))
            (stored(store, speech, policy))
        }
    };
    let page = Page {
        title: title.unwrap_or_default(),
        here,
        main,
    };
    frame::page(status, speech, store.policies, &page)
}

/// What people are told: the first paragraph, and the rest behind one click.
fn notice(speech: &Speech, policy: &Policy, brand: &Brand) -> Markup {
    html! {
        @if let Some((language, text)) = speech.text(policy) {
            div lang=(language) {
                h1 { (text.title) }
                @if let Some(first) = paragraphs(text).next() { p.lead { (first) } }
                (whole_notice(speech, policy, brand))
            }
        }
    }
}

/// All that people are told, and what it links.
pub(crate) fn whole_notice(speech: &Speech, policy: &Policy, brand: &Brand) -> Markup {
    let words = speech.words;
    html! {
        details {
            summary { (words.read_all) }
            @if let Some((language, text)) = speech.text(policy) {
                div lang=(language) { @for paragraph in paragraphs(text) { p { (paragraph) } } }
            }
            ul {
                li { a href=(policy.data_list.url) { (words.data_list) } }
                @if let Some(terms) = policy.brands.get(brand) {
                    li {
                        a href=(terms.cookie_policy) rel="noreferrer" {
                            (fill(words.cookie_policy, &[&terms.name]))
                        }
                    }
                }
            }
        }
    }
}

pub(crate) fn paragraphs(text: &Text) -> impl Iterator<Item = &str> {
    text.body.split('\n').filter(|line| !line.trim().is_empty())
}

fn fields(store: &Store, speech: &Speech, around: &Around<'_>, filled: &Filled) -> Markup {
    let (words, policy) = (speech.words, around.policy);
    let language = speech.text(policy).map(|(language, _)| language.as_str());
    let wrong = around.wrong.map(|problem| what_is_wrong(speech, problem));
    let bad_field = around.wrong.and_then(|problem| problem.field.as_deref());
    let bad = |field: &str| bad_field == Some(field);
    html! {
        form method="post" action=(format!("/v1/forms/{}/page?language={}", policy.notice, words.language)) {
            input type="hidden" name="version" value=(policy.version);
            input type="hidden" name="brand" value=(around.brand);
            input type="hidden" name="language" value=(language.unwrap_or_default());
            input type="hidden" name="key" value=(around.key);
            div.wrong #wrong role="alert" tabindex="-1" autofocus[wrong.is_some()] hidden[wrong.is_none()] {
                strong { (words.please_correct) } " "
                span { (wrong.unwrap_or_default()) }
            }
            (choices::boxes(speech, store.policies, policy, &filled.ticks, around.no_sharing, bad("/channels")))
            fieldset {
                legend { (words.contact) }
                p.hint #contact-hint { (words.contact_hint) }
                label for="email" { (words.email) }
                input #email type="email" name="email" required autocomplete="email" maxlength="254"
                    value=(filled.text("email")) aria-describedby="contact-hint"
                    aria-invalid=[bad("/contact/email").then_some("true")];
                label for="name" { (words.name_label) " " span.hint { "(" (words.optional) ")" } }
                input #name type="text" name="name" autocomplete="name" maxlength="200"
                    value=(filled.text("name")) aria-invalid=[bad("/contact/name").then_some("true")];
            }
            button.main type="submit" { (words.send) }
            (withdrawing(speech, policy))
        }
    }
}

fn what_is_wrong(speech: &Speech, problem: &Problem) -> &'static str {
    let words = speech.words;
    match problem.field.as_deref() {
        Some("/contact/email") => words.bad_email,
        Some("/contact/name") => words.bad_name,
        _ if problem.slug == "nothing-granted" => words.nothing_granted,
        _ if problem.slug == "no-channel" => words.no_channel,
        _ => words.not_understood_text,
    }
}

pub(crate) fn withdrawing(speech: &Speech, policy: &Policy) -> Markup {
    html! {
        section.withdrawing {
            h2 { (speech.words.how_to_withdraw) }
            p { (speech.title(&policy.terms.withdrawal_method)) }
        }
    }
}

/// What the web component shows once the form is sent: it leaves of each list what was written down.
fn stored(store: &Store, speech: &Speech, policy: &Policy) -> Markup {
    let words = speech.words;
    html! {
        section #stored hidden tabindex="-1" data-wrong-contact-email=(words.bad_email)
            data-wrong-contact-name=(words.bad_name) data-wrong-controls=(words.nothing_granted)
            data-wrong-channels=(words.no_channel) data-wrong=(words.broken_text) {
            h1 { (words.noted) }
            p { (words.noted_what) }
            ul {
                @for facet in policy.facets() {
                    li data-facet=(facet) { (speech.facet(store.policies, &facet)) }
                }
            }
            p.note data-until=(words.noted_pending) {}
            p { a.button data-preferences href="#" { (words.to_your_choices) } }
            (withdrawing(speech, policy))
        }
    }
}

/// The page after the form, for whoever sent it without a script.
fn noted(store: &Store, speech: &Speech, policy: &Policy, change: &Change, link: &str) -> Answer {
    let words = speech.words;
    let nothing = Facets::new();
    let facets = change.act.as_ref().and_then(Act::granted).unwrap_or(&nothing);
    let unconfirmed = &change.record.state().unconfirmed;
    let until = change.act.as_ref().and_then(|act| unconfirmed.get(&act.version));
    let main = html! {
        article.consent {
            h1 { (words.noted) }
            p { (words.noted_what) }
            ul { @for facet in speech.facets(store.policies, facets) { li { (facet) } } }
            @if let Some(until) = until {
                p.note { (fill(words.noted_pending, &[&speech.day(store.policies, *until)])) }
            }
            p { a.button href=(link) { (words.to_your_choices) } }
            (withdrawing(speech, policy))
        }
    };
    let page = Page {
        title: words.noted.to_owned(),
        here: None,
        main,
    };
    frame::page(Status::ACCEPTED, speech, store.policies, &page)
}
