//! Facets, parties, categories and days in plain words.

use std::collections::BTreeMap;

use domain::codes::{Category, Channel, Purpose, RecipientId, RelationKind};
use domain::facet::{Facet, Facets};
use domain::policy::{Policies, Policy};
use domain::recipient::RecipientKind;
use jiff::Timestamp;
use platform::store::Registration;

use crate::speech::Speech;
use crate::words::fill;

/// The recipients that a page names, as far as they are registered.
pub(crate) type Registered = BTreeMap<RecipientId, Registration>;

impl Speech {
    /// The calendar day of an instant, where the notices live.
    pub(crate) fn day(&self, policies: &Policies, at: Timestamp) -> String {
        let Some(policy) = policies.iter().next() else {
            return at.to_string();
        };
        let day = policy.day(at);
        let month = usize::try_from(day.month() - 1)
            .ok()
            .and_then(|month| self.words.months.get(month));
        fill(
            self.words.date,
            &[
                &day.day().to_string(),
                month.copied().unwrap_or_default(),
                &day.year().to_string(),
            ],
        )
    }

    /// The same, and the time of day.
    pub(crate) fn minute(&self, policies: &Policies, at: Timestamp) -> String {
        let day = self.day(policies, at);
        match policies.iter().next() {
            Some(policy) => format!("{day}, {}", policy.time_of_day(at).strftime("%H:%M")),
            None => day,
        }
    }

    /// What a recipient of this kind is.
    pub(crate) fn kind(&self, kind: RecipientKind) -> &'static str {
        match kind {
            RecipientKind::GroupCompany => self.words.group_company,
            RecipientKind::Processor => self.words.processor,
            RecipientKind::Dealer => self.words.dealer,
        }
    }

    pub(crate) fn purpose<'a>(&self, policies: &'a Policies, purpose: &'a Purpose) -> &'a str {
        let terms = policies.iter().find_map(|policy| policy.purposes.get(purpose));
        terms.map_or(purpose.as_str(), |terms| self.title(&terms.title))
    }

    pub(crate) fn channel<'a>(&self, policies: &'a Policies, channel: &'a Channel) -> &'a str {
        let terms = policies.iter().find_map(|policy| policy.channels.get(channel));
        terms.map_or(channel.as_str(), |terms| self.title(&terms.title))
    }

    pub(crate) fn category<'a>(&self, policies: &'a Policies, category: &'a Category) -> &'a str {
        let terms = policies.iter().find_map(|policy| policy.categories.get(category));
        terms.map_or(category.as_str(), |terms| self.title(&terms.title))
    }

    pub(crate) fn relation<'a>(&self, policies: &'a Policies, kind: &'a RelationKind) -> &'a str {
        let terms = policies.iter().find_map(|policy| policy.relations.get(kind));
        terms.map_or(kind.as_str(), |terms| self.title(&terms.title))
    }

    /// By the name that a notice gives it, or else its registration; by its code where it has none.
    pub(crate) fn recipient<'a>(
        &self,
        policies: &'a Policies,
        registered: &'a Registered,
        recipient: &'a RecipientId,
    ) -> &'a str {
        let standing = policies.iter().find_map(|policy| policy.standing.get(recipient));
        let listed = standing.map(|standing| standing.party.name.as_str());
        let registered = || registered.get(recipient)?.name.as_deref();
        listed.or_else(registered).unwrap_or(recipient.as_str())
    }

    pub(crate) fn facet(&self, policies: &Policies, facet: &Facet) -> String {
        match facet {
            Facet::Contact(purpose, channel) => {
                let purpose = self.purpose(policies, purpose);
                format!("{purpose}: {}", self.channel(policies, channel))
            }
            Facet::Profiling => self.words.profiling.to_owned(),
            Facet::Sharing(RecipientKind::GroupCompany | RecipientKind::Processor) => {
                self.words.sharing_group.to_owned()
            }
            Facet::Sharing(RecipientKind::Dealer) => self.words.sharing_dealer.to_owned(),
            Facet::Separate(name) => {
                let titles = policies.iter().find_map(|policy| policy.separate.get(name));
                titles
                    .map_or(name.as_str(), |titles| self.title(titles))
                    .to_owned()
            }
        }
    }

    /// Many facets in few words: a purpose with all its channels is one thing.
    pub(crate) fn facets(&self, policies: &Policies, facets: &Facets) -> Vec<String> {
        let mut channels: BTreeMap<&Purpose, Vec<&str>> = BTreeMap::new();
        let mut others = Vec::new();
        for facet in facets {
            if let Facet::Contact(purpose, channel) = facet {
                let title = self.channel(policies, channel);
                channels.entry(purpose).or_default().push(title);
            } else {
                others.push(self.facet(policies, facet));
            }
        }
        let contacts = channels.into_iter().map(|(purpose, channels)| {
            format!("{}: {}", self.purpose(policies, purpose), channels.join(", "))
        });
        contacts.chain(others).collect()
    }

    /// The same in a sentence; everything that there is has a word of its own.
    pub(crate) fn facets_in_a_row(&self, policies: &Policies, facets: &Facets) -> String {
        let everything = policies.iter().flat_map(Policy::facets);
        if !facets.is_empty() && everything.into_iter().all(|facet| facets.contains(&facet)) {
            return self.words.everything.to_owned();
        }
        self.facets(policies, facets).join(" · ")
    }

    pub(crate) fn categories<'a>(
        &self,
        policies: &'a Policies,
        categories: impl IntoIterator<Item = &'a Category>,
    ) -> Vec<&'a str> {
        let titles = categories.into_iter();
        titles.map(|category| self.category(policies, category)).collect()
    }
}
