//! The event of an HTTP API, payload format 2.0, from a request.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::sqs::ACCOUNT;
use crate::template::Route;

const TRACE: &str = "x-amzn-trace-id";

pub(super) struct Call<'a> {
    pub(super) route: &'a Route,
    pub(super) path_parameters: BTreeMap<String, String>,
    pub(super) token: Option<Value>,
    pub(super) head: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) peer: SocketAddr,
    pub(super) now: Timestamp,
    pub(super) number: u64,
}

pub(super) fn of(call: Call) -> Value {
    let Call {
        route,
        path_parameters,
        token,
        head,
        body,
        peer,
        now,
        number,
    } = call;
    // An HTTP API decodes the path, and it alone; a REST API and a function URL do not.
    let path = percent_decode_str(head.uri.path()).decode_utf8_lossy();
    let query = head.uri.query().unwrap_or("");
    let host = text(&head.headers, header::HOST);

    let mut event = json!({
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers(&head.headers, peer, &trace(now, number)),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": host,
            "domainPrefix": host.split('.').next(),
            "http": {
                "method": head.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": peer.ip().to_string(),
                "userAgent": text(&head.headers, header::USER_AGENT),
            },
            "requestId": format!("local-{}-{}", now.as_millisecond(), number),
            "routeKey": route.key,
            "stage": "$default",
            "time": now.to_zoned(TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    if !query.is_empty() {
        event["queryStringParameters"] = json!(parameters(query));
    }
    if !path_parameters.is_empty() {
        event["pathParameters"] = json!(path_parameters);
    }
    let cookies = cookies(&head.headers);
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if let Some(token) = token {
        event["requestContext"]["authorizer"] = token;
    }
    match std::str::from_utf8(body) {
        _ if body.is_empty() => {}
        Ok(body) if is_textual(&head.headers) => event["body"] = body.into(),
        _ => {
            event["body"] = STANDARD.encode(body).into();
            event["isBase64Encoded"] = true.into();
        }
    }
    event
}

/// The id of a trace, as X-Ray writes it: when it began, and 96 bits that tell it from others.
fn trace(now: Timestamp, number: u64) -> String {
    format!("Root=1-{:08x}-{number:024x}", now.as_second())
}

/// Repeated ones joined; cookies have a place of their own.
fn headers(headers: &HeaderMap, peer: SocketAddr, trace: &str) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |name: &str, value: &str| {
        let before = joined.entry(name.to_owned()).or_default();
        if !before.is_empty() {
            before.push(',');
        }
        before.push_str(value);
    };
    for (name, value) in headers {
        if name != header::COOKIE && name != TRACE {
            add(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
        }
    }
    // The gateway appends the address that it saw to what a proxy before it claims.
    add("x-forwarded-for", &peer.ip().to_string());
    add("x-forwarded-proto", "http");
    // Ours, whatever the caller says: it is logged.
    add(TRACE, trace);
    joined
}

fn parameters(query: &str) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match joined.get_mut(name.as_ref()) {
            Some(before) => {
                before.push(',');
                before.push_str(&value);
            }
            None => {
                joined.insert(name.into_owned(), value.into_owned());
            }
        }
    }
    joined
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split("; "))
        .map(str::to_owned)
        .collect()
}

fn is_textual(headers: &HeaderMap) -> bool {
    let kind = text(headers, header::CONTENT_TYPE).to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or("").trim();
    kind.starts_with("text/")
        || matches!(
            kind,
            "application/json" | "application/xml" | "application/javascript"
        )
        || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
}
