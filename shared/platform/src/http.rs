//! The edge: from an HTTP request to values of the domain, and from an answer or a problem to a response.

use std::fmt;
use std::str::FromStr;

use domain::subject::Subject;
use jiff::Timestamp;
use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, LOCATION, REFERRER_POLICY, RETRY_AFTER,
};
use lambda_http::http::{HeaderMap, StatusCode};
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use lambda_http::Request;
pub use lambda_http::http::StatusCode as Status;

use crate::caller::Caller;
use crate::digest;
pub use crate::problem::Problem;
use crate::pseudonym::{BadSubject, Pseudonyms};
use crate::store::{Fingerprint, Guard};
use crate::wire::Instant;
pub use gateway::{invoke, serve};

mod gateway;

/// What a handler answers.
pub type Answer = Result<Response<Body>, Problem>;

/// More than any request of this API needs.
const BODY_BYTES_MAX: usize = 64 * 1024;
const KEY_LEN_MAX: usize = 255;
/// What browsers send a form as.
const FORM: &str = "application/x-www-form-urlencoded";
const FORM_FIELDS_MAX: usize = 100;

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
pub fn json(status: StatusCode, told: &impl Serialize) -> Answer {
    answer(status, None, told)
}

/// Answer with plain text.
pub fn plain(text: String) -> Answer {
    let builder = Response::builder()
        .status(StatusCode::OK)
        .header(CONTENT_TYPE, "text/plain; charset=utf-8");
    builder
        .body(Body::Text(text))
        .map_err(|error| Problem::unwritable(error.into()))
}

/// Send a browser on to a page of ours with a GET, after what it posted was done.
pub fn see_other(path: &str) -> Answer {
    let builder = Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(LOCATION, path)
        .header(CACHE_CONTROL, "no-store")
        .header(REFERRER_POLICY, "no-referrer");
    builder
        .body(Body::Empty)
        .map_err(|error| Problem::unwritable(error.into()))
}

/// The path and the query of a request, to come back to.
pub fn path_and_query(request: &Request) -> &str {
    request.uri().path_and_query().map_or("/", |path| path.as_str())
}

/// Answer with JSON that is written already, and changes with a deployment alone.
pub fn document(json: &'static str) -> Answer {
    let builder = Response::builder()
        .status(StatusCode::OK)
        .header(CONTENT_TYPE, "application/json")
        .header(CACHE_CONTROL, "public, max-age=300");
    builder
        .body(Body::Text(json.to_owned()))
        .map_err(|error| Problem::unwritable(error.into()))
}

/// Answer with a JSON body that stands for a version of a resource.
pub fn versioned(status: StatusCode, version: u32, told: &impl Serialize) -> Answer {
    answer(status, Some(version), told)
}

fn answer(status: StatusCode, version: Option<u32>, told: &impl Serialize) -> Answer {
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

/// Read the body as JSON.
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    json_body(request, "application/json")
}

/// Read the body as a JSON Merge Patch (RFC 7396).
pub fn merge_patch<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    json_body(request, "application/merge-patch+json")
}

/// Read the body as JSON; an empty body is as good as `{}`.
pub fn optional_body<T: DeserializeOwned + Default>(request: &Request) -> Result<T, Problem> {
    if bytes(request)?.is_empty() {
        Ok(T::default())
    } else {
        body(request)
    }
}

/// The fields of an HTML form in their order; a name may be there more than once.
pub fn form(request: &Request) -> Result<Vec<(String, String)>, Problem> {
    must_be(request, FORM)?;
    let fields = form_urlencoded::parse(bytes(request)?).into_owned();
    let fields: Vec<_> = fields.take(FORM_FIELDS_MAX + 1).collect();
    if fields.len() > FORM_FIELDS_MAX {
        let detail = format!("the form has more than {FORM_FIELDS_MAX} fields");
        return Err(Problem::bad("too-large", "", detail));
    }
    Ok(fields)
}

/// Whether the body is that of an HTML form, and the answer so for a browser.
pub fn is_form(request: &Request) -> bool {
    media(request).eq_ignore_ascii_case(FORM)
}

