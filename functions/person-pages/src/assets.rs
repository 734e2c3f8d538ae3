//! `GET /v1/assets/{asset}`: the one style sheet, the one script, the one picture. They say nothing of anybody.

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use lambda_http::{Body, Response};
use platform::http::{self, Answer, Problem, Request, Status};

const STYLE: &str = include_str!("../assets/pages.css");
const SCRIPT: &str = include_str!("../assets/consent.js");
const ICON: &str = include_str!("../assets/icon.svg");

pub(crate) fn serve(request: &Request) -> Answer {
    http::only_query(request, &[])?;
    let (kind, text) = match http::path_text(request, "asset").as_str() {
        "pages.css" => ("text/css; charset=utf-8", STYLE),
        "consent.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => {
            let detail = "there is no such file";
            return Err(Problem::new(Status::NOT_FOUND, "unknown-asset", detail));
        }
    };
    Response::builder()
        .header(CONTENT_TYPE, kind)
        .header(CACHE_CONTROL, "public, max-age=3600")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        // Websites load the script from here.
        .header("cross-origin-resource-policy", "cross-origin")
        .body(Body::Text(text.to_owned()))
        .map_err(|error| Problem::unwritable(error.into()))
}
