//! `GET`, `POST /v1/preferences/{token}`: all that somebody allows, who has its data, and what happened, by a
//! signed link and without a login. Each thing is taken back with one click where it stands.
//!
//! Invariant: taking back never takes more actions than giving, and works with a link that has ended.

use std::collections::BTreeSet;

use domain::act::{Act, Shown};
use domain::codes::{Channel, RecipientId};
use domain::record::Record;
use domain::subject::Subject;
use domain::withdraw::Selection;
use jiff::Timestamp;
use maud::html;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::metric;
use platform::store::{Beside, Entry, Guard, Store};
use platform::token::{Links, Opened};

use crate::choices::Ticks;
use crate::frame::{self, Page};
use crate::speech::Speech;
use crate::unsubscribe::by_link;
use crate::{bad_link, opened, origin};

mod allow;
mod allowed;
mod happened;
mod history;
mod holders;

use allow::Allow;
use happened::{Done, happened};

/// What the query of the page may hold.
const QUERY: &[&str] = &["language", "done"];

/// What one button of the page says.
enum Pressed {
    Withdraw(Selection),
    Allow(Allow),
}

pub(crate) async fn show(
    store: &Store,
    links: &Links,
    speech: &Speech,
    now: Timestamp,
    request: &Request,
) -> Answer {
    let read = |token: &str| links.tokens().read_preferences(token, now);
    let subject = match opened(request, QUERY, read)? {
        Opened::All(subject) => subject,
        Opened::OnlyWithdrawal(subject) => return ended(store, speech, &subject, now, request).await,
    };
    let record = store.whole_chain(&subject).await?.record;
    // Somebody of whom nothing is known has no page: the link says no more than one that was made up.
    if record.version == 0 {
        return Err(bad_link());
    }
    let acts = record.acts().unwrap_or_default();
    let ledger = store.ledger(&subject).await?;
    let registered = store.registered(&named(acts, &ledger)).await?;

    let words = speech.words;
    let view = record.now(store.policies, now);
    let main = html! {
        @if let Some(text) = happened(speech, &record, now, request)? { (frame::happened(text)) }
        h1 { (words.choices) }
        p.lead { (words.choices_lead) }
        p.hint { (crate::words::fill(words.as_of, &[&speech.day(store.policies, view.at)])) }
        (allowed::section(speech, &view))
        (holders::section(speech, &view, &ledger, &registered))
        (allow::section(speech, &view, acts))
        (history::section(speech, store.policies, acts, &registered))
        (allowed::notices(speech, &view))
    };
    let page = Page {
        title: words.choices.to_owned(),
        here: frame::here(request, &[]),
        main,
    };
    frame::page(Status::OK, speech, store.policies, &page)
}

/// Do what the button says, and send the browser back to the page.
pub(crate) async fn change(
    store: &Store,
    links: &Links,
    speech: &Speech,
    now: Timestamp,
    request: &Request,
) -> Answer {
    let read = |token: &str| links.tokens().read_preferences(token, now);
    let opened = opened(request, QUERY, read)?;
    origin::must_be_ours(request, store.policies)?;
    let pressed = pressed(http::form(request)?)?;

    let done = match (pressed, opened) {
        (Pressed::Withdraw(selection), Opened::All(subject)) => {
            withdraw(store, &subject, &selection, now).await?
        }
        (Pressed::Withdraw(selection @ Selection::All), Opened::OnlyWithdrawal(subject)) => {
            withdraw(store, &subject, &selection, now).await?
        }
        (Pressed::Allow(allow), Opened::All(subject)) => {
            allow.grant(store, &subject, speech, now, request).await?
        }
        (Pressed::Withdraw(_) | Pressed::Allow(_), Opened::OnlyWithdrawal(_)) => {
            return Err(Problem::new(Status::GONE, "link-ended", "the link has ended"));
        }
    };
    let language = speech.words.language;
    http::see_other(&format!(
        "{}?language={language}&done={}",
        request.uri().path(),
        done.as_str()
    ))
}

/// One field says what to do; for allowing, the ticks come with it.
fn pressed(fields: Vec<(String, String)>) -> Result<Pressed, Problem> {
    let unreadable = || Problem::bad("malformed", "/?", "this is none of the buttons of the page");
    let mut withdrawn = None;
    let mut ticks = Ticks::default();
    let mut allow = Vec::new();
    for (name, value) in fields {
        match name.as_str() {
            "withdraw" | "stop" if withdrawn.is_none() => withdrawn = Some((name, value)),
            _ if ticks.take(&name, &value) => {}
            _ => allow.push((name, value)),
        }
    }
    let Some((name, value)) = withdrawn else {
        return Allow::read(allow, ticks).map(Pressed::Allow);
    };
    if !allow.is_empty() {
        return Err(unreadable());
    }
    let mut named = (Vec::<Channel>::new(), Vec::new());
    match (name.as_str(), value.as_str()) {
        ("withdraw", "all") => return Ok(Pressed::Withdraw(Selection::All)),
        ("withdraw", facet) => named.1.push(facet.parse().map_err(|_| unreadable())?),
        (_, channel) => named.0.push(channel.parse().map_err(|_| unreadable())?),
    }
    Ok(Pressed::Withdraw(Selection::Named {
        purposes: Vec::new(),
        channels: named.0,
        facets: named.1,
    }))
}

async fn withdraw(
    store: &Store,
    subject: &Subject,
    selection: &Selection,
    now: Timestamp,
) -> Result<Done, Problem> {
    let step = |record: &Record| {
        if record.version == 0 {
            return Ok(None);
        }
        record.withdraw(store.policies, selection, None, by_link(), now)
    };
    let change = store
        .amend(subject, &Guard::default(), &Beside::Nothing, step)
        .await?;
    if change.record.version == 0 {
        return Err(bad_link());
    }
    metric::WITHDRAWALS.record(1, now);
    Ok(Done::Withdrawn)
}

/// What is left of a link that has ended: a button, and nothing of anybody.
async fn ended(
    store: &Store,
    speech: &Speech,
    subject: &Subject,
    now: Timestamp,
    request: &Request,
) -> Answer {
    let words = speech.words;
    let record = store.whole_chain(subject).await?.record;
    let happened = happened(speech, &record, now, request)?;
    let main = html! {
        div.plain {
            @if let Some(text) = happened { (frame::happened(text)) }
            h1 { (words.link_ended) }
            p { (words.link_ended_text) }
            p { (words.still_withdraw) }
            form method="post" {
                button.main type="submit" name="withdraw" value="all" { (words.withdraw_all) }
            }
            p.hint { (words.withdraw_all_hint) }
        }
    };
    let page = Page {
        title: words.link_ended.to_owned(),
        here: frame::here(request, &[]),
        main,
    };
    frame::page(Status::GONE, speech, store.policies, &page)
}

/// The recipients that the page names.
fn named<'a>(acts: &'a [Act], ledger: &'a [Entry]) -> BTreeSet<&'a RecipientId> {
    let told_by = acts.iter().filter_map(|act| act.evidence.told_by.as_ref());
    let tied = acts
        .iter()
        .filter_map(|act| Some(&act.what.relation()?.recipient));
    let told = ledger.iter().map(|entry| &entry.recipient);
    told_by.chain(tied).chain(told).collect()
}

/// The acts by which somebody agreed, newest first.
fn grants(acts: &[Act]) -> impl Iterator<Item = (&Act, &Shown)> {
    acts.iter().rev().filter_map(|act| Some((act, act.shown()?)))
}
