//! Two at once, twice, out of order, cut off in between, recipients down: what must hold whatever happens.

use jiff::SignedDuration;
use serde_json::Value;
use tests::Call;

#[path = "races/captures.rs"]
mod captures;
#[path = "races/deliveries.rs"]
mod deliveries;
#[path = "races/engine.rs"]
mod engine;
#[path = "races/messages.rs"]
mod messages;

/// Longer than a message stays invisible after it failed, and than any lease.
const UNTIL_AGAIN: SignedDuration = SignedDuration::from_mins(7);
const NOTICED: [&str; 3] = ["bmw-ag", "marketing-platform", "campaign-service"];

/// The write of an act.
fn appends(call: &Call) -> bool {
    call.is("PutItem", "CHAIN")
}

fn versions(history: &[Value]) -> Vec<u64> {
    history.iter().filter_map(|act| act["version"].as_u64()).collect()
}
