//! Withdrawing and objecting, never harder than giving; what the opposition register says; and erasure.

use jiff::Timestamp;
use platform::http::{self, Answer, Request};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;

mod erasure;
mod register;
mod withdrawal;

/// Take back a consent, on the word of the subject, of a recipient that it told, or of the register; or erase all
/// that identifies.
pub async fn handle(store: &Store, pseudonyms: &Pseudonyms, now: Timestamp, request: Request) -> Answer {
    match http::route(&request) {
        "POST /v1/subjects/{subject}/withdrawals" => {
            withdrawal::withdraw(store, pseudonyms, now, request).await
        }
        "POST /v1/recipients/{recipient}/subjects/{subject}/withdrawals" => {
            withdrawal::withdraw_told_to_a_recipient(store, pseudonyms, now, request).await
        }
        "POST /v1/subjects/{subject}/register-checks" => {
            register::check(store, pseudonyms, now, request).await
        }
        "POST /v1/subjects/{subject}/erasure" => erasure::erase(store, pseudonyms, now, request).await,
        _ => Err(http::no_such_route()),
    }
}
