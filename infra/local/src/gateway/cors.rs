//! What a browser asks before a script of another site may call, answered as API Gateway does by itself.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::template::Cors;

/// The answer to a preflight; it comes before any route and its token.
pub(super) fn preflight(cors: &Cors, method: &Method, headers: &HeaderMap) -> Option<Response> {
    let is_one = method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    is_one.then(|| {
        let mut response = StatusCode::NO_CONTENT.into_response();
        if let Some(origin) = allowed(cors, headers) {
            let told = response.headers_mut();
            told.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            tell(
                told,
                header::ACCESS_CONTROL_ALLOW_METHODS,
                &cors.methods.join(","),
            );
            tell(
                told,
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                &cors.headers.join(","),
            );
            tell(told, header::ACCESS_CONTROL_MAX_AGE, &cors.max_age_s.to_string());
        }
        response
    })
}

/// Let scripts of the sites that are allowed read the answer. What the function says of it does not count.
pub(super) fn mark(cors: &Cors, origin: Option<HeaderValue>, response: &mut Response) {
    let headers = response.headers_mut();
    for name in [
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ] {
        headers.remove(name);
    }
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        tell(
            headers,
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            &cors.exposed.join(","),
        );
    }
}

/// The origin that a request names, if it is one of those.
pub(super) fn allowed(cors: &Cors, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let is_ours = |known: &String| known.as_bytes() == origin.as_bytes();
    cors.origins.iter().any(is_ours).then(|| origin.clone())
}

fn tell(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
