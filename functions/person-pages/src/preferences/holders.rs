//! Who has data of somebody, which, why, and who has confirmed the latest change (GDPR 15, 19).

use domain::facet::Facet;
use domain::holding::Holding;
use domain::recipient::RecipientKind;
use domain::record::View;
use jiff::Timestamp;
use maud::{Markup, html};
use platform::store::{Delivery, Entry};

use crate::speech::Speech;
use crate::words::fill;

pub(super) fn section(speech: &Speech, view: &View<'_>, ledger: &[Entry]) -> Markup {
    let words = speech.words;
    html! {
        section #holders {
            h2 { (words.holders) }
            p.hint { (words.holders_lead) }
            @if ledger.is_empty() { p.card { (words.nobody_holds) } }
            @for entry in ledger { (holder(speech, view, entry)) }
        }
    }
}

fn holder(speech: &Speech, view: &View<'_>, entry: &Entry) -> Markup {
    let words = speech.words;
    let policies = view.policies;
    let kind = entry.kind(policies);
    let holding = entry.may_hold(policies, kind);
    let categories = speech.categories(policies, holding.categories.keys());
    let ended = entry.loss_since.is_some() || !is_allowed(view, kind);
    let told = entry.delivery(policies, view.at);
    // Between a withdrawal and the errand that tells of it, the ledger does not know of it yet.
    let delivery = if told == Delivery::UpToDate && ended && !categories.is_empty() {
        Delivery::Pending
    } else {
        told
    };
    let (what, why) = match kind {
        RecipientKind::GroupCompany => (words.group_company, words.why_group_company.to_owned()),
        RecipientKind::Processor => (words.processor, words.why_processor.to_owned()),
        RecipientKind::Dealer => (words.dealer, of_a_dealer(speech, view, &holding)),
    };
    html! {
        div.card {
            h3 { (speech.recipient(policies, &entry.recipient)) }
            p.hint { (what) }
            @if categories.is_empty() {
                p { (words.holds_nothing) }
            } @else {
                p { (if ended { words.why_nothing } else { &why }) }
                p.label { (words.may_hold) }
                ul.tags { @for category in categories { li { (category) } } }
            }
            @if let Some(state) = state(speech, view, entry, delivery) {
                p.state data-state=(delivery.as_str()) { (state) }
            }
        }
    }
}

/// Whether something that is on still lets a recipient of this kind have data.
fn is_allowed(view: &View<'_>, kind: RecipientKind) -> bool {
    let lets = |facet: &&Facet| match facet {
        Facet::Sharing(its) => *its == kind,
        Facet::Contact(..) => kind == RecipientKind::Processor,
        Facet::Profiling | Facet::Separate(_) => false,
    };
    let mut letting = view.state.facets.keys().filter(lets);
    letting.any(|facet| view.state.is_active(facet, view.at))
}

fn of_a_dealer(speech: &Speech, view: &View<'_>, holding: &Holding) -> String {
    let ties: Vec<&str> = holding
        .relations
        .iter()
        .map(|kind| speech.relation(view.policies, kind))
        .collect();
    fill(speech.words.why_dealer, &[&ties.join(", ")])
}

/// None where it was never told anything that it could have confirmed.
fn state(speech: &Speech, view: &View<'_>, entry: &Entry, delivery: Delivery) -> Option<String> {
    let words = speech.words;
    let day = |at: Option<Timestamp>| at.map(|at| speech.day(view.policies, at));
    let about = |sentence: &str, at| day(at).map(|day| fill(sentence, &[&day]));
    match (delivery, entry.loss_since) {
        (Delivery::GivenUp, _) => Some(words.unreachable.to_owned()),
        (Delivery::Overdue, since) => about(words.stop_overdue, since),
        (Delivery::Pending, Some(since)) => about(words.stop_unconfirmed, Some(since)),
        (Delivery::Pending, None) => Some(words.being_told.to_owned()),
        (Delivery::UpToDate, _) => about(words.up_to_date, entry.acknowledged_at),
    }
}
