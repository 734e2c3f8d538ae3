//! Who has data of somebody, which, why, and who has confirmed the latest change (GDPR 15, 19).

use domain::holding::{Holding, Request};
use domain::recipient::RecipientKind;
use domain::record::View;
use jiff::Timestamp;
use maud::{Markup, html};
use platform::store::{Delivery, Entry};

use crate::said::Registered;
use crate::speech::Speech;
use crate::words::fill;

/// One recipient, as it stands.
struct Holder<'a> {
    entry: &'a Entry,
    kind: RecipientKind,
    /// All that it may have.
    held: Holding,
    /// What is still allowed.
    allowed: Holding,
}

pub(super) fn section(speech: &Speech, view: &View<'_>, ledger: &[Entry], registered: &Registered) -> Markup {
    let words = speech.words;
    let told: Vec<&Entry> = ledger.iter().filter(|entry| entry.was_told()).collect();
    html! {
        section #holders {
            h2 { (words.holders) }
            p.hint { (words.holders_lead) }
            @if told.is_empty() { p.card { (words.nobody_holds) } }
            @for entry in told {
                div.card {
                    h3 { (speech.recipient(view.policies, registered, &entry.recipient)) }
                    (Holder::of(view, entry, registered).card(speech, view))
                }
            }
        }
    }
}

impl<'a> Holder<'a> {
    fn of(view: &View<'_>, entry: &'a Entry, registered: &Registered) -> Self {
        let kind = entry.kind(view.policies);
        let registration = registered.get(&entry.recipient);
        Self {
            entry,
            kind,
            held: entry.may_hold(view.policies, kind),
            allowed: registration
                .map(|registration| Holding::of(view, &registration.recipient))
                .unwrap_or_default(),
        }
    }

    fn card(&self, speech: &Speech, view: &View<'_>) -> Markup {
        let words = speech.words;
        let categories = speech.categories(view.policies, self.held.categories.keys());
        let delivery = self.entry.delivery(view, &self.allowed);
        let what = speech.kind(self.kind);
        html! {
            p.hint { (what) }
            @if self.held.is_empty() { p { (words.holds_nothing) } }
            @for request in &self.held.requests { p { (asked(speech, view, *request)) } }
            @if !categories.is_empty() {
                p { (self.why(speech, view)) }
                p.label { (words.may_hold) }
                ul.tags { @for category in categories { li { (category) } } }
            }
            @if let Some(state) = self.state(speech, view, delivery) {
                p.state data-state=(delivery.as_str()) { (state) }
            }
        }
    }

    /// Nothing of what it was given for is allowed any more.
    fn is_over(&self) -> bool {
        self.allowed.categories.is_empty()
    }

    fn why(&self, speech: &Speech, view: &View<'_>) -> String {
        let words = speech.words;
        match self.kind {
            _ if self.is_over() && is_consented(view, self.kind) => words.why_not_entitled.to_owned(),
            _ if self.is_over() => words.why_nothing.to_owned(),
            RecipientKind::GroupCompany => words.why_group_company.to_owned(),
            RecipientKind::Processor => words.why_processor.to_owned(),
            RecipientKind::Dealer => {
                let ties = self.allowed.relations.iter();
                let ties: Vec<&str> = ties.map(|kind| speech.relation(view.policies, kind)).collect();
                fill(words.why_dealer, &[&ties.join(", ")])
            }
        }
    }

    /// None where it was never told anything that it could have confirmed.
    fn state(&self, speech: &Speech, view: &View<'_>, delivery: Delivery) -> Option<String> {
        let words = speech.words;
        let day = |at: Option<Timestamp>| at.map(|at| speech.day(view.policies, at));
        let about = |sentence: &str, at| day(at).map(|day| fill(sentence, &[&day]));
        let (unconfirmed, overdue) = if self.is_over() {
            (words.stop_unconfirmed, words.stop_overdue)
        } else {
            (words.less_unconfirmed, words.less_overdue)
        };
        match (delivery, self.entry.loss_since) {
            (Delivery::GivenUp, _) => Some(words.unreachable.to_owned()),
            (Delivery::Overdue, since) => about(overdue, since),
            (Delivery::Pending, Some(since)) => about(unconfirmed, Some(since)),
            (Delivery::Pending, None) => Some(words.being_told.to_owned()),
            (Delivery::UpToDate, _) => about(words.up_to_date, self.entry.acknowledged_at),
        }
    }
}

/// What a processor was asked to send, and so was given an address for.
fn asked(speech: &Speech, view: &View<'_>, request: Request) -> String {
    match request {
        Request::Confirmation { .. } => speech.words.holds_to_ask.to_owned(),
        Request::Reminder { until } => {
            fill(speech.words.holds_to_remind, &[&speech.day(view.policies, until)])
        }
    }
}

/// Whether something that is on still lets a recipient of this kind have data.
fn is_consented(view: &View<'_>, kind: RecipientKind) -> bool {
    let mut letting = view.state.facets.keys().filter(|facet| facet.lets(kind));
    letting.any(|facet| view.state.is_active(facet, view.at))
}
