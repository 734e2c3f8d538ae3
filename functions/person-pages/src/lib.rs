//! What the person whose consent it is gets to see: the form, the confirmation, its choices, the one click.
//!
//! Every page is HTML that works without a script, sets no cookie, asks no other host for anything, and is
//! never kept by a cache. A GET changes nothing: mail scanners follow every link.

use jiff::Timestamp;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::token::{BadToken, Links};

use crate::speech::Speech;

mod assets;
mod choices;
mod confirmation;
mod form;
mod frame;
mod links;
mod origin;
mod preferences;
mod said;
mod speech;
mod unsubscribe;
mod words;

/// Show a page, or do what somebody asked for on one.
pub async fn handle(
    store: &Store,
    pseudonyms: &Pseudonyms,
    links: &Links,
    now: Timestamp,
    request: Request,
) -> Answer {
    let speech = Speech::of(&request, store.policies);
    let answer = match http::route(&request) {
        "POST /v1/subjects/{subject}/links" => {
            return links::mint(store, pseudonyms, links, now, &request);
        }
        "GET /v1/assets/{asset}" => return assets::serve(&request),
        "GET /openapi.json" => {
            return http::only_query(&request, &[]).and_then(|()| http::document(contract::OPENAPI));
        }
        "GET /v1/forms/{notice}" => form::show(store, &speech, &request),
        "POST /v1/forms/{notice}/page" => form::send(store, pseudonyms, links, &speech, now, &request).await,
        "GET /v1/confirmations/{token}" => confirmation::show(store, links, &speech, now, &request).await,
        "GET /v1/preferences/{token}" => preferences::show(store, links, &speech, now, &request).await,
        "POST /v1/preferences/{token}" => preferences::change(store, links, &speech, now, &request).await,
        "GET /v1/unsubscribe/{token}" => unsubscribe::show(store, links, &speech, now, &request).await,
        "POST /v1/unsubscribe/{token}" => unsubscribe::withdraw(store, links, &speech, now, &request).await,
        _ => Err(http::no_such_route()),
    };
    answer.or_else(|problem| frame::refused(&speech, store.policies, &problem))
}

/// What the signed link says that a request came by.
fn opened<T>(
    request: &Request,
    query: &[&str],
    read: impl FnOnce(&str) -> Result<T, BadToken>,
) -> Result<T, Problem> {
    http::only_query(request, query)?;
    read(&http::path_text(request, "token")).map_err(|_| bad_link())
}

/// The same for a link that was tampered with, is somebody else's, or names nobody whom we know.
fn bad_link() -> Problem {
    Problem::new(Status::NOT_FOUND, "bad-link", "the link is not valid")
}
