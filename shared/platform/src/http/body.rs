//! What comes in the body of a request: JSON, a merge patch, a form; and what is wrong with it.

use lambda_http::http::StatusCode;
use lambda_http::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::{Problem, Request};

/// More than any request of this API needs.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// What browsers send a form as.
const FORM: &str = "application/x-www-form-urlencoded";
const FORM_FIELDS_MAX: usize = 100;

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
    // What was sent stands before what serde says of it, and may hold the same words: so the last ones count.
    let what = said
        .rsplit_once(" at line ")
        .map_or(said.as_str(), |(what, _)| what);
    let expected = |otherwise: &'static str| {
        let expected = what.rsplit_once("expected ").map(|(_, expected)| expected);
        expected
            .filter(|_| !what.ends_with("there are no fields"))
            .unwrap_or(otherwise)
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
