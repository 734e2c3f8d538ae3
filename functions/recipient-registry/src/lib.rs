//! `PUT` and `GET /v1/recipients/{recipient}`: the parties that may be told, and whether they may.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::codes::RecipientId;
use domain::recipient::{RecipientKind, Role};
use jiff::Timestamp;
use platform::endpoint::{Vet, vetted};
use platform::http::{self, Answer, Problem, Request, Status};
use platform::store::{Error, Registration, Settings, Store};
use platform::wire::{Instant, Word};
use serde::{Deserialize, Serialize};

/// As many bytes of secret as the signature's hash has.
const SECRET_BYTES: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    kind: Word<RecipientKind>,
    role: Word<Role>,
    authorised: bool,
    #[serde(default = "yes")]
    sharing: bool,
    endpoint: String,
}

fn yes() -> bool {
    true
}

#[derive(Serialize)]
struct Told {
    recipient: String,
    kind: &'static str,
    role: &'static str,
    authorised: bool,
    sharing: bool,
    endpoint: String,
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

/// Register a recipient, change it, or show it.
pub async fn handle(store: &Store, vet: Vet, now: Timestamp, request: Request) -> Answer {
    match http::route(&request) {
        "PUT /v1/recipients/{recipient}" => register(store, vet, now, request).await,
        "GET /v1/recipients/{recipient}" => show(store, request).await,
        _ => Err(http::no_such_route()),
    }
}

async fn register(store: &Store, vet: Vet, now: Timestamp, request: Request) -> Answer {
    let id: RecipientId = http::path(&request, "recipient")?;
    http::only_query(&request, &[])?;
    let asked: Asked = http::body(&request)?;
    vetted(&asked.endpoint, vet)
        .map_err(|error| Problem::unprocessable("bad-endpoint", "/endpoint", error.to_string()))?;
    let settings = Settings {
        kind: asked.kind.0,
        role: asked.role.0,
        authorised: asked.authorised,
        sharing: asked.sharing,
        endpoint: asked.endpoint,
    };
    let before = store.recipient(&id).await?;
    if before
        .as_ref()
        .is_some_and(|before| before.recipient.kind != settings.kind)
    {
        let detail = "a recipient keeps its kind: past decisions depend on it";
        return Err(Problem::unprocessable("kind-is-fixed", "/kind", detail));
    }
    let secret = if before.is_none() {
        Some(fresh_secret()?)
    } else {
        None
    };
    let status = if before.is_none() {
        Status::CREATED
    } else {
        Status::OK
    };

    let registered = store
        .register(&id, before, &settings, secret.as_deref(), now)
        .await
        .map_err(|error| match error {
            Error::Stale => Problem::new(
                Status::CONFLICT,
                "changed-meanwhile",
                "somebody else changed it; look again",
            ),
            Error::Unreadable { .. } | Error::Unavailable(_) => error.into(),
        })?;

    http::versioned(status, registered.version, &Told::of(&registered, secret))
}

async fn show(store: &Store, request: Request) -> Answer {
    let id: RecipientId = http::path(&request, "recipient")?;
    http::only_query(&request, &[])?;
    match store.recipient(&id).await? {
        Some(registered) => http::versioned(Status::OK, registered.version, &Told::of(&registered, None)),
        None => Err(Problem::no_such_recipient()),
    }
}

/// A new signing secret in the form of Standard Webhooks.
fn fresh_secret() -> Result<String, Problem> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Problem {
        cause: Some(error.to_string().into()),
        ..Problem::new(
            Status::INTERNAL_SERVER_ERROR,
            "no-secret",
            "no signing secret could be made",
        )
    })?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes)))
}

impl Told {
    fn of(registered: &Registration, signing_secret: Option<String>) -> Self {
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
            endpoint: registered.endpoint.clone(),
            version: registered.version,
            history: history.collect(),
            signing_secret,
        }
    }
}
