//! Reading single values: each is parsed, and what is wrong with it is told where it stands.
//!
//! A value that is wrong is left out or replaced, and reading goes on. One finding refuses the whole
//! document, so no such value ever reaches a policy.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use domain::act::Grade;
use domain::codes::{Language, NotACode};
use domain::facet::Facet;
use domain::policy::{Party, Words};
use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::Finding;
use crate::document::{self, Document, Keyed, Text};

/// Reads one document and collects what is wrong with it.
pub(crate) struct Reader<'d> {
    name: &'d str,
    pub(crate) source: &'d str,
    pub(crate) document: &'d Document,
    findings: Vec<Finding>,
}

impl<'d> Reader<'d> {
    pub(crate) fn new(name: &'d str, source: &'d str, document: &'d Document) -> Self {
        Self {
            name,
            source,
            document,
            findings: Vec::new(),
        }
    }

    /// Everything that was wrong so far, in the document's order.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        self.findings.sort();
        self.findings
    }

    pub(crate) fn refuse(&mut self, at: Range<usize>, sentence: impl Into<String>) {
        self.findings
            .push(Finding::at(self.name, self.source, &at, sentence));
    }

    pub(crate) fn party(
        &mut self,
        at: Range<usize>,
        whose: &str,
        name: &Option<String>,
        address: &Option<String>,
    ) -> Party {
        let mut stated = |what: &str, text: &Option<String>| match text {
            Some(text) if !text.trim().is_empty() => text.clone(),
            Some(_) | None => {
                self.refuse(at.clone(), format!("{whose} has no {what} (S02)"));
                String::new()
            }
        };
        Party {
            name: stated("name", name),
            address: stated("address", address),
        }
    }

    /// What people are shown, in exactly the languages of the notice.
    pub(crate) fn words(&mut self, words: &document::Words) -> Words {
        let spoken = &self.document.texts;
        for language in spoken.keys() {
            if words
                .get_ref()
                .get(language)
                .is_none_or(|text| text.trim().is_empty())
            {
                self.refuse(
                    words.span(),
                    format!("there are no words in `{}`", language.get_ref()),
                );
            }
        }
        for language in words
            .get_ref()
            .keys()
            .filter(|language| !spoken.contains_key(*language))
        {
            self.refuse(
                language.span(),
                format!("the notice is not written in `{}`", language.get_ref()),
            );
        }
        self.coded(words.get_ref(), |_, _, text| text.clone())
    }

    /// A positive period of the calendar, such as `P24M`.
    pub(crate) fn period(&mut self, text: &Text) -> Span {
        let written = text.get_ref();
        // Jiff reads "2 years" and hours too; neither has a place in a term that counts in days.
        let calendar = !written.contains(['T', 't']) && written.trim_start_matches('-').starts_with('P');
        match written.parse::<Span>() {
            Ok(span) if calendar && span.is_positive() => span,
            Ok(_) if calendar => {
                self.refuse(text.span(), format!("the period `{written}` is not positive"));
                Span::new()
            }
            Ok(_) | Err(_) => {
                let sentence =
                    format!("`{written}` is no period in years, months, weeks or days: write P24M or P2D");
                self.refuse(text.span(), sentence);
                Span::new()
            }
        }
    }

    /// A day of the calendar.
    pub(crate) fn day(&mut self, text: &Text) -> Date {
        text.get_ref().parse().unwrap_or_else(|_| {
            self.refuse(
                text.span(),
                format!("`{}` is no day: write 2027-01-31", text.get_ref()),
            );
            Date::ZERO
        })
    }

    /// One of the languages that the notice is written in.
    pub(crate) fn language(&mut self, text: &Text) -> Option<Language> {
        if !self.document.texts.contains_key(text) {
            self.refuse(
                text.span(),
                format!("the notice is not written in `{}`", text.get_ref()),
            );
        }
        self.code(text)
    }

    pub(crate) fn zone(&mut self, text: &Text) -> TimeZone {
        TimeZone::get(text.get_ref()).unwrap_or_else(|_| {
            self.refuse(
                text.span(),
                format!("`{}` is no zone of the time zone database", text.get_ref()),
            );
            TimeZone::UTC
        })
    }

    pub(crate) fn grade(&mut self, text: &Text) -> Grade {
        text.get_ref().parse().unwrap_or_else(|_| {
            self.refuse(
                text.span(),
                format!("`{}` is no grade of evidence: write A, B, C or D", text.get_ref()),
            );
            Grade::A
        })
    }

    /// An article of the GDPR as the vocabularies write it: `A15`, `A7-3`.
    pub(crate) fn right(&mut self, text: &Text) -> String {
        let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !text
            .get_ref()
            .strip_prefix('A')
            .is_some_and(|article| article.split('-').all(number))
        {
            let sentence = format!(
                "`{}` is no article of the GDPR: write A15 or A7-3",
                text.get_ref()
            );
            self.refuse(text.span(), sentence);
        }
        text.get_ref().clone()
    }

    /// The address of a page: at another host, or a path at this one.
    pub(crate) fn link(&mut self, text: &Text) -> String {
        let link = text.get_ref();
        let absolute = link.starts_with("https://") || (link.starts_with('/') && !link.starts_with("//"));
        if !absolute || link.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
            self.refuse(
                text.span(),
                format!("`{link}` is no link: write https://host/path or /path"),
            );
        }
        link.clone()
    }

    /// A website as browsers name it, since that is what an embedding page is compared with.
    pub(crate) fn site(&mut self, text: &Text) -> String {
        let host = |host: &str| {
            let part =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:".contains(&byte);
            !host.is_empty() && host.bytes().all(part)
        };
        if !text.get_ref().strip_prefix("https://").is_some_and(host) {
            let sentence = format!(
                "`{}` is no site: write https://host, without a path",
                text.get_ref()
            );
            self.refuse(text.span(), sentence);
        }
        text.get_ref().clone()
    }

    pub(crate) fn facet(&mut self, text: &Text) -> Option<Facet> {
        let facet: Facet = self.parsed(text)?;
        if !self.offers(&facet) {
            self.refuse(text.span(), format!("the notice offers no facet `{facet}`"));
        }
        Some(facet)
    }

    /// A table whose keys are codes.
    pub(crate) fn coded<C, V, T, M>(
        &mut self,
        table: &Keyed<V>,
        mut each: impl FnMut(&mut Self, &Text, &V) -> T,
    ) -> M
    where
        C: FromStr<Err = NotACode>,
        M: FromIterator<(C, T)>,
    {
        let coded = table.iter().filter_map(|(key, value)| {
            let terms = each(self, key, value);
            Some((self.code(key)?, terms))
        });
        coded.collect()
    }

    pub(crate) fn codes<C: FromStr<Err = NotACode> + Ord>(&mut self, texts: &[Text]) -> BTreeSet<C> {
        texts.iter().filter_map(|text| self.code(text)).collect()
    }

    pub(crate) fn code<C: FromStr<Err = NotACode>>(&mut self, text: &Text) -> Option<C> {
        self.parsed(text)
    }

    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self, text: &Text) -> Option<T> {
        let parsed = text.get_ref().parse();
        parsed
            .map_err(|error| self.refuse(text.span(), format!("`{}` is {error}", text.get_ref())))
            .ok()
    }
}
