//! What is around every page: the frame, the headers that keep it private, and the page that says no.

use std::fmt::Write;

use domain::policy::Policies;
use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::{Body, Response};
use maud::{DOCTYPE, Markup, html};
use platform::http::{self, Answer, Problem, Request, Status};
use platform::language;

use crate::origin::sites;
use crate::speech::Speech;

/// A page without what is around it.
pub(crate) struct Page {
    pub(crate) title: String,
    /// Where the same page is shown in another language: a path and the query but for the language.
    pub(crate) here: Option<String>,
    pub(crate) main: Markup,
}

/// Answer with a page.
pub(crate) fn page(status: Status, speech: &Speech, policies: &Policies, page: &Page) -> Answer {
    let text = frame(speech, policies, page).into_string();
    let answer = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "text/html; charset=utf-8")
        .header(CONTENT_SECURITY_POLICY, security_policy(policies))
        .header(REFERRER_POLICY, "no-referrer")
        .header(CACHE_CONTROL, "no-store")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header("x-robots-tag", "noindex")
        .body(Body::Text(text))
        .map_err(|error| Problem::unwritable(error.into()));
    language::spoken_in(answer, speech.words.language)
}

/// No script at all, nothing from elsewhere, and only the notices' own websites around it.
fn security_policy(policies: &Policies) -> String {
    let mut policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'self'"
        .to_owned();
    for site in sites(policies) {
        // Writing into a String cannot fail.
        let _ = write!(policy, " {site}");
    }
    policy
}

fn frame(speech: &Speech, policies: &Policies, page: &Page) -> Markup {
    let words = speech.words;
    let controller = policies.iter().next().map(|policy| &policy.controller);
    html! {
        (DOCTYPE)
        html lang=(words.language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) }
                link rel="stylesheet" href="/v1/assets/pages.css";
                link rel="icon" href="/v1/assets/icon.svg" type="image/svg+xml";
            }
            body {
                a.skip href="#content" { (words.skip) }
                header.top {
                    @if let Some(controller) = controller {
                        p.controller { (controller.name) }
                    }
                    @if let Some(here) = &page.here {
                        (languages(speech, here))
                    }
                }
                main #content {
                    @if speech.another_was_asked_for {
                        p.note { (words.language_lacking) }
                    }
                    (page.main)
                }
                @if let Some(controller) = controller {
                    footer {
                        p { (controller.name) br; (controller.address) }
                        p { (words.no_cookies) }
                    }
                }
            }
        }
    }
}

fn languages(speech: &Speech, here: &str) -> Markup {
    let joint = if here.contains('?') { '&' } else { '?' };
    html! {
        nav.languages aria-label=(speech.words.languages) {
            @for other in &speech.languages {
                @let current = other.language == speech.words.language;
                a href=(format!("{here}{joint}language={}", other.language)) lang=(other.language)
                    hreflang=(other.language) aria-current=[current.then_some("true")] { (other.name) }
            }
        }
    }
}

/// A box that says what has just happened; it takes the focus, so that a screen reader says it too.
pub(crate) fn happened(text: &str) -> Markup {
    html! { p.done role="status" tabindex="-1" autofocus { (text) } }
}

/// The path of a request, and the part of its query that says which page it is.
pub(crate) fn here(request: &Request, known: &[(&str, &str)]) -> Option<String> {
    let query: Vec<String> = known
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let path = request.uri().path();
    Some(if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", query.join("&"))
    })
}

/// The page that says why something was not done; what broke goes to the log.
pub(crate) fn refused(speech: &Speech, policies: &Policies, problem: &Problem) -> Answer {
    http::log(problem);
    let words = speech.words;
    let (title, text) = match problem.slug {
        "bad-link" | "no-such-route" => (words.bad_link, words.bad_link_text),
        "nothing-to-confirm" => (words.nothing_to_confirm, words.nothing_to_confirm_text),
        "link-ended" => (words.link_ended, words.link_ended_text),
        "foreign-origin" => (words.foreign, words.foreign_text),
        "no-address" => (words.no_address, words.no_address_text),
        "key-reused" | "already-known" | "other-version" => (words.stale, words.stale_text),
        "nothing-granted" => (words.incomplete, words.nothing_granted),
        "no-channel" => (words.incomplete, words.no_channel),
        "unknown-notice" => (words.no_such_notice, words.no_such_notice_text),
        _ if problem.status.is_server_error() => (words.broken, words.broken_text),
        _ => (words.not_understood, words.not_understood_text),
    };
    let main = html! {
        div.plain {
            h1 { (title) }
            p { (text) }
        }
    };
    let refused = Page {
        title: title.to_owned(),
        here: None,
        main,
    };
    page(problem.status, speech, policies, &refused)
}
