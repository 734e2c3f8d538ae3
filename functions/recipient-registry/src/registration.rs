//! `PUT` and `GET /v1/recipients/{recipient}`, and `POST .../keys`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::codes::RecipientId;
use domain::recipient::{RecipientKind, Role};
use jiff::Timestamp;
use platform::asked::Nothing;
use platform::caller::Caller;
use platform::endpoint::Reach;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::store::{Error, Settings, Store};
use platform::wire::Word;
use serde::Deserialize;

use crate::told::Told;

/// As many bytes of secret as the signature's hash has.
const SECRET_BYTES: usize = 32;
const NAME_LEN_MAX: usize = 120;
const CONTACT_LEN_MAX: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    kind: Word<RecipientKind>,
    /// By default what its kind makes likely: a dealer is a controller of its own (T12).
    #[serde(default)]
    role: Option<Word<Role>>,
    authorised: bool,
    #[serde(default = "yes")]
    sharing: bool,
    /// What people call it: they read it where their data goes.
    #[serde(default)]
    name: Option<String>,
    endpoint: String,
    #[serde(default)]
    contact: Option<String>,
    #[serde(default)]
    rate_per_minute: Option<u32>,
}

fn yes() -> bool {
    true
}

/// Register a recipient, or change it. The first registration comes with a signing secret, shown once. A
/// change of what it may be told reaches everyone whom it concerns, through the table's stream.
pub(crate) async fn register(store: &Store, reach: Reach, now: Timestamp, request: Request) -> Answer {
    let id: RecipientId = http::path(&request, "recipient")?;
    http::only_query(&request, &[])?;
    let settings = http::body::<Asked>(&request)?.settings(reach)?;
    let before = store.recipient(&id).await?;
    if before
        .as_ref()
        .is_some_and(|before| before.recipient.kind != settings.kind)
    {
        let detail = "a recipient keeps its kind: past decisions depend on it";
        return Err(Problem::unprocessable("kind-is-fixed", "/kind", detail));
    }
    // An older form undoes no newer change.
    http::guard(&request)?.admits(before.as_ref().map_or(0, |before| before.version))?;
    let new = before.is_none();
    let secret = if new { Some(fresh_secret()?) } else { None };

    let registered = store
        .register(&id, before, &settings, secret.as_deref(), now)
        .await
        .map_err(changed_meanwhile)?;
    if !new {
        // It may be reached again, wherever it is now.
        store.close(&id).await?;
    }

    let status = if new { Status::CREATED } else { Status::OK };
    http::versioned(status, registered.version, &Told::of(&registered, secret))
}

/// Give a recipient a new signing key. The one before stays good until the next, so that the recipient can
/// change over in its own time.
pub(crate) async fn new_key(store: &Store, now: Timestamp, request: Request) -> Answer {
    let id: RecipientId = http::path(&request, "recipient")?;
    http::only_query(&request, &[])?;
    let Nothing {} = http::optional_body(&request)?;
    let before = store
        .recipient(&id)
        .await?
        .ok_or_else(Problem::no_such_recipient)?;
    // A key that was asked for twice is made once.
    http::guard(&request)?.admits(before.version)?;
    let settings = Settings::from(&before);
    let secret = fresh_secret()?;

    let registered = store
        .register(&id, Some(before), &settings, Some(&secret), now)
        .await
        .map_err(changed_meanwhile)?;

    http::versioned(
        Status::CREATED,
        registered.version,
        &Told::of(&registered, Some(secret)),
    )
}

pub(crate) async fn show(store: &Store, request: Request) -> Answer {
    let id: RecipientId = http::path(&request, "recipient")?;
    Caller::of(&request)?.may_ask_as(&id)?;
    http::only_query(&request, &[])?;
    let registered = store
        .recipient(&id)
        .await?
        .ok_or_else(Problem::no_such_recipient)?;
    http::versioned(Status::OK, registered.version, &Told::of(&registered, None))
}

fn changed_meanwhile(error: Error) -> Problem {
    match error {
        Error::Stale => Problem::new(
            Status::CONFLICT,
            "changed-meanwhile",
            "somebody else changed it; look again",
        ),
        Error::Unreadable { .. } | Error::Unfit(_) | Error::Unavailable(_) => error.into(),
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

/// Whether a page can show it as it is: nothing unseen in it, and nothing that turns the words around it.
fn is_a_name(name: &str) -> bool {
    let unseen = |letter: char| {
        letter.is_control()
            || (letter.is_whitespace() && letter != ' ')
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    name.chars().count() <= NAME_LEN_MAX && !name.trim().is_empty() && !name.contains(unseen)
}

impl Asked {
    fn settings(self, reach: Reach) -> Result<Settings, Problem> {
        let bad = |field: &str, detail: &str| Problem::unprocessable("bad-recipient", field, detail);
        reach
            .vet(&self.endpoint)
            .map_err(|error| Problem::unprocessable("bad-endpoint", "/endpoint", error.to_string()))?;
        if self.name.as_ref().is_some_and(|name| !is_a_name(name)) {
            return Err(bad("/name", "a name is 1 to 120 printable characters"));
        }
        if self
            .contact
            .as_ref()
            .is_some_and(|contact| contact.chars().count() > CONTACT_LEN_MAX)
        {
            return Err(bad("/contact", "the contact has too many letters"));
        }
        if self.rate_per_minute == Some(0) {
            return Err(bad("/rate_per_minute", "at least one a minute, or no limit"));
        }
        let kind = self.kind.0;
        let likely = match kind {
            RecipientKind::Processor => Role::Processor,
            RecipientKind::GroupCompany | RecipientKind::Dealer => Role::SeparateController,
        };
        Ok(Settings {
            kind,
            role: self.role.map_or(likely, |role| role.0),
            authorised: self.authorised,
            sharing: self.sharing,
            name: self.name,
            endpoint: self.endpoint,
            contact: self.contact,
            rate_per_minute: self.rate_per_minute,
        })
    }
}
