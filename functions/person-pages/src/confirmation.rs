//! `GET /v1/confirmations/{token}`: the page that a confirmation link leads to. Its button confirms; looking
//! at it does not, because mail scanners look at every link.

use domain::facet::Facets;
use domain::state::{State, Switch};
use jiff::Timestamp;
use maud::{Markup, html};
use platform::http::{self, Answer, Problem, Request, Status};
use platform::store::Store;
use platform::token::Links;

use crate::bad_link;
use crate::frame::{self, Page};
use crate::speech::Speech;

pub(crate) async fn show(
    store: &Store,
    links: &Links,
    speech: &Speech,
    now: Timestamp,
    request: &Request,
) -> Answer {
    http::only_query(request, &["language"])?;
    let token = http::path_text(request, "token");
    let read = links.tokens().read_confirmation(&token, now);
    let (subject, grant) = read.map_err(|_| bad_link())?;
    let record = store.chain(&subject).await?.record;
    let state = record.state();

    let asked = state.unconfirmed.get(&grant).is_some_and(|until| now < *until);
    let pending = standing(state, Switch::Pending { grant });
    let confirmed = standing(state, Switch::On { grant });
    let words = speech.words;
    let (title, main) = if asked && !pending.is_empty() {
        (words.confirm_title, question(store, speech, &pending))
    } else if !confirmed.is_empty() {
        (words.confirmed, done(store, speech, &confirmed))
    } else {
        let detail = "there is nothing to confirm";
        return Err(Problem::new(Status::GONE, "nothing-to-confirm", detail));
    };
    let page = Page {
        title: title.to_owned(),
        here: frame::here(request, &[]),
        main,
    };
    frame::page(Status::OK, speech, store.policies, &page)
}

/// The facets that stand like this.
fn standing(state: &State, switch: Switch) -> Facets {
    let such = state.facets.iter().filter(|(_, its)| **its == switch);
    such.map(|(facet, _)| facet.clone()).collect()
}

fn question(store: &Store, speech: &Speech, facets: &Facets) -> Markup {
    let words = speech.words;
    html! {
        div.plain {
            h1 { (words.confirm_title) }
            p { (words.confirm_what) }
            ul { @for facet in speech.facets(store.policies, facets) { li { (facet) } } }
            form method="post" { button.main type="submit" { (words.confirm) } }
            p.hint { (words.confirm_hint) }
        }
    }
}

fn done(store: &Store, speech: &Speech, facets: &Facets) -> Markup {
    let words = speech.words;
    html! {
        div.plain {
            h1 { (words.confirmed) }
            p { (words.confirmed_what) }
            ul { @for facet in speech.facets(store.policies, facets) { li { (facet) } } }
        }
    }
}
