//! Carries one signed event to a recipient, and says what became of it.

use std::iter;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode};
use rustls::pki_types::CertificateDer;
use standardwebhooks::Webhook;

use crate::endpoint::{BadEndpoint, Reach, VettedResolver};
use crate::inside::Inside;

/// How long the functions wait for an answer: a whole batch of ten to one recipient ends within the leases of its
/// claims and the function's time, and one that hangs is known before too many wait for it.
pub const PATIENCE: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const KEY_BYTES: RangeInclusive<usize> = 24..=64;
/// With these a recipient says that it is too much for it.
const SLOW_DOWN: [StatusCode; 4] = [
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];
/// A recipient may ask for patience, but not for ever.
const RETRY_AFTER_MAX: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone)]
pub struct Courier {
    client: Client,
    reach: Reach,
}

/// An event, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Stays the same over retries of the same content.
    pub id: String,
    pub body: String,
}

crate::unprintable::unprintable!(Letter);

/// Why a recipient has not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the recipient has no usable endpoint")]
    Endpoint(#[from] BadEndpoint),
    #[error("the recipient has no usable signing key")]
    NoKey,
    #[error("the recipient answered {status}")]
    Refused {
        status: StatusCode,
        /// How long it asked to be left alone.
        retry_after: Option<SignedDuration>,
    },
    #[error("the recipient was not reached")]
    NotReached(#[source] reqwest::Error),
    #[error("the recipient did not answer")]
    NoAnswer(#[source] reqwest::Error),
    #[error("the client could not be set up")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Whether the recipient may have taken the letter all the same.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::NoAnswer(_) => true,
            Self::Endpoint(_) | Self::NoKey | Self::NotReached(_) | Self::Client(_) => false,
        }
    }

    /// Whether the recipient may take the letter yet: we hung up on it, and it may not have noticed.
    pub fn may_still_arrive(&self) -> bool {
        matches!(self, Self::NoAnswer(_))
    }

    /// Whether the recipient says that it is gone for good.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == StatusCode::GONE)
    }

    /// Whether it was too much for the recipient, whomever it is about: then the sender slows down (Standard Webhooks).
    pub fn slows_down(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if SLOW_DOWN.contains(status))
    }

    pub fn retry_after(&self) -> Option<SignedDuration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Endpoint(_) | Self::NoKey | Self::NotReached(_) | Self::NoAnswer(_) | Self::Client(_) => {
                None
            }
        }
    }
}

impl Courier {
    pub fn new(reach: Reach, inside: Inside, patience: Duration) -> Result<Self, Error> {
        let builder = builder(inside.roots(), patience)?;
        let inside = Arc::new(inside);
        let builder = builder.dns_resolver(Arc::new(VettedResolver { reach, inside }));
        Ok(Self {
            client: build(builder)?,
            reach,
        })
    }

    /// Deliver a letter, signed with every key that the recipient has (Standard Webhooks). Only a 2xx
    /// acknowledges; a redirect is not followed; the body of the answer is not read.
    pub async fn deliver(
        &self,
        endpoint: &str,
        secrets: &[String],
        letter: &Letter,
        now: Timestamp,
    ) -> Result<(), Error> {
        let url = self.reach.vet(endpoint)?;
        let sign = |secret: &String| {
            let signature = signer(secret)?.sign(&letter.id, now.as_second(), letter.body.as_bytes());
            signature.map_err(|_| Error::NoKey)
        };
        let signatures: Vec<String> = secrets.iter().map(sign).collect::<Result<_, _>>()?;
        if signatures.is_empty() {
            return Err(Error::NoKey);
        }
        let answer = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/cloudevents+json")
            .header("webhook-id", &letter.id)
            .header("webhook-timestamp", now.as_second())
            .header("webhook-signature", signatures.join(" "))
            .body(letter.body.clone())
            .send()
            .await
            .map_err(failed)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        Err(Error::Refused {
            status,
            retry_after: retry_after(&answer, now),
        })
    }
}

/// Signs with a secret (`whsec_…`), if it is as long as Standard Webhooks wants it: a shorter one can be guessed.
pub fn signer(secret: &str) -> Result<Webhook, Error> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret));
    let key = key.ok().filter(|key| KEY_BYTES.contains(&key.len()));
    Webhook::from_bytes(key.ok_or(Error::NoKey)?).map_err(|_| Error::NoKey)
}

/// The URL is a setting of the recipient, but an error of the client repeats all of it.
fn failed(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() {
        Error::NotReached(error)
    } else {
        Error::NoAnswer(error)
    }
}

/// How long the recipient asks to be left alone: in seconds, or until a date (RFC 9110).
fn retry_after(answer: &Response, now: Timestamp) -> Option<SignedDuration> {
    let asked = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match asked.parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(seconds.into()),
        Err(_) => rfc2822::parse(asked).ok()?.timestamp().duration_since(now),
    };
    Some(pause.clamp(SignedDuration::ZERO, RETRY_AFTER_MAX))
}

/// An HTTP client that follows no redirect, asks no proxy, and has the same TLS stack as the SDK.
pub fn client() -> Result<Client, Error> {
    build(builder(iter::empty(), PATIENCE)?)
}

fn build(builder: ClientBuilder) -> Result<Client, Error> {
    builder.build().map_err(|error| Error::Client(error.into()))
}

fn builder(
    more_roots: impl Iterator<Item = CertificateDer<'static>>,
    patience: Duration,
) -> Result<ClientBuilder, Error> {
    let mut roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for root in more_roots {
        roots.add(root).map_err(|error| Error::Client(error.into()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Client(error.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(patience);
    Ok(builder)
}
