//! The edge: from an HTTP request to values of the domain, and from an answer or a problem to a response.

use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, LOCATION, REFERRER_POLICY, RETRY_AFTER,
};
use lambda_http::{Body, Response};
use serde::Serialize;

pub use lambda_http::Request;
pub use lambda_http::http::StatusCode as Status;

pub use crate::problem::Problem;
pub use body::{body, bytes, form, is_form, merge_patch, optional_body};
pub use edge::Edge;
pub use gateway::{invoke, serve};
pub use guard::{form_guard, guard, keyed_guard, keyless_guard, site_guard};
pub use parameters::{
    no_such_route, only_query, path, path_and_query, path_text, query, query_instant, route, subject,
};

mod body;
mod edge;
mod gateway;
mod guard;
mod parameters;

/// What a handler answers.
pub type Answer = Result<Response<Body>, Problem>;

/// The response for an answer; what broke is logged here, once.
fn response(answer: Answer) -> Response<Body> {
    let problem = match answer {
        Ok(response) => return response,
        Err(problem) => problem,
    };
    log(&problem);
    let status = problem.status;
    let mut builder = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/problem+json")
        .header(CONTENT_LANGUAGE, "en");
    if let Some(seconds) = problem.retry_after_s {
        builder = builder.header(RETRY_AFTER, seconds);
    }
    let told = ProblemTold {
        kind: format!("urn:assenso:problem:{}", problem.slug),
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail: &problem.detail,
        field: problem.field.as_deref(),
        rules: &problem.rules,
    };
    let body = serde_json::to_string(&told).unwrap_or_default();
    builder.body(Body::Text(body)).unwrap_or_default()
}

/// Write down what broke, where something did.
pub fn log(problem: &Problem) {
    if let Some(cause) = &problem.cause {
        tracing::error!(
            problem = problem.slug,
            cause = chain(cause.as_ref()),
            "a request could not be served"
        );
    }
}

#[derive(Serialize)]
struct ProblemTold<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    rules: &'a [&'static str],
}

/// An error and its sources, for a log line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Answer with a JSON body.
pub fn json(status: Status, told: &impl Serialize) -> Answer {
    answer(status, None, told)
}

/// Answer with plain text.
pub fn plain(text: String) -> Answer {
    let builder = Response::builder()
        .status(Status::OK)
        .header(CONTENT_TYPE, "text/plain; charset=utf-8");
    builder
        .body(Body::Text(text))
        .map_err(|error| Problem::unwritable(error.into()))
}

/// Send a browser on to a page of ours with a GET, after what it posted was done.
pub fn see_other(path: &str) -> Answer {
    let builder = Response::builder()
        .status(Status::SEE_OTHER)
        .header(LOCATION, path)
        .header(CACHE_CONTROL, "no-store")
        .header(REFERRER_POLICY, "no-referrer");
    builder
        .body(Body::Empty)
        .map_err(|error| Problem::unwritable(error.into()))
}

/// Answer with JSON that is written already, and changes with a deployment alone.
pub fn document(json: &'static str) -> Answer {
    let builder = Response::builder()
        .status(Status::OK)
        .header(CONTENT_TYPE, "application/json")
        .header(CACHE_CONTROL, "public, max-age=300");
    builder
        .body(Body::Text(json.to_owned()))
        .map_err(|error| Problem::unwritable(error.into()))
}

/// Answer with a JSON body that stands for a version of a resource.
pub fn versioned(status: Status, version: u32, told: &impl Serialize) -> Answer {
    answer(status, Some(version), told)
}

fn answer(status: Status, version: Option<u32>, told: &impl Serialize) -> Answer {
    let body = serde_json::to_string(told).map_err(|error| Problem::unwritable(error.into()))?;
    let mut builder = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json");
    if let Some(version) = version {
        builder = builder.header(ETAG, format!("\"{version}\""));
    }
    builder
        .body(Body::Text(body))
        .map_err(|error| Problem::unwritable(error.into()))
}
