//! A recipient as it is told to whoever looks after it.

use platform::store::Registration;
use platform::wire::Instant;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct Told {
    recipient: String,
    kind: &'static str,
    role: &'static str,
    authorised: bool,
    sharing: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_per_minute: Option<u32>,
    version: u32,
    history: Vec<AccessTold>,
    /// Shown once, with the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_secret: Option<String>,
}

#[derive(Serialize)]
struct AccessTold {
    since: String,
    authorised: bool,
    sharing: bool,
}

impl Told {
    pub(crate) fn of(registered: &Registration, signing_secret: Option<String>) -> Self {
        let recipient = &registered.recipient;
        let access = recipient.access_now();
        let history = recipient.history.iter().map(|access| AccessTold {
            since: Instant(access.since).to_string(),
            authorised: access.authorised,
            sharing: access.sharing,
        });
        Self {
            recipient: recipient.id.to_string(),
            kind: recipient.kind.as_str(),
            role: recipient.role.as_str(),
            authorised: access.is_some_and(|access| access.authorised),
            sharing: access.is_some_and(|access| access.sharing),
            name: registered.name.clone(),
            endpoint: registered.endpoint.clone(),
            contact: registered.contact.clone(),
            rate_per_minute: registered.rate_per_minute,
            version: registered.version,
            history: history.collect(),
            signing_secret,
        }
    }
}
