//! API Gateway's payload 2.0 on both sides of a handler.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::LambdaRequest;
use lambda_http::{Error, LambdaEvent, Request};
use serde::Serialize;

use super::edge::Edge;
use super::{Answer, response};
use crate::telemetry::{self, Outcome};

/// A response as API Gateway takes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    status_code: u16,
    headers: BTreeMap<String, String>,
    body: String,
    is_base64_encoded: bool,
    /// For the log: the status, and which problem it is.
    #[serde(skip)]
    outcome: String,
}

crate::unprintable::unprintable!(Reply);

impl Reply {
    /// What the gateway itself says to whoever may not enter.
    fn forbidden() -> Self {
        Self {
            status_code: 403,
            headers: BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]),
            body: r#"{"message":"Forbidden"}"#.to_owned(),
            is_base64_encoded: false,
            outcome: "403 past the edge".to_owned(),
        }
    }
}

impl Outcome for Reply {
    fn outcome(&self) -> Cow<'static, str> {
        self.outcome.clone().into()
    }
}

/// Serve a function's requests under the Lambda runtime: those that the edge admits.
pub async fn serve<H, F>(edge: Edge, handle: H) -> Result<(), Error>
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    let (edge, handle) = (&edge, &handle);
    telemetry::run(async |event: LambdaEvent<ApiGatewayV2httpRequest>| {
        if !edge.admits(&event.payload.headers) {
            return Ok(Reply::forbidden());
        }
        Ok(invoke(event.payload, handle).await)
    })
    .await
}

/// Answer one event of the gateway.
pub async fn invoke<H, F>(mut event: ApiGatewayV2httpRequest, handle: H) -> Reply
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    // The gateway hands on a decoded path, which need not be a URI; the request would not be built.
    event.raw_path = event.raw_path.map(|path| encoded(&path));
    event.raw_query_string = event.raw_query_string.map(|query| encoded(&query));
    let request: Request = LambdaRequest::ApiGatewayV2(event).into();

    let answer = handle(request).await;
    let problem = answer.as_ref().err().map(|problem| problem.slug);
    let (parts, body) = response(answer).into_parts();
    let header = |(name, value): (&lambda_http::http::HeaderName, &lambda_http::http::HeaderValue)| {
        Some((name.to_string(), value.to_str().ok()?.to_owned()))
    };
    Reply {
        status_code: parts.status.as_u16(),
        headers: parts.headers.iter().filter_map(header).collect(),
        body: String::from_utf8_lossy(body.as_ref()).into_owned(),
        is_base64_encoded: false,
        outcome: match problem {
            None => parts.status.as_u16().to_string(),
            Some(problem) => format!("{} {problem}", parts.status.as_u16()),
        },
    }
}

/// Percent-encodes whatever may not stand in a URI.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            _ if b"-._~/%!$&'()*+,;=:@?".contains(&byte) => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
