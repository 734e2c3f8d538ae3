//! `POST /v1/unsubscribe/{token}`: the unsubscribe button of a mail client (RFC 8058), and of the page that a
//! `GET` shows. No cookie, no login; twice is once; exactly what the link names.

use domain::act::{Evidence, Grade, Via};
use domain::facet::Facet;
use domain::record::Record;
use domain::state::Standing;
use domain::subject::Subject;
use domain::withdraw::Selection;
use jiff::Timestamp;
use maud::{Markup, html};
use platform::http::{self, Answer, Problem, Request, Status};
use platform::metric;
use platform::store::{Beside, Guard, Store};
use platform::token::Links;

use crate::form::withdrawing;
use crate::frame::{self, Page};
use crate::opened;
use crate::speech::Speech;

/// What a mail client posts, in one of two encodings, and what the button of the page posts.
const FIELD: &str = "List-Unsubscribe";
const ONE_CLICK: &str = "One-Click";

/// Says whether this one thing is off, and nothing else: the link never ends.
pub(crate) async fn show(
    store: &Store,
    links: &Links,
    speech: &Speech,
    now: Timestamp,
    request: &Request,
) -> Answer {
    let read = |token: &str| links.tokens().read_unsubscription(token);
    let (subject, facet) = opened(request, &["language"], read)?;
    let record = store.chain(&subject).await?.record;
    let view = record.now(store.policies, now);
    let is_off = match view.state.standing(&facet, view.at) {
        Standing::Active { .. } | Standing::Pending { .. } => false,
        Standing::Never
        | Standing::Withdrawn(_)
        | Standing::Objected(_)
        | Standing::Lapsed { .. }
        | Standing::Erased(_) => true,
    };

    let words = speech.words;
    let (title, main) = if is_off {
        let title = words.unsubscribed_already;
        (title, done(store, links, speech, &subject, (title, &facet))?)
    } else {
        (words.unsubscribe, question(store, speech, &facet))
    };
    let page = Page {
        title: title.to_owned(),
        here: frame::here(request, &[]),
        main,
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
    let read = |token: &str| links.tokens().read_unsubscription(token);
    let (subject, facet) = opened(request, &["language"], read)?;
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
        .await?;
    metric::WITHDRAWALS.record(1, now);

    let title = speech.words.unsubscribed;
    let page = Page {
        title: title.to_owned(),
        here: None,
        main: done(store, links, speech, &subject, (title, &facet))?,
    };
    frame::page(Status::OK, speech, store.policies, &page)
}

/// The proof of a withdrawal by a link: none is needed, because any valid link suffices.
pub(crate) fn by_link() -> Evidence {
    Evidence::of(Via::Form, Grade::D)
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

/// It is off; and what can be done about the rest, which this page shows nothing of.
fn done(
    store: &Store,
    links: &Links,
    speech: &Speech,
    subject: &Subject,
    (title, facet): (&str, &Facet),
) -> Result<Markup, Problem> {
    let words = speech.words;
    // A token that has ended withdraws everything, and shows nothing.
    let token = links.tokens().preferences(subject, Timestamp::UNIX_EPOCH);
    let token = token.map_err(|error| Problem::unwritable(error.into()))?;
    let policy = store.policies.iter().find(|policy| policy.offers(facet));
    Ok(html! {
        div.plain {
            h1 { (title) }
            p { (words.unsubscribed_what) }
            p.thing { (speech.facet(store.policies, facet)) }
            h2 { (words.other_choices) }
            p { (words.other_choices_text) }
            form method="post" action=(format!("/v1/preferences/{token}?language={}", words.language)) {
                button type="submit" name="withdraw" value="all" { (words.withdraw_all) }
            }
            p.hint { (words.withdraw_all_hint) }
            @if let Some(policy) = policy { (withdrawing(speech, policy)) }
        }
    })
}
