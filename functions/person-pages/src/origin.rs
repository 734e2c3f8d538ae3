//! Where a posted form was shown: on a page of ours, or on one of somebody else.

use std::collections::BTreeSet;

use domain::policy::Policies;
use lambda_http::http::header::{HOST, ORIGIN};
use platform::http::{Problem, Request, Status};

/// The websites that the notices name: they may embed what is shown here.
pub(crate) fn sites(policies: &Policies) -> BTreeSet<&str> {
    let brands = policies.iter().flat_map(|policy| policy.brands.values());
    brands
        .flat_map(|brand| &brand.sites)
        .map(String::as_str)
        .collect()
}

/// Refuse a form that another website made a browser post. Without a word from the browser there is
/// nothing to refuse it for: the pages send no referrer, and so no origin either.
pub(crate) fn must_be_ours(request: &Request, policies: &Policies) -> Result<(), Problem> {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let origin = text(ORIGIN.as_str()).filter(|origin| *origin != "null");
    let of_a_site = origin.is_some_and(|origin| sites(policies).contains(origin));
    let of_this_host = origin
        .and_then(|origin| origin.split_once("://"))
        .is_some_and(|(_, host)| text(HOST.as_str()) == Some(host));
    let ours = match text("sec-fetch-site") {
        Some("same-origin" | "none") => true,
        Some(_) => of_a_site,
        None => origin.is_none() || of_this_host || of_a_site,
    };
    if ours {
        return Ok(());
    }
    let detail = "the form was posted by another website";
    Err(Problem::new(Status::FORBIDDEN, "foreign-origin", detail))
}
