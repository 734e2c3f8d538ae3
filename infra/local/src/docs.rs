//! `/docs`: the contract for people. A page of the runner alone, drawn in the browser from `/openapi.json`;
//! nothing on it comes from anywhere else.

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;

const PAGE: &str = include_str!("docs/page.html");
const STYLE: &str = include_str!("docs/style.css");
const SCRIPT: &str = include_str!("docs/script.js");
/// Its own files and the contract, from where it comes itself.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'";

/// Beside the gateway's routes.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/docs", get(|| file("text/html; charset=utf-8", PAGE)))
        .route("/docs/style.css", get(|| file("text/css; charset=utf-8", STYLE)))
        .route(
            "/docs/script.js",
            get(|| file("text/javascript; charset=utf-8", SCRIPT)),
        )
}

async fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, POLICY)], text)
}
