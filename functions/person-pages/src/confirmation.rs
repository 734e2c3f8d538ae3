//! `GET /v1/confirmations/{token}`: the page that a confirmation link leads to. Its button confirms; looking
//! at it does not, because mail scanners look at every link.

use domain::act::Act;
use domain::facet::Facets;
use domain::policy::Policy;
use domain::recipient::RecipientKind;
use domain::state::{State, Switch};
use jiff::Timestamp;
use maud::{Markup, html};
use platform::http::{Answer, Problem, Request, Status};
use platform::store::Store;
use platform::token::{Links, preferences_end};

use crate::form::{whole_notice, withdrawing};
use crate::frame::{self, Page};
use crate::opened;
use crate::speech::Speech;

pub(crate) async fn show(
    store: &Store,
    links: &Links,
    speech: &Speech,
    now: Timestamp,
    request: &Request,
) -> Answer {
    let read = |token: &str| links.tokens().read_confirmation(token, now);
    let (subject, grant) = opened(request, &["language"], read)?;
    let record = store.whole_chain(&subject).await?.record;
    let state = record.state();
    let mut acts = record.acts().unwrap_or_default().iter();
    let act = acts.find(|act| act.version == grant).ok_or_else(nothing)?;

    let asked = state.unconfirmed.get(&grant).is_some_and(|until| now < *until);
    let pending = standing(state, Switch::Pending { grant });
    let confirmed = standing(state, Switch::On { grant });
    let words = speech.words;
    let (title, main) = if asked && !pending.is_empty() {
        (words.confirm_title, question(store, speech, act, &pending))
    } else if !confirmed.is_empty() {
        // It ends with the form that is confirmed here, however often this page is opened.
        let link = links.preferences(&subject, preferences_end(act.learnt_at));
        let link = link.map_err(|error| Problem::unwritable(error.into()))?;
        (words.confirmed, done(store, speech, act, &confirmed, &link))
    } else {
        return Err(nothing());
    };
    let page = Page {
        title: title.to_owned(),
        here: frame::here(request, &[]),
        main,
    };
    frame::page(Status::OK, speech, store.policies, &page)
}

fn nothing() -> Problem {
    let detail = "there is nothing to confirm";
    Problem::new(Status::GONE, "nothing-to-confirm", detail)
}

/// The facets that stand like this.
fn standing(state: &State, switch: Switch) -> Facets {
    let such = state.facets.iter().filter(|(_, its)| **its == switch);
    such.map(|(facet, _)| facet.clone()).collect()
}

/// The notice that was shown when somebody agreed.
fn notice<'a>(store: &'a Store, act: &Act) -> Option<&'a Policy> {
    store.policies.shown(act.shown()?)
}

fn question(store: &Store, speech: &Speech, act: &Act, facets: &Facets) -> Markup {
    let words = speech.words;
    let policy = notice(store, act);
    html! {
        div.plain {
            h1 { (words.confirm_title) }
            p { (words.confirm_what) }
            ul { @for facet in speech.facets(store.policies, facets) { li { (facet) } } }
            @if let Some(policy) = policy {
                @if let Some(brand) = &act.evidence.brand { (whole_notice(speech, policy, brand)) }
                (receivers(speech, policy, facets))
            }
            form method="post" { button.main type="submit" { (words.confirm) } }
            p.hint { (words.confirm_hint) }
        }
    }
}

/// Who gets data once this is confirmed.
fn receivers(speech: &Speech, policy: &Policy, facets: &Facets) -> Markup {
    let words = speech.words;
    let lets = |kind: RecipientKind| facets.iter().any(|facet| facet.lets(kind));
    let standing = policy.standing.values().filter(|standing| lets(standing.kind));
    let named = standing.map(|standing| format!("{}: {}", standing.party.name, speech.kind(standing.kind)));
    let named: Vec<String> = named.collect();
    let dealers = lets(RecipientKind::Dealer);
    html! {
        @if dealers || !named.is_empty() {
            details {
                summary { (words.receivers) }
                ul {
                    @for party in named { li { (party) } }
                    @if dealers { li { (words.your_dealers) } }
                }
            }
        }
    }
}

fn done(store: &Store, speech: &Speech, act: &Act, facets: &Facets, link: &str) -> Markup {
    let words = speech.words;
    html! {
        div.plain {
            h1 { (words.confirmed) }
            p { (words.confirmed_what) }
            ul { @for facet in speech.facets(store.policies, facets) { li { (facet) } } }
            p { a.button href=(link) { (words.to_your_choices) } }
            @if let Some(policy) = notice(store, act) { (withdrawing(speech, policy)) }
        }
    }
}
