//! Recipients: the parties that may be told, whether they may, their keys, and asking them again.

use jiff::Timestamp;
use platform::endpoint::Reach;
use platform::http::{self, Answer, Request};
use platform::store::Store;

mod redrive;
mod registration;
mod told;

/// Register a recipient, change it, show it, give it a new key, or have it told what it missed.
pub async fn handle(store: &Store, reach: Reach, now: Timestamp, request: Request) -> Answer {
    match http::route(&request) {
        "PUT /v1/recipients/{recipient}" => registration::register(store, reach, now, request).await,
        "GET /v1/recipients/{recipient}" => registration::show(store, request).await,
        "POST /v1/recipients/{recipient}/keys" => registration::new_key(store, now, request).await,
        "POST /v1/recipients/{recipient}/redrive" => redrive::redrive(store, now, request).await,
        _ => Err(http::no_such_route()),
    }
}
