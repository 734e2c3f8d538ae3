//! What tests send, and how they name what they expect.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{BUNDLED, CHANNELS};

/// Every box of the bundled notice, over every channel.
pub fn everything() -> Value {
    let controls = [
        "promotional",
        "vehicle-usage",
        "app-web-usage",
        "cooperation-partner",
    ];
    json!({ "controls": controls, "channels": CHANNELS })
}

/// A consent of a signed-in person under the bundled notice, but for what was ticked.
pub fn a_consent() -> Value {
    json!({
        "notice": { "id": BUNDLED, "version": 1, "language": "it" },
        "brand": "bmw",
        "source": "form",
        "evidence": { "kind": "signed-in" },
    })
}

/// Something in each category that a profile update may write.
pub fn a_whole_profile() -> Value {
    json!({
        "contact": { "email": "ada@example.com", "mobile": "+39 333 0000000" },
        "identifying": { "customer-number": "C-1" },
        "vehicle": { "model": "i4" },
        "vehicle-of-interest": { "model": "iX" },
        "preferences": { "interests": ["racing"] },
        "campaigns": { "campaign": "spring" },
        "programme-participation": { "programmes": ["club"] },
        "customer-history": { "purchases": ["i3"] },
        "vehicle-usage": { "mileage": 12_345 },
        "app-web-usage": { "app-usage": "daily" },
        "recommended-actions": { "action": "test-drive" },
        "cooperation-partner": { "partner": "charging" },
    })
}

pub fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// The facets of some purposes over some channels.
pub fn contacts(purposes: &[&str], channels: &[&str]) -> BTreeSet<String> {
    let over = |purpose: &&str| {
        channels
            .iter()
            .map(move |channel| format!("{purpose}/{channel}"))
            .collect::<Vec<_>>()
    };
    purposes.iter().flat_map(over).collect()
}

/// # Panics
///
/// If the text is no instant.
pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// One object over another, field by field.
pub fn merged(mut under: Value, over: Value) -> Value {
    if let (Value::Object(under), Value::Object(over)) = (&mut under, over) {
        under.extend(over);
    }
    under
}
