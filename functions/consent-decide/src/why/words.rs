//! What a person reads in an answer: the words of the notices, in one language.

use domain::act::Shown;
use domain::codes::{Category, Channel, Purpose};
use domain::policy::{Policies, Policy, Words as Titles};
use platform::http::Request;
use platform::language;
use serde::Serialize;

/// A word of the notices, and what people call it.
#[derive(Serialize)]
pub(super) struct Named<'a> {
    code: String,
    title: &'a str,
}

#[derive(Serialize)]
pub(super) struct NoticeTold<'a> {
    id: &'a str,
    version: u32,
    language: &'a str,
    title: &'a str,
    body: &'a str,
    hash: &'a str,
}

/// The words of the notices, in the person's language.
pub(super) struct Words<'a> {
    /// First the one whose words count, and the others for what it does not have.
    policies: Vec<&'a Policy>,
    pub(super) language: &'a str,
}

impl<'a> Words<'a> {
    /// Those of the notice that was shown, and to whom none was, of the first: in the language asked for, or the
    /// browser's, or that it was shown in.
    pub(super) fn of(policies: &'a Policies, shown: Option<&'a Shown>, request: &Request) -> Self {
        let shown = shown.and_then(|shown| {
            let policy = policies.find(&shown.notice, shown.version)?;
            Some((policy, shown.language.as_str()))
        });
        let own = |policy: &'a Policy| (policy, policy.language.as_str());
        let counts = shown.or_else(|| policies.iter().next().map(own));
        let spoken = |(policy, otherwise): (&'a Policy, &'a str)| {
            language::choose(request, &policy.languages(), otherwise).language
        };
        let first = counts.map(|(policy, _)| policy);
        Self {
            policies: first.into_iter().chain(policies.iter()).collect(),
            language: counts.map_or("", spoken),
        }
    }

    pub(super) fn purpose(&self, purpose: &Purpose) -> Named<'a> {
        self.named(purpose.as_str(), |policy| {
            Some(&policy.purposes.get(purpose)?.title)
        })
    }

    pub(super) fn channel(&self, channel: &Channel) -> Named<'a> {
        self.named(channel.as_str(), |policy| {
            Some(&policy.channels.get(channel)?.title)
        })
    }

    pub(super) fn category(&self, category: &Category) -> Named<'a> {
        self.named(category.as_str(), |policy| {
            Some(&policy.categories.get(category)?.title)
        })
    }

    fn named(&self, code: &str, title: impl Fn(&'a Policy) -> Option<&'a Titles>) -> Named<'a> {
        let mut policies = self.policies.iter();
        let title = policies.find_map(|policy| title(policy)?.get(self.language));
        Named {
            code: code.to_owned(),
            title: title.map(String::as_str).unwrap_or_default(),
        }
    }

    /// The notice that was shown.
    pub(super) fn notice(&self, shown: &Shown) -> Option<NoticeTold<'a>> {
        let was_shown = |policy: &&&Policy| policy.notice == shown.notice && policy.version == shown.version;
        let policy = self.policies.iter().find(was_shown)?;
        let (language, text) = policy.texts.get_key_value(self.language)?;
        Some(NoticeTold {
            id: policy.notice.as_str(),
            version: policy.version,
            language: language.as_str(),
            title: &text.title,
            body: &text.body,
            hash: &text.hash,
        })
    }
}
