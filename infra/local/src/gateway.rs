//! API Gateway's part: an HTTP request becomes an event of payload format 2.0, the function's answer HTTP.
//!
//! Absent: throttling, access logs, custom domains. Tokens are those of the runner's own issuer, because
//! the one of a deployment is not here.

mod answer;
mod cors;
mod event;
mod routes;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::invoke::Functions;
use crate::issuer;
use crate::template::{Cors, Route, Template};
use event::Call;
use routes::Routes;

const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// As long as an HTTP API waits for any integration.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    routes: Routes,
    cors: Option<Cors>,
    functions: Functions,
    clock: Clock,
    requests: AtomicU64,
}

impl Gateway {
    pub fn new(template: &Template, functions: Functions, clock: Clock) -> Self {
        let routes = Routes::new(&template.routes);
        let requests = AtomicU64::new(0);
        Self(Arc::new(Inner {
            routes,
            cors: template.cors.clone(),
            functions,
            clock,
            requests,
        }))
    }

    /// To be served with the peer's address (`into_make_service_with_connect_info::<SocketAddr>`).
    pub fn router(self) -> Router {
        Router::new().fallback(answer).with_state(self)
    }
}

async fn answer(
    State(Gateway(gateway)): State<Gateway>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let Some(cors) = &gateway.cors else {
        return answer_itself(&gateway, peer, request).await;
    };
    if let Some(preflight) = cors::preflight(cors, request.method(), request.headers()) {
        return preflight;
    }
    let origin = cors::allowed(cors, request.headers());
    let mut response = answer_itself(&gateway, peer, request).await;
    cors::mark(cors, origin, &mut response);
    response
}

async fn answer_itself(gateway: &Inner, peer: SocketAddr, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some((route, path_parameters)) = gateway.routes.find(&head.method, head.uri.path()) else {
        return Fixed::NotFound.into_response();
    };
    let now = gateway.clock.now();
    let token = match Inner::admit(route, &head.headers, gateway.clock.unmoved()) {
        Ok(token) => token,
        Err(refused) => return refused.into_response(),
    };
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return Fixed::TooLarge.into_response();
    };

    let number = gateway.requests.fetch_add(1, Ordering::Relaxed);
    let event = event::of(Call {
        route,
        path_parameters,
        token,
        head: &head,
        body: &body,
        peer,
        now,
        number,
    });
    let calling = gateway.functions.call(&route.function, event, now);

    match tokio::time::timeout(TIMEOUT, calling).await {
        Ok(Ok(told)) => answer::of(told).unwrap_or_else(|problem| {
            tracing::error!(function = route.function, problem, "an answer that is none");
            Fixed::Failed.into_response()
        }),
        Ok(Err(problem)) => {
            tracing::error!(function = route.function, problem, "a function failed");
            Fixed::Failed.into_response()
        }
        Err(_) => {
            tracing::error!(function = route.function, "a function took too long");
            Fixed::Unavailable.into_response()
        }
    }
}

impl Inner {
    /// What the function gets to know of the token, if the route asks for one and it is good.
    fn admit(route: &Route, headers: &HeaderMap, now: Timestamp) -> Result<Option<Value>, Fixed> {
        let Some(scopes) = &route.token else {
            return Ok(None);
        };
        let presented = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        // API Gateway takes the token with the word Bearer before it and without.
        let bearer = presented.map(|value| value.strip_prefix("Bearer ").unwrap_or(value));
        let claims = bearer
            .and_then(|token| issuer::claims(token, now))
            .ok_or(Fixed::Unauthorized)?;

        let held = claims.get("scope").or(claims.get("scp")).map(issuer::words);
        let held = held.unwrap_or_default();
        let suits = |scope: &String| held.split(' ').any(|held| held == scope);
        if !scopes.is_empty() && !scopes.iter().any(suits) {
            return Err(Fixed::Forbidden);
        }
        let scopes = if scopes.is_empty() {
            Value::Null
        } else {
            json!(scopes)
        };
        let claims: BTreeMap<_, _> = claims
            .iter()
            .map(|(name, claim)| (name, issuer::told(claim)))
            .collect();
        Ok(Some(json!({ "jwt": { "claims": claims, "scopes": scopes } })))
    }
}

/// The answers that the gateway gives by itself, word for word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixed {
    Unauthorized,
    Forbidden,
    NotFound,
    TooLarge,
    TooMany,
    Failed,
    Unavailable,
}

impl IntoResponse for Fixed {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "Forbidden"),
            Self::NotFound => (StatusCode::NOT_FOUND, "Not Found"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
            Self::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        let body = Body::from(json!({ "message": message }).to_string());
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if self == Self::Unauthorized {
            let bearer = header::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}
