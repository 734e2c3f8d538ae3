//! Who issues tokens on this computer, and the authorizer that looks at them as API Gateway does.
//!
//! The key is fixed and lies beside this file, so that a token outlives a restart and can be pasted
//! anywhere. It guards nothing but a laptop's loopback: a deployment trusts its own issuer, and never this.

mod rs256;

use std::sync::LazyLock;

use axum::Router;
use axum::response::Json;
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde_json::{Map, Value, json};

pub const ISSUER: &str = "urn:assenso:local";
pub const AUDIENCE: &str = "assenso";
/// Where the public half of the key is served.
pub const JWKS: &str = "/.well-known/jwks.json";
/// A working day and a bit more.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(12);

const KEY: &[u8] = include_bytes!("issuer/development-key.der");
const KEY_ID: &str = "development";

/// Whom a token is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bearer {
    /// One of the scopes of the template, or several with a space between.
    pub scope: String,
    /// Which recipient a `partner` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// Which data subject a `subject` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

#[derive(Serialize)]
struct Claims<'a, B> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(flatten)]
    bearer: &'a B,
}

/// A token that is good from now on, for [`LIFETIME`]; for a [`Bearer`], or whatever an issuer says of one.
pub fn token(bearer: &impl Serialize, now: Timestamp) -> Result<String, jsonwebtoken::errors::Error> {
    let claims = Claims {
        iss: ISSUER,
        aud: AUDIENCE,
        iat: now.as_second(),
        nbf: now.as_second(),
        exp: now.as_second() + LIFETIME.as_secs(),
        bearer,
    };
    signed(&claims)
}

fn signed(claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
    rs256::install();
    let header = Header {
        kid: Some(KEY_ID.to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_rsa_der(KEY))
}

/// The claims of a token that API Gateway would let pass at this time: signed with a key of ours, by us,
/// for us, and in its time to the second.
pub fn claims(token: &str, now: Timestamp) -> Option<Map<String, Value>> {
    rs256::install();
    let header = jsonwebtoken::decode_header(token).ok()?;
    let key = DecodingKey::from_jwk(KEYS.find(&header.kid?)?).ok()?;
    let mut expected = Validation::new(Algorithm::RS256);
    expected.set_required_spec_claims(&["exp", "iss"]);
    expected.set_issuer(&[ISSUER]);
    // The crate knows the computer's clock only, and no client_id in the place of an audience.
    expected.validate_exp = false;
    expected.validate_aud = false;
    let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &expected)
        .ok()?
        .claims;

    (is_for_us(&claims) && is_in_time(&claims, now)).then_some(claims)
}

fn is_for_us(claims: &Map<String, Value>) -> bool {
    match claims.get("aud").or_else(|| claims.get("client_id")) {
        Some(Value::String(audience)) => audience == AUDIENCE,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == AUDIENCE),
        _ => false,
    }
}

fn is_in_time(claims: &Map<String, Value>, now: Timestamp) -> bool {
    let now = now.as_second();
    let begun = |name| {
        claims
            .get(name)
            .is_none_or(|at| at.as_i64().is_some_and(|at| at <= now))
    };
    let ends = claims.get("exp").and_then(Value::as_i64);
    ends.is_some_and(|ends| ends > now) && begun("nbf") && begun("iat")
}

/// A claim as a function is told it, which is always as text.
pub fn told(claim: &Value) -> String {
    match claim {
        Value::String(text) => text.clone(),
        Value::Array(_) => format!("[{}]", words(claim)),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => other.to_string(),
    }
}

/// The words of a claim, with a space between: an issuer writes them so, or as a list.
pub fn words(claim: &Value) -> String {
    match claim {
        Value::Array(list) => list.iter().map(told).collect::<Vec<_>>().join(" "),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => told(claim),
    }
}

static KEYS: LazyLock<JwkSet> = LazyLock::new(|| {
    let keys = rs256::public(KEY)
        .map(|(n, e)| json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, "n": n, "e": e }));
    let keys: Vec<Value> = keys.into_iter().collect();
    serde_json::from_value(json!({ "keys": keys })).unwrap_or(JwkSet { keys: Vec::new() })
});

/// The runner's route beside those of the template: the keys that tokens are verified with.
pub fn router() -> Router {
    Router::new().route(JWKS, get(|| async { Json(&*KEYS) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_772_366_400).unwrap()
    }

    /// Claims that pass, but for what is said otherwise; null leaves one out.
    fn passes(otherwise: Value) -> bool {
        let now = now().as_second();
        let mut all = json!({ "iss": ISSUER, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 1 });
        for (name, value) in otherwise.as_object().unwrap() {
            let all = all.as_object_mut().unwrap();
            if value.is_null() {
                all.remove(name);
            } else {
                all.insert(name.clone(), value.clone());
            }
        }
        claims(&signed(&all).unwrap(), self::now()).is_some()
    }

    #[test]
    fn a_token_passes_in_its_time_from_us_and_for_us_alone() {
        let now = now().as_second();
        assert!(passes(json!({})));
        assert!(passes(json!({ "iat": null, "nbf": null })));
        assert!(passes(json!({ "aud": ["other", AUDIENCE] })));
        assert!(passes(json!({ "aud": null, "client_id": AUDIENCE })));
        for refused in [
            json!({ "exp": now }),
            json!({ "exp": null }),
            json!({ "exp": "never" }),
            json!({ "nbf": now + 1 }),
            json!({ "nbf": "now" }),
            json!({ "iat": now + 1 }),
            json!({ "iss": "urn:assenso:other" }),
            json!({ "iss": null }),
            json!({ "aud": "other" }),
            json!({ "aud": null }),
            json!({ "aud": "other", "client_id": AUDIENCE }),
        ] {
            assert!(!passes(refused.clone()), "{refused}");
        }
    }

    #[test]
    fn a_token_that_is_not_signed_by_us_is_none() {
        let good = token(&Bearer::default(), now()).unwrap();
        assert!(claims(&good, now()).is_some());

        let (signed, signature) = good.rsplit_once('.').unwrap();
        let (header, claimed) = signed.split_once('.').unwrap();
        // {"alg":"none"}, and the key id with it.
        let none = "eyJhbGciOiJub25lIiwia2lkIjoiZGV2ZWxvcG1lbnQifQ";
        let other = token(
            &Bearer {
                scope: "staff".into(),
                ..Bearer::default()
            },
            now(),
        )
        .unwrap();
        let others = other.split('.').nth(1).unwrap();
        for forged in [
            format!("{signed}."),
            format!("{none}.{claimed}."),
            format!("{none}.{claimed}.{signature}"),
            format!("{header}.{others}.{signature}"),
            "no token".to_owned(),
            String::new(),
        ] {
            assert!(claims(&forged, now()).is_none(), "{forged}");
        }
    }
}
