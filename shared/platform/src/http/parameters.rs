//! What the path and the query of a request name.

use std::fmt;
use std::str::FromStr;

use domain::subject::Subject;
use jiff::Timestamp;
use lambda_http::RequestExt;
use lambda_http::http::StatusCode;
use lambda_http::request::RequestContext;

use super::{Problem, Request};
use crate::caller::Caller;
use crate::pseudonym::Pseudonyms;
use crate::wire::Instant;

/// The route of the template that the gateway matched, such as `GET /v1/subjects/{subject}`.
pub fn route(request: &Request) -> &str {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.route_key.as_deref().unwrap_or_default(),
        _ => "",
    }
}

/// The gateway sends a route that this function does not serve: its wiring is wrong.
pub fn no_such_route() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no-such-route", "there is no such route")
}

/// A parameter of the path.
pub fn path<T>(request: &Request, name: &str) -> Result<T, Problem>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    let parameters = request.path_parameters();
    let value = parameters.first(name).unwrap_or_default();
    value
        .parse()
        .map_err(|error: T::Err| Problem::bad("malformed", format!("path {name}"), error.to_string()))
}

/// A parameter of the path as it came.
pub fn path_text(request: &Request, name: &str) -> String {
    request
        .path_parameters()
        .first(name)
        .unwrap_or_default()
        .to_owned()
}

/// A parameter of the query, if it is there; it must not be there twice.
pub fn query<T>(request: &Request, name: &str) -> Result<Option<T>, Problem>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    let parameters = request.query_string_parameters();
    let values = parameters.all(name).unwrap_or_default();
    let bad = |detail: String| Problem::bad("malformed", format!("query {name}"), detail);
    match values[..] {
        [] => Ok(None),
        [value] => value
            .parse()
            .map(Some)
            .map_err(|error: T::Err| bad(error.to_string())),
        _ => Err(bad("it is there more than once".to_owned())),
    }
}

/// An instant of the query, such as `at`.
pub fn query_instant(request: &Request, name: &str) -> Result<Option<Timestamp>, Problem> {
    query::<Instant>(request, name).map(|instant| instant.map(|instant| instant.0))
}

/// Refuse every parameter of the query that is not known.
pub fn only_query(request: &Request, known: &[&str]) -> Result<(), Problem> {
    let parameters = request.query_string_parameters();
    if parameters.iter().all(|(name, _)| known.contains(&name)) {
        return Ok(());
    }
    let detail = format!("a parameter is not known here; known are: {}", known.join(", "));
    Err(Problem::bad("malformed", "query", detail))
}

/// The path and the query of a request, to come back to.
pub fn path_and_query(request: &Request) -> &str {
    request.uri().path_and_query().map_or("/", |path| path.as_str())
}

/// The data subject that the path names, whom the caller may name.
pub fn subject(request: &Request, pseudonyms: &Pseudonyms) -> Result<Subject, Problem> {
    Caller::of(request)?.subject(&path_text(request, "subject"), pseudonyms, "path subject")
}
