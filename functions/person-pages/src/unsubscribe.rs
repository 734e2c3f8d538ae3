//! `POST /v1/unsubscribe/{token}`: the unsubscribe button of a mail client (RFC 8058), and of the page that a
//! `GET` shows. No cookie, no login; twice is once; exactly what the link names.

use domain::act::{Evidence, Grade, Via};
use domain::facet::Facet;
use domain::record::Record;
use domain::withdraw::Selection;
use jiff::Timestamp;
use maud::{Markup, html};
use platform::http::{self, Answer, Problem, Request, Status};
use platform::metric;
use platform::store::{Beside, Guard, Store};
use platform::token::Links;

use crate::bad_link;
use crate::frame::{self, Page};
use crate::speech::Speech;

/// What a mail client posts, in one of two encodings, and what the button of the page posts.
const FIELD: &str = "List-Unsubscribe";
const ONE_CLICK: &str = "One-Click";

pub(crate) fn show(store: &Store, links: &Links, speech: &Speech, request: &Request) -> Answer {
    http::only_query(request, &["language"])?;
    let token = http::path_text(request, "token");
    let read = links.tokens().read_unsubscription(&token);
    let (_, facet) = read.map_err(|_| bad_link())?;

    let page = Page {
        title: speech.words.unsubscribe.to_owned(),
        here: frame::here(request, &[]),
        main: question(store, speech, &facet),
    };
    frame::page(Status::OK, speech, store.policies, &page)
}

pub(crate) async fn withdraw(
    store: &Store,
    links: &Links,
    speech: &Speech,
    now: Timestamp,
    request: &Request,
) -> Answer {
    http::only_query(request, &["language"])?;
    let token = http::path_text(request, "token");
    let read = links.tokens().read_unsubscription(&token);
    let (subject, facet) = read.map_err(|_| bad_link())?;
    if !is_one_click(request)? {
        let detail = "the body must be List-Unsubscribe=One-Click";
        return Err(Problem::bad("malformed", "/List-Unsubscribe", detail));
    }

    let selection = Selection::Named {
        purposes: Vec::new(),
        channels: Vec::new(),
        facets: vec![facet.clone()],
    };
    let step = |record: &Record| record.withdraw(store.policies, &selection, None, by_link(), now);
    store
        .amend(&subject, &Guard::default(), &Beside::Nothing, step)
        .await
        .map_err(Problem::from)?;
    metric::WITHDRAWALS.record(1, now);

    let page = Page {
        title: speech.words.unsubscribed.to_owned(),
        here: None,
        main: done(store, speech, &facet),
    };
    frame::page(Status::OK, speech, store.policies, &page)
}

/// The proof of a withdrawal by a link: none is needed, because any valid link suffices.
pub(crate) fn by_link() -> Evidence {
    Evidence {
        via: Via::Form,
        grade: Grade::D,
        brand: None,
        told_by: None,
    }
}

/// RFC 8058 lets the pair come as a form of either encoding.
fn is_one_click(request: &Request) -> Result<bool, Problem> {
    if http::is_form(request) {
        let fields = http::form(request)?;
        return Ok(fields
            .iter()
            .any(|(name, value)| name == FIELD && value == ONE_CLICK));
    }
    let text = String::from_utf8_lossy(http::bytes(request)?);
    let named = text
        .split("\r\n\r\n")
        .zip(text.split("\r\n\r\n").skip(1))
        .find(|(head, _)| head.contains(&format!("name=\"{FIELD}\"")));
    Ok(named.is_some_and(|(_, value)| value.lines().next() == Some(ONE_CLICK)))
}

fn question(store: &Store, speech: &Speech, facet: &Facet) -> Markup {
    let words = speech.words;
    html! {
        div.plain {
            h1 { (words.unsubscribe) }
            p { (words.unsubscribe_what) }
            p.thing { (speech.facet(store.policies, facet)) }
            form method="post" {
                input type="hidden" name=(FIELD) value=(ONE_CLICK);
                button.main type="submit" { (words.unsubscribe_button) }
            }
            p.hint { (words.unsubscribe_hint) }
        }
    }
}

fn done(store: &Store, speech: &Speech, facet: &Facet) -> Markup {
    let words = speech.words;
    html! {
        div.plain {
            h1 { (words.unsubscribed) }
            p { (words.unsubscribed_what) }
            p.thing { (speech.facet(store.policies, facet)) }
        }
    }
}
