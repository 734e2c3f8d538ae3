//! In which language a page speaks.

use domain::codes::Language;
use domain::policy::{Policies, Policy, Text, Words as Titles};
use lambda_http::RequestExt;
use lambda_http::http::header::ACCEPT_LANGUAGE;
use platform::http::Request;

use crate::words::{ALL, Words};

/// A page's own words, and how the notices say theirs in the same language.
pub(crate) struct Speech {
    pub(crate) words: &'static Words,
    /// Whether another language was asked for, so that the page says why it speaks this one.
    pub(crate) another_was_asked_for: bool,
    pub(crate) languages: Vec<&'static Words>,
}

impl Speech {
    /// By the query, then by the browser, then English or whatever there is.
    pub(crate) fn of(request: &Request, policies: &Policies) -> Self {
        let spoken = |words: &&'static Words| {
            policies
                .iter()
                .all(|policy| policy.texts.contains_key(words.language))
        };
        let languages: Vec<_> = ALL.iter().copied().filter(spoken).collect();
        let found = |tag: &str| {
            let language = tag.split('-').next().unwrap_or_default();
            languages
                .iter()
                .copied()
                .find(|words| words.language.eq_ignore_ascii_case(language))
        };

        let query = request.query_string_parameters();
        let named = query.first("language");
        let accepted = accepted(request);
        let asked = named.and_then(found);
        let accepted_one = accepted.iter().find_map(|tag| found(tag));
        let words = asked.or(accepted_one).or_else(|| found("en"));
        let words = words.or_else(|| languages.first().copied()).unwrap_or(ALL[0]);

        let another_was_asked_for = match named {
            Some(_) => asked.is_none(),
            None => accepted_one.is_none() && accepted.iter().any(|tag| tag != "*"),
        };
        Self {
            words,
            another_was_asked_for,
            languages,
        }
    }

    /// What a notice calls something, in this language or else its first.
    pub(crate) fn title<'a>(&self, titles: &'a Titles) -> &'a str {
        let title = titles.get(self.words.language).or_else(|| titles.values().next());
        title.map(String::as_str).unwrap_or_default()
    }

    /// The words of a notice, and the language that they are in.
    pub(crate) fn text<'a>(&self, policy: &'a Policy) -> Option<(&'a Language, &'a Text)> {
        let text = policy.texts.get_key_value(self.words.language);
        text.or_else(|| policy.texts.iter().next())
    }
}

/// The languages that the browser prefers, best first.
fn accepted(request: &Request) -> Vec<String> {
    let header = request.headers().get(ACCEPT_LANGUAGE);
    let header = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut tags: Vec<(u32, &str)> = header
        .split(',')
        .take(20)
        .filter_map(|part| {
            let mut parts = part.split(';').map(str::trim);
            let tag = parts.next().filter(|tag| !tag.is_empty())?;
            let weight = parts.find_map(|part| part.strip_prefix("q=")).unwrap_or("1");
            let weight: f32 = weight.parse().ok()?;
            // In thousandths, which is as fine as the header can say it.
            let thousandths = (weight.clamp(0.0, 1.0) * 1000.0).round();
            (thousandths > 0.0).then_some((thousandths as u32, tag))
        })
        .collect();
    tags.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    tags.into_iter().map(|(_, tag)| tag.to_owned()).collect()
}
