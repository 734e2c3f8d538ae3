//! What the caller says of the state that it wants changed, and whether it asked the same before.

use lambda_http::http::HeaderMap;

use super::body::bytes;
use super::{Problem, Request};
use crate::digest;
use crate::store::{Fingerprint, Guard};

const KEY_LEN_MAX: usize = 255;

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
        by_site: false,
        only_at,
        only_new,
    })
}

/// The same, where the state makes a request idempotent, and a key means nothing.
pub fn keyless_guard(request: &Request) -> Result<Guard, Problem> {
    Ok(Guard {
        asked: None,
        ..guard(request)?
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

/// The guard of a website, whose token anybody can copy: it must not learn who is known, nor how much of him. Its
/// keys are its own, so that none meets one of somebody else, and stand for all that was sent with them: the same
/// request again is the same act, and another one is never told that its key was used.
pub fn site_guard(request: &Request) -> Result<Guard, Problem> {
    let asked = keyed_guard(request)?.asked.map(|asked| Fingerprint {
        key: half(&[b"site", asked.body.as_bytes()]),
        ..asked
    });
    Ok(Guard {
        asked,
        by_site: true,
        ..Guard::default()
    })
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
    let path = request.uri().path().as_bytes();
    let method = request.method().as_str().as_bytes();
    // The key salts it: what was sent may be personal, and its hash outlives an erasure.
    let body = half(&[key.as_bytes(), method, path, bytes(request)?]);
    Ok(Fingerprint {
        key: half(&[key.as_bytes()]),
        body,
    })
}

fn half(parts: &[&[u8]]) -> String {
    digest::text(&digest::sha256(parts)[..16])
}
