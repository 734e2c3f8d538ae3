//! Events as AWS sends them, with fields that nobody here knows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// A request through the HTTP API by a back end of the controller; its body is in base64, as binary ones are.
pub fn http(method: &str, path: &str, query: &str, headers: &[(&str, &str)], body: &str) -> Value {
    let mut event = parsed(include_str!("../events/http.json"));
    event["rawPath"] = path.into();
    event["rawQueryString"] = query.into();
    event["requestContext"]["http"]["method"] = method.into();
    event["requestContext"]["http"]["path"] = path.into();
    let (route, parameters) = routed(path);
    event["pathParameters"] = parameters.into();
    event["routeKey"] = format!("{method} {route}").into();
    event["requestContext"]["routeKey"] = event["routeKey"].clone();
    // Repeated keys of a query come joined.
    let mut parameters = Map::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let joined = parameters.get(name).and_then(Value::as_str);
        let joined = joined.map_or(value.to_owned(), |before| format!("{before},{value}"));
        parameters.insert(name.to_owned(), joined.into());
    }
    if !parameters.is_empty() {
        event["queryStringParameters"] = parameters.into();
    }
    for (name, value) in headers {
        event["headers"][name] = (*value).into();
    }
    event["body"] = STANDARD.encode(body).into();
    event
}

/// The route of a path, and its parameters: what comes after the name of a collection.
fn routed(path: &str) -> (String, Map<String, Value>) {
    let (mut route, mut parameters, mut before) = (Vec::new(), Map::new(), "");
    for part in path.split('/') {
        let parameter = match before {
            "subjects" => "subject",
            "recipients" => "recipient",
            "campaigns" => "campaign",
            "forms" => "notice",
            _ => "",
        };
        if parameter.is_empty() {
            route.push(part.to_owned());
        } else {
            route.push(format!("{{{parameter}}}"));
            parameters.insert(parameter.to_owned(), part.into());
        }
        before = part;
    }
    (route.join("/"), parameters)
}

/// Two messages of the queue.
pub fn sqs(bodies: [&str; 2]) -> Value {
    let mut event = parsed(include_str!("../events/sqs.json"));
    for (place, body) in bodies.iter().enumerate() {
        event["Records"][place]["body"] = (*body).into();
    }
    event
}

/// Two records of the table's stream: an act that was added, and content that expired.
pub fn stream(act_key: &str) -> Value {
    let mut event = parsed(include_str!("../events/stream.json"));
    event["Records"][0]["dynamodb"]["Keys"]["pk"]["S"] = act_key.into();
    event
}

pub fn schedule() -> Value {
    parsed(include_str!("../events/schedule.json"))
}

fn parsed(recorded: &str) -> Value {
    serde_json::from_str(recorded).expect("a recorded event")
}
