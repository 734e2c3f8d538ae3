//! `GET /v1/notices/{notice}/{version}`: a notice as people are shown it, and its detailed data list (S44).

use std::collections::BTreeMap;

use domain::codes::{Brand, Language, NoticeId, Purpose};
use domain::policy::{Policy, Words};
use platform::http::{self, Answer, Problem, Request, Status};
use platform::language;
use platform::store::Store;
use serde::Serialize;

#[derive(Serialize)]
struct Told<'a> {
    notice: &'a str,
    version: u32,
    /// The language of the words below.
    language: &'a str,
    languages: Vec<&'a str>,
    /// What a consent in this language pins (S03).
    hash: &'a str,
    title: &'a str,
    body: &'a str,
    controller: PartyTold<'a>,
    purposes: BTreeMap<&'a str, &'a str>,
    channels: BTreeMap<&'a str, &'a str>,
    controls: BTreeMap<&'a str, ControlTold<'a>>,
    withdrawal_method: &'a str,
    rights: Vec<&'a str>,
    data_list: DataListTold<'a>,
    brands: BTreeMap<&'a str, BrandTold<'a>>,
}

#[derive(Serialize)]
struct PartyTold<'a> {
    name: &'a str,
    address: &'a str,
}

#[derive(Serialize)]
struct ControlTold<'a> {
    title: &'a str,
    /// What it grants over each selected channel.
    purposes: Vec<&'a str>,
    /// What it grants besides.
    facets: Vec<String>,
}

#[derive(Serialize)]
struct DataListTold<'a> {
    url: &'a str,
    version: &'a str,
    hash: &'a str,
}

#[derive(Serialize)]
struct BrandTold<'a> {
    name: &'a str,
    cookie_policy: &'a str,
}

/// The notice in the language asked for, or the browser's, or its own; and for one brand or all (S53).
pub(crate) fn show(store: &Store, request: Request) -> Answer {
    http::only_query(&request, &["language", "brand"])?;
    let policy = named(store, &request)?;
    let _: Option<Language> = http::query(&request, "language")?;
    let brand: Option<Brand> = http::query(&request, "brand")?;
    let languages = policy.languages();
    let spoken = language::choose(&request, &languages, policy.language.as_str()).language;
    let (language, text) = policy.texts.get_key_value(spoken).ok_or_else(unknown)?;

    let controls = policy.controls.iter().map(|(code, control)| {
        let told = ControlTold {
            title: said(&control.title, language),
            purposes: control.purposes.iter().map(Purpose::as_str).collect(),
            facets: control.facets.iter().map(ToString::to_string).collect(),
        };
        (code.as_str(), told)
    });
    let brands = policy
        .brands
        .iter()
        .filter(|(code, _)| brand.as_ref().is_none_or(|brand| brand == *code));
    let brands = brands.map(|(code, terms)| {
        (
            code.as_str(),
            BrandTold {
                name: &terms.name,
                cookie_policy: &terms.cookie_policy,
            },
        )
    });
    let list = &policy.data_list;
    let told = http::json(
        Status::OK,
        &Told {
            notice: policy.notice.as_str(),
            version: policy.version,
            language: language.as_str(),
            languages,
            hash: &text.hash,
            title: &text.title,
            body: &text.body,
            controller: PartyTold {
                name: &policy.controller.name,
                address: &policy.controller.address,
            },
            purposes: policy
                .purposes
                .iter()
                .map(|(code, terms)| (code.as_str(), said(&terms.title, language)))
                .collect(),
            channels: policy
                .channels
                .iter()
                .map(|(code, terms)| (code.as_str(), said(&terms.title, language)))
                .collect(),
            controls: controls.collect(),
            withdrawal_method: said(&policy.terms.withdrawal_method, language),
            rights: policy.terms.rights.iter().map(String::as_str).collect(),
            data_list: DataListTold {
                url: &list.url,
                version: &list.version,
                hash: &list.hash,
            },
            brands: brands.collect(),
        },
    );
    language::spoken_in(told, spoken)
}

/// The list itself, as the policy holds its hash.
pub(crate) fn data_list(store: &Store, request: Request) -> Answer {
    http::only_query(&request, &[])?;
    http::plain(policies::data_list(named(store, &request)?))
}

fn named<'a>(store: &'a Store, request: &Request) -> Result<&'a Policy, Problem> {
    let notice: NoticeId = http::path(request, "notice")?;
    let version: u32 = http::path(request, "version")?;
    store.policies.find(&notice, version).ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::new(
        Status::NOT_FOUND,
        "unknown-notice",
        "the notice and version are not stored here",
    )
}

/// What is said in a language; a policy has every word in each of its languages.
fn said<'a>(words: &'a Words, language: &Language) -> &'a str {
    words.get(language).map(String::as_str).unwrap_or_default()
}
