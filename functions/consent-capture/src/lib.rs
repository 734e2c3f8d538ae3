//! Capture: what somebody ticked, kept as evidence, and confirmed where the evidence alone is too weak.

use jiff::Timestamp;
use platform::http::{self, Answer, Request};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::token::Tokens;

mod confirmation;
mod consent;
mod form;
mod pending;
mod site;

/// Capture a consent, a visitor's form, or the confirmation of one.
pub async fn handle(
    store: &Store,
    pseudonyms: &Pseudonyms,
    tokens: &Tokens,
    now: Timestamp,
    request: Request,
) -> Answer {
    match http::route(&request) {
        "POST /v1/subjects/{subject}/consents" => consent::capture(store, pseudonyms, now, request).await,
        "POST /v1/forms/{notice}" => form::capture(store, pseudonyms, tokens, now, request).await,
        "POST /v1/confirmations/{token}" => confirmation::confirm(store, tokens, now, request).await,
        _ => Err(http::no_such_route()),
    }
}
