//! The AWS clients, from what Lambda puts into the environment.
//!
//! Credentials come from the environment alone: the SDK's chain of providers costs start-up time and can
//! find nothing else in a Lambda.

use std::env;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::region::Region;

/// The five roots that sign for AWS's services. The system's are some 140, whose reading would be most of the
/// init phase.
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// Both services are in the same region.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// An environment variable that a function cannot do without is missing or unreadable.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {name} is not set as it must be")]
pub struct Unset {
    pub name: &'static str,
}

/// A variable that must be set.
pub fn required(name: &'static str) -> Result<String, Unset> {
    env::var(name).map_err(|_| Unset { name })
}

/// Where AWS is, and who asks.
#[derive(Debug, Clone)]
pub struct Aws {
    pub region: String,
    pub credentials: Credentials,
    pub http: SharedHttpClient,
    /// Where DynamoDB answers, if not at AWS's own address.
    pub dynamodb_url: Option<String>,
    /// Where SQS answers, if not at AWS's own address.
    pub sqs_url: Option<String>,
}

impl Aws {
    /// The same as [`Aws::from_env`], and the way to the table is open: the TLS handshake belongs into the init
    /// phase, which has a whole core whatever the function's memory.
    pub async fn connected() -> Result<Self, Unset> {
        let connector = https();
        let aws = Self::through(connector.clone())?;
        // If it fails, the first call will try again and say why.
        let _ = tokio::time::timeout(CONNECT_TIMEOUT, aws.greet(&connector)).await;
        Ok(aws)
    }

    pub fn from_env() -> Result<Self, Unset> {
        Self::through(https())
    }

    fn through(connector: SharedHttpConnector) -> Result<Self, Unset> {
        let credentials = Credentials::new(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            env::var("AWS_SESSION_TOKEN").ok(),
            None,
            "environment",
        );
        Ok(Self {
            region: required("AWS_REGION")?,
            credentials,
            http: http_client_fn(move |_, _| connector.clone()),
            dynamodb_url: env::var("AWS_ENDPOINT_URL_DYNAMODB").ok(),
            sqs_url: env::var("AWS_ENDPOINT_URL_SQS").ok(),
        })
    }

    /// Ask the table's endpoint how it is, which it tells anybody, and leave the connection in the pool.
    async fn greet(&self, connector: &SharedHttpConnector) {
        let url = match &self.dynamodb_url {
            Some(url) => url.clone(),
            None => format!("https://dynamodb.{}.amazonaws.com", self.region),
        };
        let Ok(request) = HttpRequest::get(url) else {
            return;
        };
        if let Ok(answer) = connector.call(request).await {
            // A connection is free again once its answer was read.
            let _ = ByteStream::new(answer.into_body()).collect().await;
        }
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::v2026_01_12())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            .http_client(self.http.clone())
            .sleep_impl(TokioSleep::new())
            .retry_config(retries())
            .timeout_config(timeouts());
        let config = match &self.dynamodb_url {
            Some(url) => config.endpoint_url(url),
            None => config,
        };
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::v2026_01_12())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            .http_client(self.http.clone())
            .sleep_impl(TokioSleep::new())
            .retry_config(retries())
            .timeout_config(timeouts());
        let config = match &self.sqs_url {
            Some(url) => config.endpoint_url(url),
            None => config,
        };
        aws_sdk_sqs::Client::from_conf(config.build())
    }
}

/// Both services answer within milliseconds, so the SDK's first pause of up to a second is far too long: it
/// would be most of what a caller waits.
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
}

/// The SDK has no operation time-out of its own; a function's caller waits for ten seconds at most.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(6))
        .build()
}

/// One pool of connections for both services; the SDK would make one for each client.
fn https() -> SharedHttpConnector {
    let trusted = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let context = TlsContext::builder().with_trust_store(trusted).build();
    let connector = Connector::builder()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .tls_context(context.unwrap_or_default())
        .connector_settings(
            HttpConnectorSettings::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .build(),
        )
        .sleep_impl(TokioSleep::new())
        .build();
    SharedHttpConnector::new(connector)
}
