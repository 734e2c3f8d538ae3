//! In which language a page speaks.

use domain::codes::Language;
use domain::policy::{Policies, Policy, Text, Words as Titles};
use platform::http::Request;
use platform::language;

use crate::words::{ALL, Words};

/// A page's own words, and how the notices say theirs in the same language.
pub(crate) struct Speech {
    pub(crate) words: &'static Words,
    /// Whether another language was asked for, so that the page says why it speaks this one.
    pub(crate) another_was_asked_for: bool,
    pub(crate) languages: Vec<&'static Words>,
}

impl Speech {
    /// By the query, then by the browser, then as the first notice has it. A page speaks what it has words for, and
    /// every notice.
    pub(crate) fn of(request: &Request, policies: &Policies) -> Self {
        let spoken = |words: &&'static Words| {
            policies
                .iter()
                .all(|policy| policy.texts.contains_key(words.language))
        };
        let languages: Vec<_> = ALL.iter().copied().filter(spoken).collect();
        let named = |language: &str| languages.iter().copied().find(|words| words.language == language);

        let first = policies.iter().next();
        let otherwise = first.and_then(|policy| named(policy.language.as_str()));
        let otherwise = otherwise.or_else(|| languages.first().copied()).unwrap_or(ALL[0]);
        let tags: Vec<&'static str> = languages.iter().map(|words| words.language).collect();
        let chosen = language::choose(request, &tags, otherwise.language);
        Self {
            words: named(chosen.language).unwrap_or(otherwise),
            another_was_asked_for: chosen.another_was_asked_for,
            languages,
        }
    }

    /// What a notice calls something, in this language or else its first.
    pub(crate) fn title<'a>(&self, titles: &'a Titles) -> &'a str {
        let title = titles.get(self.words.language).or_else(|| titles.values().next());
        title.map(String::as_str).unwrap_or_default()
    }

    /// The words of a notice, and the language that they are in: this one, or else the notice's own.
    pub(crate) fn text<'a>(&self, policy: &'a Policy) -> Option<(&'a Language, &'a Text)> {
        let text = policy.texts.get_key_value(self.words.language);
        text.or_else(|| policy.texts.get_key_value(&policy.language))
    }
}
