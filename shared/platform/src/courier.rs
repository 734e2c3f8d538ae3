//! Carries one signed event to a recipient, and says what became of it.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use standardwebhooks::Webhook;

use crate::endpoint::{BadEndpoint, Vet, vetted};

/// Well within the lease of a claim: a recipient that finishes later may see two events out of order.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Courier {
    client: Client,
    vet: Vet,
}

/// An event, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Stays the same over retries of the same content.
    pub id: String,
    pub body: String,
}

/// Why a recipient has not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the recipient has no usable endpoint")]
    Endpoint(#[from] BadEndpoint),
    #[error("the recipient has no usable signing key")]
    NoKey,
    #[error("the recipient answered {status}")]
    Refused { status: StatusCode },
    #[error("the recipient did not answer")]
    NoAnswer(#[source] reqwest::Error),
    #[error("the client could not be set up")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Courier {
    pub fn new(vet: Vet) -> Result<Self, Error> {
        Ok(Self {
            client: client()?,
            vet,
        })
    }

    /// Deliver a letter, signed with every key that the recipient has (Standard Webhooks).
    pub async fn deliver(
        &self,
        endpoint: &str,
        secrets: &[String],
        letter: &Letter,
        now: Timestamp,
    ) -> Result<(), Error> {
        let url = vetted(endpoint, self.vet)?;
        let signatures: Result<Vec<String>, _> = secrets
            .iter()
            .map(|secret| Webhook::new(secret)?.sign(&letter.id, now.as_second(), letter.body.as_bytes()))
            .collect();
        let signatures = signatures.map_err(|_| Error::NoKey)?;
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
            // The URL is a setting of the recipient, but an error of the client repeats all of it.
            .map_err(|error| Error::NoAnswer(error.without_url()))?;
        let status = answer.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(Error::Refused { status })
        }
    }
}

/// An HTTP client that follows no redirect, asks no proxy, and has the same TLS stack as the SDK.
pub fn client() -> Result<Client, Error> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Client(error.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .build()
        .map_err(|error| Error::Client(error.into()))
}
