//! In which language somebody is answered who was asked in none.

use lambda_http::RequestExt;
use lambda_http::http::HeaderValue;
use lambda_http::http::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, VARY};

use crate::http::{Answer, Request};

/// More languages than anybody prefers.
const PREFERRED_MAX: usize = 20;

/// The language of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen<'a> {
    pub language: &'a str,
    /// Whether another one was asked for, so that the answer can say why it speaks this one.
    pub another_was_asked_for: bool,
}

/// The one of the spoken languages that the query names (`language`), else the one that `Accept-Language` prefers
/// (RFC 4647, lookup), else the given one.
pub fn choose<'a>(request: &Request, spoken: &[&'a str], otherwise: &'a str) -> Chosen<'a> {
    let query = request.query_string_parameters();
    let named = query.first("language");
    let preferred = preferred(request);

    let by_query = named.and_then(|tag| find(spoken, tag));
    let by_header = preferred.iter().find_map(|tag| find(spoken, tag));
    Chosen {
        language: by_query.or(by_header).unwrap_or(otherwise),
        another_was_asked_for: match named {
            Some(_) => by_query.is_none(),
            None => by_header.is_none() && preferred.iter().any(|tag| *tag != "*"),
        },
    }
}

/// Say in which language an answer is, and that another browser may get another.
pub fn spoken_in(answer: Answer, language: &str) -> Answer {
    let mut response = answer?;
    let headers = response.headers_mut();
    if let Ok(language) = HeaderValue::from_str(language) {
        headers.insert(CONTENT_LANGUAGE, language);
    }
    headers.insert(VARY, HeaderValue::from_name(ACCEPT_LANGUAGE));
    Ok(response)
}

/// The language that a tag means: `de-CH-1996`, else `de-CH`, else `de`.
fn find<'a>(spoken: &[&'a str], tag: &str) -> Option<&'a str> {
    let mut range = tag;
    loop {
        let found = spoken
            .iter()
            .find(|language| language.eq_ignore_ascii_case(range));
        if let Some(language) = found {
            return Some(language);
        }
        range = range.rsplit_once('-')?.0;
    }
}

/// What `Accept-Language` prefers, best first; of equals the first.
fn preferred(request: &Request) -> Vec<&str> {
    let header = request.headers().get(ACCEPT_LANGUAGE);
    let header = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let weighed = header.split(',').take(PREFERRED_MAX).filter_map(|part| {
        let mut parts = part.split(';').map(str::trim);
        let tag = parts.next().filter(|tag| !tag.is_empty())?;
        let weight = parts.find_map(|part| part.strip_prefix("q=")).unwrap_or("1");
        let weight: f32 = weight.parse().ok()?;
        // In thousandths, which is as fine as the header can say it.
        let thousandths = (weight.clamp(0.0, 1.0) * 1000.0).round();
        (thousandths > 0.0).then_some((thousandths as u32, tag))
    });
    let mut weighed: Vec<(u32, &str)> = weighed.collect();
    weighed.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    weighed.into_iter().map(|(_, tag)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_goes_before_the_browser_and_the_browser_before_the_notice() {
        let spoken = ["de", "en", "it"];
        let chosen = |query: &str, accepts: &str| {
            let request = lambda_http::http::Request::builder()
                .uri(format!("https://here/{query}"))
                .header(ACCEPT_LANGUAGE, accepts)
                .body(lambda_http::Body::Empty)
                .unwrap();
            let request = lambda_http::RequestExt::with_query_string_parameters(
                request,
                query
                    .strip_prefix("?language=")
                    .map_or_else(Default::default, |language| {
                        std::collections::HashMap::from([("language".to_owned(), vec![language.to_owned()])])
                    }),
            );
            let chosen = choose(&request, &spoken, "it");
            (chosen.language.to_owned(), chosen.another_was_asked_for)
        };
        for (query, accepts, language, another) in [
            ("", "", "it", false),
            ("", "*", "it", false),
            ("", "fr, en;q=0.2, de;q=0.3", "de", false),
            ("", "en;q=0.5, de;q=0.5", "en", false),
            ("", "de-CH-1996;q=0.9, en;q=0.8", "de", false),
            ("", "de;q=0, fr", "it", true),
            ("", "de;q=NaN, EN;q=2, ;;,", "en", false),
            ("?language=DE", "en", "de", false),
            ("?language=fr", "en", "en", true),
            ("?language=fr", "", "it", true),
            ("?language=", "", "it", true),
        ] {
            assert_eq!(
                chosen(query, accepts),
                (language.to_owned(), another),
                "{query} {accepts}"
            );
        }
    }
}