fn media(request: &Request) -> &str {
    let given = request.headers().get(CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim()
}

fn must_be(request: &Request, expected: &str) -> Result<(), Problem> {
    if !media(request).eq_ignore_ascii_case(expected) {
        let detail = format!("the body must be {expected}");
        let problem = Problem::bad("unsupported-media-type", "header Content-Type", detail);
        return Err(Problem {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ..problem
        });
    }
    Ok(())
}

fn json_body<T: DeserializeOwned>(request: &Request, media: &str) -> Result<T, Problem> {
    must_be(request, media)?;
    let text = std::str::from_utf8(bytes(request)?)
        .map_err(|_| Problem::bad("invalid-utf-8", "", "the body is not UTF-8"))?;
    // Serde would take a list for an object, its values in the order of our fields.
    if !text.trim_start().starts_with('{') {
        return Err(Problem::bad("malformed", "", "the body is not a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut reader);
    let value = read.map_err(|error| malformed(pointer(error.path()), error.inner()))?;
    reader.end().map_err(|error| malformed(String::new(), &error))?;
    Ok(value)
}

/// The body as it came.
pub fn bytes(request: &Request) -> Result<&[u8], Problem> {
    let bytes: &[u8] = request.body().as_ref();
    if bytes.len() > BODY_BYTES_MAX {
        let detail = format!("the body has more than {BODY_BYTES_MAX} bytes");
        return Err(Problem {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            ..Problem::bad("too-large", "", detail)
        });
    }
    Ok(bytes)
}

/// What could not be read, and where. Serde's own message may quote what was sent, so only those of its
/// sentences pass that say what a word of ours must look like. Nor is a name repeated that is not ours.
fn malformed(pointer: String, error: &serde_json::Error) -> Problem {
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or_default();
    let expected = |otherwise: &'static str| {
        what.split_once("expected ")
            .map_or(otherwise, |(_, expected)| expected)
    };
    let parent = |pointer: &str| {
        pointer
            .rsplit_once('/')
            .map_or(String::new(), |(parent, _)| parent.to_owned())
    };
    let (pointer, what) = match what.split_once('`') {
        _ if !error.is_data() => (String::new(), "this is not JSON".to_owned()),
        Some(("missing field ", name)) => {
            let name = name.trim_end_matches('`');
            (
                format!("{pointer}/{name}"),
                format!("the field {name} is missing"),
            )
        }
        Some(("unknown field ", _)) => {
            let what = format!("a field is not known here; expected {}", expected("no fields"));
            (format!("{}/?", parent(&pointer)), what)
        }
        Some(("unknown variant ", _)) => {
            let what = format!("the value is none of the known; expected {}", expected("nothing"));
            (pointer, what)
        }
        _ if what.starts_with("not a") || what.starts_with("a ") => (pointer, what.to_owned()),
        _ if what.starts_with("invalid type") || what.starts_with("invalid value") => {
            let expected = expected("another type");
            (
                pointer,
                format!("the value has the wrong type or range; expected {expected}"),
            )
        }
        _ => (pointer, "this is not the JSON that is expected".to_owned()),
    };
    let detail = format!("{what} (line {}, column {})", error.line(), error.column());
    Problem::bad("malformed", pointer, detail)
}

/// A JSON pointer to where reading stopped. A key that is not plainly one of ours is not repeated.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } if is_field_name(key) => format!("/{key}"),
        Segment::Map { .. } => "/?".to_owned(),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(segment).collect()
}

fn is_field_name(key: &str) -> bool {
    (1..=24).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || b"-_".contains(&byte))
}

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

/// What the caller says of the state that it wants changed: `Idempotency-Key`, `If-Match`, `If-None-Match`.
pub fn guard(request: &Request) -> Result<Guard, Problem> {
    let headers = request.headers();
    let asked = match header(headers, "Idempotency-Key")? {
        Some(key) => Some(fingerprint(request, key)?),
        None => None,
    };
    let only_at = match header(headers, "If-Match")? {
        None | Some("*") => None,
        Some(tag) => {
            let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            let version = version.and_then(|version| version.parse().ok());
            let detail = "not an entity tag of this resource, such as \"3\"";
            Some(version.ok_or_else(|| Problem::bad("malformed", "header If-Match", detail))?)
        }
    };
    let only_new = match header(headers, "If-None-Match")? {
        None => false,
        Some("*") => true,
        Some(_) => {
            return Err(Problem::bad(
                "malformed",
                "header If-None-Match",
                "only * is understood",
            ));
        }
    };
    Ok(Guard {
        asked,
        only_at,
        only_new,
    })
}

/// The same, where an idempotency key must be there.
pub fn keyed_guard(request: &Request) -> Result<Guard, Problem> {
    let guard = guard(request)?;
    if guard.asked.is_none() {
        return Err(Problem::bad(
            "key-missing",
            "header Idempotency-Key",
            "the header is required",
        ));
    }
    Ok(guard)
}

/// The guard of a form that carries its key in a field, because a browser adds no header to it.
pub fn form_guard(request: &Request, key: &str) -> Result<Guard, Problem> {
    Ok(Guard {
        asked: Some(fingerprint(request, key)?),
        ..Guard::default()
    })
}

fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Problem> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = value
        .to_str()
        .map_err(|_| Problem::bad("malformed", format!("header {name}"), "not plain text"))?;
    Ok(Some(text.trim()))
}

/// The hashes of the key and of what came with it. The key is a structured-field string; one without its
/// quotation marks is taken as well.
fn fingerprint(request: &Request, key: &str) -> Result<Fingerprint, Problem> {
    let key = key
        .strip_prefix('"')
        .and_then(|key| key.strip_suffix('"'))
        .unwrap_or(key);
    let printable = key
        .bytes()
        .all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"');
    if key.is_empty() || key.len() > KEY_LEN_MAX || !printable {
        let detail = format!("a key has 1 to {KEY_LEN_MAX} printable letters and no quotation mark");
        return Err(Problem::bad("malformed", "header Idempotency-Key", detail));
    }
    let half = |parts: &[&[u8]]| digest::text(&digest::sha256(parts)[..16]);
    let path = request.uri().path().as_bytes();
    let body = half(&[request.method().as_str().as_bytes(), path, bytes(request)?]);
    Ok(Fingerprint {
        key: half(&[key.as_bytes()]),
        body,
    })
}

/// The data subject that the path names, whom the caller may name.
pub fn subject(request: &Request, pseudonyms: &Pseudonyms) -> Result<Subject, Problem> {
    let subject = pseudonyms.subject(&path_text(request, "subject"));
    let subject = subject.map_err(|error| bad_subject(error, "path subject"))?;
    Caller::of(request)?.may_name(&subject, pseudonyms)?;
    Ok(subject)
}

/// The problem with the name of a subject.
pub fn bad_subject(error: BadSubject, field: impl Into<String>) -> Problem {
    let slug = match error {
        BadSubject::Malformed => "malformed",
        BadSubject::ContactData => "contact-data",
    };
    Problem::bad(slug, field, error.to_string())
}
