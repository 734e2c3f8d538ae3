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

/// The origin that a request names, if it is one of those; or a website that somebody develops on this
/// computer, which no deployment lets in.
pub(super) fn allowed(cors: &Cors, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let is_ours = |known: &String| known.as_bytes() == origin.as_bytes();
    let is_here = origin.to_str().is_ok_and(is_loopback);
    (is_here || cors.origins.iter().any(is_ours)).then(|| origin.clone())
}

fn is_loopback(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("http://") else {
        return false;
    };
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    ["127.0.0.1", "localhost"].contains(&name) && port.parse::<u16>().is_ok()
}

fn tell(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_website_on_this_computer_may_call_and_no_other_does_by_looking_like_one() {
        let cors = Cors {
            origins: vec!["https://www.bmw.it".to_owned()],
            methods: Vec::new(),
            headers: Vec::new(),
            exposed: Vec::new(),
            max_age_s: 0,
        };
        let is_allowed = |origin: &'static str| {
            let headers = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))]);
            allowed(&cors, &headers).is_some()
        };
        for here in [
            "http://localhost:5173",
            "http://127.0.0.1:8000",
            "http://localhost",
        ] {
            assert!(is_allowed(here), "{here}");
        }
        for elsewhere in [
            "http://localhost.example:80",
            "http://localhost:80.example",
            "http://127.0.0.1@evil.example",
            "https://www.mini.it",
            "null",
        ] {
            assert!(!is_allowed(elsewhere), "{elsewhere}");
        }
    }
}
