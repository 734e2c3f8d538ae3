//! Profiles by data category, and the relations to dealers that decide who may get which.

use jiff::Timestamp;
use platform::http::{self, Answer, Request};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;

mod profile;
mod relation;

/// Change the profile, or a relation.
pub async fn handle(store: &Store, pseudonyms: &Pseudonyms, now: Timestamp, request: Request) -> Answer {
    match http::route(&request) {
        "PATCH /v1/subjects/{subject}/profile" => profile::update(store, pseudonyms, now, request).await,
        "PATCH /v1/recipients/{recipient}/subjects/{subject}/profile" => {
            profile::update_from_a_recipient(store, pseudonyms, now, request).await
        }
        "PUT /v1/subjects/{subject}/relations/{recipient}/{kind}/{relation}" => {
            relation::start(store, pseudonyms, now, request).await
        }
        "DELETE /v1/subjects/{subject}/relations/{recipient}/{kind}/{relation}" => {
            relation::end(store, pseudonyms, now, request).await
        }
        _ => Err(http::no_such_route()),
    }
}
