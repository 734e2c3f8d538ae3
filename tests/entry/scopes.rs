//! Each route for each scope: let in, or turned away.

use std::collections::BTreeSet;

use local::template::Template;
use serde_json::json;
use tests::{Answer, BUNDLED, Caller, World};

const SUBJECT: &str = "customer-1";
const RECIPIENT: &str = "bmw-ag";

const CALLERS: [Caller<'static>; 7] = [
    Caller::Site,
    Caller::Service,
    Caller::Staff,
    Caller::Partner(RECIPIENT),
    Caller::Subject(SUBJECT),
    Caller::Statistics,
    Caller::Auditor,
];

/// An `x` for each of the callers above, in that order, that is let in.
#[rustfmt::skip]
const ROUTES: [(&str, &str); 22] = [
    //                                                                   site . staff . subject . auditor
    ("POST /v1/subjects/{subject}/consents",                                 "xxx.x.."),
    ("POST /v1/subjects/{subject}/withdrawals",                              ".xx.x.."),
    ("POST /v1/subjects/{subject}/register-checks",                          ".xx...."),
    ("POST /v1/subjects/{subject}/erasure",                                  "..x...."),
    ("POST /v1/recipients/{recipient}/subjects/{subject}/withdrawals",       "...x..."),
    ("PATCH /v1/recipients/{recipient}/subjects/{subject}/profile",          "...x..."),
    ("POST /v1/decisions",                                                   ".xxxx.x"),
    ("GET /v1/subjects/{subject}",                                           ".xx.x.x"),
    ("GET /v1/subjects/{subject}/history",                                   ".xx.x.x"),
    ("GET /v1/subjects/{subject}/recipients",                                ".xx.x.x"),
    ("GET /v1/subjects/{subject}/why",                                       ".xx.x.x"),
    ("GET /v1/subjects/{subject}/view-as/{recipient}",                       ".xxxx.x"),
    ("POST /v1/subjects/{subject}/links",                                    ".xx...."),
    ("PATCH /v1/subjects/{subject}/profile",                                 ".xx.x.."),
    ("PUT /v1/subjects/{subject}/relations/{recipient}/{kind}/{relation}",   ".xx...."),
    ("DELETE /v1/subjects/{subject}/relations/{recipient}/{kind}/{relation}",".xx...."),
    ("PUT /v1/recipients/{recipient}",                                       ".x....."),
    ("GET /v1/recipients/{recipient}",                                       ".xxx..x"),
    ("POST /v1/recipients/{recipient}/keys",                                 ".x....."),
    ("POST /v1/recipients/{recipient}/redrive",                              ".x....."),
    ("PUT /v1/campaigns/{campaign}",                                         ".x....."),
    ("GET /v1/campaigns/{campaign}/statistics",                              ".x...xx"),
];

/// Open to everybody, with the reason beside each in the template.
const PUBLIC: [&str; 13] = [
    "POST /v1/forms/{notice}",
    "GET /v1/forms/{notice}",
    "POST /v1/forms/{notice}/page",
    "POST /v1/confirmations/{token}",
    "GET /v1/confirmations/{token}",
    "GET /v1/preferences/{token}",
    "POST /v1/preferences/{token}",
    "GET /v1/unsubscribe/{token}",
    "POST /v1/unsubscribe/{token}",
    "GET /v1/assets/{asset}",
    "GET /v1/notices/{notice}/{version}",
    "GET /v1/notices/{notice}/{version}/data-list",
    // Whoever writes a caller reads it first.
    "GET /openapi.json",
];

#[tokio::test]
async fn each_route_lets_in_its_scopes_and_no_others() {
    let world = World::at_noon().await;
    world.someone_who_granted_everything().await;
    world.settle().await;

    for (route, marks) in ROUTES {
        for (caller, mark) in CALLERS.into_iter().zip(marks.chars()) {
            let answer = call(&world, caller, route).await;
            if mark == 'x' {
                assert!(
                    ![401, 403].contains(&answer.status),
                    "{caller:?} is turned away from {route}"
                );
            } else {
                assert_eq!(
                    fixed(&answer),
                    (403, r#"{"message":"Forbidden"}"#),
                    "{caller:?}: {route}"
                );
            }
        }
        let nobody = call(&world, Caller::Nobody, route).await;
        assert_eq!(fixed(&nobody), (401, r#"{"message":"Unauthorized"}"#), "{route}");
    }
    for route in PUBLIC {
        let answer = call(&world, Caller::Nobody, route).await;
        assert!(![401, 403].contains(&answer.status), "{route} is public");
    }
    world.settle().await;
}

#[test]
fn every_route_of_the_template_is_in_the_table_or_public_for_a_reason() {
    let template = Template::deployed().expect("a template");
    let (public, guarded): (Vec<_>, Vec<_>) = template.routes.iter().partition(|route| route.token.is_none());
    let keys = |routes: Vec<&'_ local::template::Route>| -> BTreeSet<String> {
        routes.into_iter().map(|route| route.key.clone()).collect()
    };
    assert_eq!(keys(public), PUBLIC.map(str::to_owned).into());
    assert_eq!(keys(guarded), ROUTES.map(|(route, _)| route.to_owned()).into());
    for route in &template.routes {
        assert_ne!(
            route.token.as_deref(),
            Some(&[][..]),
            "{} asks for no scope",
            route.key
        );
    }
}

/// The least that is a request of this route.
async fn call(world: &World, caller: Caller<'_>, route: &str) -> Answer {
    let (method, path) = route.split_once(' ').expect("a method and a path");
    let path = path
        .replace("{subject}", SUBJECT)
        .replace("{recipient}", RECIPIENT)
        .replace("{kind}", "purchase")
        .replace("{relation}", "vehicle-1")
        .replace("{campaign}", "spring")
        .replace("{notice}", BUNDLED)
        .replace("{version}", "1")
        .replace("{token}", "none");
    let (media, body) = match method {
        "PATCH" => ("application/merge-patch+json", json!({})),
        _ if path == "/v1/decisions" => ("application/json", a_question()),
        _ => ("application/json", json!({})),
    };
    let headers = [("content-type", media)];
    let body = if method == "GET" {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    world.send_as(caller, method, &path, &headers, body).await
}

fn a_question() -> serde_json::Value {
    let question =
        json!({ "subject": SUBJECT, "who": RECIPIENT, "purpose": "marketing", "channel": "email" });
    json!({ "questions": [question] })
}

fn fixed(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.text.as_str())
}
