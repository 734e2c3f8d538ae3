//! Which route takes a request: `GET /v1/subjects/{subject}`, `{rest+}`, `ANY`, `$default`.

use std::collections::BTreeMap;

use axum::http::Method;
use percent_encoding::percent_decode_str;

use crate::template::Route;

/// Most specific first, so that the first that matches is the one.
pub(super) struct Routes(Vec<(Pattern, Route)>);

struct Pattern {
    method: Option<String>,
    segments: Vec<Segment>,
}

/// In the order of preference of API Gateway: the words of a path win over its variables.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Word(String),
    Variable(String),
    Rest(String),
}

impl Routes {
    pub(super) fn new(routes: &[Route]) -> Self {
        let mut routes: Vec<_> = routes
            .iter()
            .map(|route| (Pattern::read(&route.key), route.clone()))
            .collect();
        routes.sort_by(|(a, _), (b, _)| {
            a.segments
                .cmp(&b.segments)
                .then(a.method.is_none().cmp(&b.method.is_none()))
        });
        Self(routes)
    }

    /// The route and its path parameters, decoded.
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<(&Route, BTreeMap<String, String>)> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        self.0
            .iter()
            .find_map(|(pattern, route)| Some((route, pattern.matches(method, &parts)?)))
    }
}

impl Pattern {
    fn read(key: &str) -> Self {
        let (method, path) = key.split_once(' ').unwrap_or(("ANY", "/{$default+}"));
        let segments = path.trim_start_matches('/').split('/').map(|segment| {
            match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                None => Segment::Word(segment.to_owned()),
                Some(name) => match name.strip_suffix('+') {
                    Some(name) => Segment::Rest(name.to_owned()),
                    None => Segment::Variable(name.to_owned()),
                },
            }
        });
        let method = (method != "ANY").then(|| method.to_owned());
        Self {
            method,
            segments: segments.collect(),
        }
    }

    fn matches(&self, method: &Method, parts: &[&str]) -> Option<BTreeMap<String, String>> {
        if self
            .method
            .as_deref()
            .is_some_and(|expected| expected != method.as_str())
        {
            return None;
        }
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let mut parameters = BTreeMap::new();
        let mut left = parts;
        for segment in &self.segments {
            let (part, rest) = left.split_first()?;
            left = rest;
            match segment {
                Segment::Word(word) if word == part => {}
                Segment::Variable(name) if !part.is_empty() => {
                    parameters.insert(name.clone(), decoded(part));
                }
                Segment::Rest(name) => {
                    let whole = std::iter::once(part).chain(rest).copied().collect::<Vec<_>>();
                    parameters.insert(name.clone(), decoded(&whole.join("/")));
                    left = &[];
                }
                Segment::Word(_) | Segment::Variable(_) => return None,
            }
        }
        // The parameter that stands for the whole path of `$default` is ours alone.
        parameters.remove("$default");
        left.is_empty().then_some(parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_route_takes_the_request() {
        let route = |key: &str| Route {
            key: key.into(),
            function: key.into(),
            token: None,
        };
        let routes = Routes::new(&[
            route("$default"),
            route("GET /v1/{kind}/{id}"),
            route("ANY /v1/subjects/{subject}"),
            route("GET /v1/subjects/{subject}"),
            route("GET /v1/subjects/mine"),
            route("GET /files/{path+}"),
        ]);
        let found = |method: &str, path: &str| {
            let (route, parameters) = routes.find(&method.parse().unwrap(), path).unwrap();
            (
                route.key.as_str(),
                parameters.into_values().collect::<Vec<_>>().join(","),
            )
        };

        assert_eq!(
            found("GET", "/v1/subjects/mine"),
            ("GET /v1/subjects/mine", String::new())
        );
        assert_eq!(
            found("GET", "/v1/subjects/a%20b"),
            ("GET /v1/subjects/{subject}", "a b".into())
        );
        assert_eq!(
            found("PUT", "/v1/subjects/a"),
            ("ANY /v1/subjects/{subject}", "a".into())
        );
        assert_eq!(
            found("GET", "/v1/cars/a%2Fb"),
            ("GET /v1/{kind}/{id}", "a/b,cars".into())
        );
        assert_eq!(found("GET", "/files/a/b"), ("GET /files/{path+}", "a/b".into()));
        assert_eq!(found("GET", "/v1/subjects/"), ("$default", String::new()));
        assert_eq!(found("POST", "/"), ("$default", String::new()));
    }
}
