//! What a function returned, as the HTTP answer that an HTTP API makes of it.
//!
//! `multiValueHeaders` is left aside as on AWS: payload format 2.0 does not know it.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub(super) fn of(told: Value) -> Result<Response, String> {
    // Without a status, the gateway takes whatever was returned for the body of a success.
    let Some(status) = told.get("statusCode") else {
        return json(told.to_string());
    };
    let status = status.as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.ok_or("its statusCode is no status of HTTP")?;

    let mut response = Response::new(body(&told)?);
    *response.status_mut() = status;
    if let Some(headers) = told["headers"].as_object() {
        for (name, value) in headers {
            let name: HeaderName = name.parse().map_err(|_| format!("{name} is no header"))?;
            response.headers_mut().insert(name, header_value(value)?);
        }
    }
    for cookie in told["cookies"].as_array().into_iter().flatten() {
        response
            .headers_mut()
            .append(header::SET_COOKIE, header_value(cookie)?);
    }
    if !response.headers().contains_key(header::CONTENT_TYPE) && !told["body"].is_null() {
        let plain = HeaderValue::from_static("text/plain;charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
    }
    Ok(response)
}

fn body(told: &Value) -> Result<Body, String> {
    match &told["body"] {
        Value::Null => Ok(Body::empty()),
        Value::String(text) if told["isBase64Encoded"] == true => {
            let bytes = STANDARD.decode(text).map_err(|_| "its body is no base64")?;
            Ok(Body::from(bytes))
        }
        Value::String(text) => Ok(Body::from(text.clone())),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err("its body is no text".to_owned())
        }
    }
}

fn header_value(value: &Value) -> Result<HeaderValue, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Err("a header is no text".to_owned());
        }
    };
    HeaderValue::from_str(&text).map_err(|_| "a header has a line break in it".to_owned())
}

fn json(text: String) -> Result<Response, String> {
    let mut response = Response::new(Body::from(text));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}
