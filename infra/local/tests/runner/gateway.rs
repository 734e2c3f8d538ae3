//! The gateway, from raw HTTP to the event and back.

use local::invoke::Functions;
use local::issuer::{self, Bearer};
use serde_json::{Value, json};

use crate::http::send;
use crate::{Stub, noon, started};

#[tokio::test]
async fn a_request_becomes_an_event_of_format_2() {
    let echo = Stub::answering(|_| Ok(json!({ "statusCode": 204 })));
    let system = started(echo.alone_as("echo")).await;
    let headers = [
        "Content-Type: application/merge-patch+json; charset=utf-8",
        "X-Twice: a",
        "x-twice: b",
        "Cookie: k=v; l=w",
        "User-Agent: raw",
    ];

    let path = "PATCH /echo/a%20b%2Fc?q=1&q=%C3%A8+x&r=";
    let answer = send(&system.endpoints.gateway, path, &headers, b"{\"n\":1}").await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));

    let event = &echo.events()[0];
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "ANY /echo/{name}");
    assert_eq!(event["rawPath"], "/echo/a b/c");
    assert_eq!(event["rawQueryString"], "q=1&q=%C3%A8+x&r=");
    assert_eq!(event["queryStringParameters"], json!({ "q": "1,è x", "r": "" }));
    assert_eq!(event["pathParameters"], json!({ "name": "a b/c" }));
    assert_eq!(event["cookies"], json!(["k=v", "l=w"]));
    assert_eq!(event["headers"]["x-twice"], "a,b");
    assert_eq!(event["headers"]["cookie"], Value::Null);
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("{\"n\":1}"), &json!(false))
    );
    let context = &event["requestContext"];
    assert_eq!(context["http"]["method"], "PATCH");
    assert_eq!(context["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(context["http"]["userAgent"], "raw");
    assert_eq!(context["stage"], "$default");
    assert_eq!(context["time"], "01/Mar/2026:12:00:00 +0000");
    assert_eq!(context["timeEpoch"], 1_772_366_400_000_u64);
}

#[tokio::test]
async fn a_body_that_is_no_text_goes_as_base64_both_ways() {
    let echo = Stub::answering(|event| {
        Ok(json!({
            "statusCode": 200,
            "headers": { "content-type": "application/octet-stream" },
            "cookies": ["a=1", "b=2"],
            "multiValueHeaders": { "x-ignored": ["1"] },
            "body": event["body"],
            "isBase64Encoded": event["isBase64Encoded"],
        }))
    });
    let system = started(echo.alone_as("echo")).await;
    let gateway = &system.endpoints.gateway;

    let answer = send(
        gateway,
        "POST /echo/x",
        &["content-type: application/pdf"],
        b"%PDF",
    )
    .await;
    assert_eq!(answer.body, "%PDF");
    assert!(answer.head.contains("set-cookie: a=1") && answer.head.contains("set-cookie: b=2"));
    assert!(!answer.head.contains("x-ignored"));
    assert_eq!(echo.events()[0]["body"], "JVBERg==");
    assert_eq!(echo.events()[0]["isBase64Encoded"], true);

    send(
        gateway,
        "POST /echo/x",
        &["content-type: application/json"],
        b"\xff",
    )
    .await;
    assert_eq!(echo.events()[1]["isBase64Encoded"], true);
}

#[tokio::test]
async fn the_gateway_has_answers_of_its_own() {
    let echo = Stub::answering(|event| match event["pathParameters"]["name"].as_str() {
        Some("fail") => Err("on purpose".to_owned()),
        Some("nonsense") => Ok(json!({ "statusCode": "what" })),
        _ => Ok(json!({ "plain": true })),
    });
    let system = started(echo.alone_as("echo")).await;
    let gateway = &system.endpoints.gateway;

    for (request, status, body) in [
        ("GET /nowhere", 404, r#"{"message":"Not Found"}"#),
        ("POST /guarded", 404, r#"{"message":"Not Found"}"#),
        ("GET /echo/fail", 500, r#"{"message":"Internal Server Error"}"#),
        (
            "GET /echo/nonsense",
            500,
            r#"{"message":"Internal Server Error"}"#,
        ),
        ("GET /echo/plain", 200, r#"{"plain":true}"#),
        ("GET /guarded", 401, r#"{"message":"Unauthorized"}"#),
    ] {
        let answer = send(gateway, request, &[], b"").await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{request}");
        assert!(
            answer.head.contains("content-type: application/json"),
            "{request}"
        );
    }

    let calls = echo.events().len();
    let large = send(gateway, "POST /echo/x", &[], &vec![b'x'; 10 * 1024 * 1024 + 1]).await;
    assert_eq!(
        (large.status, large.body.as_str()),
        (413, r#"{"message":"Request Entity Too Large"}"#)
    );
    assert_eq!(echo.events().len(), calls);
}

#[tokio::test]
async fn a_guarded_route_asks_for_a_token_with_its_scope() {
    let echo = Stub::answering(|_| Ok(json!({ "statusCode": 200 })));
    let system = started(echo.alone_as("echo")).await;
    let gateway = system.endpoints.gateway.as_str();
    let get = async |token: &str| {
        let header = format!("authorization: {token}");
        send(gateway, "GET /guarded", &[&header], b"").await
    };
    let bearer = |scope: &str, subject: &str| {
        let (scope, subject) = (scope.to_owned(), Some(subject.to_owned()));
        let bearer = Bearer {
            scope,
            subject,
            recipient: None,
        };
        issuer::token(&bearer, noon()).unwrap()
    };

    let answer = send(gateway, "GET /guarded", &[], b"").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (401, r#"{"message":"Unauthorized"}"#)
    );
    assert!(answer.head.contains("www-authenticate: bearer"));
    assert_eq!(get("Bearer bad").await.status, 401);
    let refused = get(&format!("Bearer {}", bearer("write", "someone"))).await;
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (403, r#"{"message":"Forbidden"}"#)
    );
    assert_eq!(get(&bearer("write read", "someone")).await.status, 200);
    let token = &echo.events()[0]["requestContext"]["authorizer"]["jwt"];
    assert_eq!(token["scopes"], json!(["read"]));
    assert_eq!(token["claims"]["subject"], "someone");
    // Every claim is told as text.
    assert_eq!(token["claims"]["iat"], noon().as_second().to_string());
}

#[tokio::test]
async fn the_keys_of_the_issuer_are_served() {
    let system = started(Functions::default()).await;
    let keys = send(
        &system.endpoints.gateway,
        &format!("GET {}", issuer::JWKS),
        &[],
        b"",
    )
    .await;
    let keys: Value = serde_json::from_str(&keys.body).unwrap();
    assert_eq!(
        (&keys["keys"][0]["kty"], &keys["keys"][0]["e"]),
        (&json!("RSA"), &json!("AQAB"))
    );
}
