//! What people do, and what the recipients hear of it: each from the front door to the last delivery.

use jiff::SignedDuration;
use serde_json::Value;

#[path = "journeys/consent.rs"]
mod consent;
#[path = "journeys/dealers.rs"]
mod dealers;
#[path = "journeys/record.rs"]
mod record;
#[path = "journeys/time.rs"]
mod time;
#[path = "journeys/withdrawal.rs"]
mod withdrawal;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn rules(decision: &Value) -> Vec<String> {
    let reasons = decision["reasons"].as_array().into_iter().flatten();
    reasons
        .filter_map(|reason| reason["rule"].as_str().map(str::to_owned))
        .collect()
}

fn acts(history: &[Value]) -> Vec<&str> {
    history.iter().filter_map(|act| act["act"].as_str()).collect()
}
