//! One OpenAPI document from the files in `api/`.
//!
//! They are merged, and what is short in them is written out in each operation: `x-scopes`, any one of which
//! a token must carry; `x-problems`, the slugs that it may answer, as responses by status; `x-page`, where
//! these are pages; and what the gateway answers by itself. `deliveries.md` becomes the text of its tag.
#![expect(
    clippy::expect_used,
    reason = "a document that cannot be read is not compiled"
)]

use std::collections::BTreeMap;
use std::{env, fs};

use serde_json::{Map, Value, json};

/// What any function may answer when what it depends on fails.
const ANY_FUNCTION: [&str; 4] = ["unavailable", "unreadable", "unstorable", "unwritable"];
/// What the reading of a body may end in.
const ANY_BODY: [&str; 4] = [
    "malformed",
    "invalid-utf-8",
    "too-large",
    "unsupported-media-type",
];
/// The gateway's own answers: to any request, to one that needs a token, and to one with a body.
const ANY_REQUEST: [u64; 3] = [429, 500, 503];
const WITH_TOKEN: [u64; 2] = [401, 403];
const WITH_BODY: [u64; 1] = [413];

/// As which a person in front of a browser gets a problem.
const PAGE: &str = "text/html; charset=utf-8";

fn main() {
    println!("cargo::rerun-if-changed=api");
    let mut paths: Vec<_> = fs::read_dir("api")
        .expect("the folder api")
        .map(|entry| entry.expect("a file of api").path())
        .collect();
    paths.sort();

    let mut document = Value::Null;
    for path in paths
        .iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
    {
        let text = fs::read_to_string(path).expect("a readable file");
        let part = read(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        merge(&mut document, part, "");
    }
    let prose = fs::read_to_string("api/deliveries.md").expect("api/deliveries.md");
    for tag in document["tags"].as_array_mut().expect("tags") {
        if tag["name"] == "Deliveries" {
            tag["description"] = prose.as_str().into();
        }
    }
    let problems = document["x-problems"].as_object().expect("x-problems").clone();
    for (slug, problem) in &problems {
        document["components"]["examples"][slug] = json!({ "value": example(slug, problem) });
    }
    for path in document["paths"].as_object_mut().expect("paths").values_mut() {
        for (method, operation) in path.as_object_mut().expect("a path") {
            if method != "parameters" {
                write_out(operation.as_object_mut().expect("an operation"), &problems);
            }
        }
    }
    let folder = env::var("OUT_DIR").expect("OUT_DIR");
    fs::write(format!("{folder}/openapi.json"), document.to_string()).expect("a writable OUT_DIR");
}

/// A file with its anchors and merge keys written out.
fn read(yaml: &str) -> Result<Value, yaml_serde::Error> {
    let mut part: yaml_serde::Value = yaml_serde::from_str(yaml)?;
    part.apply_merge()?;
    yaml_serde::from_value(part)
}

/// Puts one part into the whole; nothing may be said twice.
fn merge(whole: &mut Value, part: Value, place: &str) {
    match (whole, part) {
        (whole @ Value::Null, part) => *whole = part,
        (Value::Object(whole), Value::Object(part)) => {
            for (name, value) in part {
                let place = format!("{place}/{name}");
                merge(whole.entry(name).or_insert(Value::Null), value, &place);
            }
        }
        _ => panic!("{place} is said twice"),
    }
}

fn write_out(operation: &mut Map<String, Value>, problems: &Map<String, Value>) {
    let with_body = operation.contains_key("requestBody");
    let mut fixed: Vec<u64> = ANY_REQUEST.to_vec();
    if let Some(scopes) = operation.remove("x-scopes") {
        let scopes = scopes.as_array().expect("a list of scopes").iter();
        operation.insert(
            "security".into(),
            scopes.map(|scope| json!({ "token": [scope] })).collect(),
        );
        fixed.extend(WITH_TOKEN);
    } else {
        operation.insert("security".into(), json!([]));
    }
    let mut slugs: Vec<String> = match operation.remove("x-problems") {
        Some(slugs) => serde_json::from_value(slugs).expect("a list of slugs"),
        None => Vec::new(),
    };
    slugs.extend(ANY_FUNCTION.map(str::to_owned));
    if with_body {
        slugs.extend(ANY_BODY.map(str::to_owned));
        fixed.extend(WITH_BODY);
    }
    slugs.sort();
    slugs.dedup();

    let is_page = operation.remove("x-page").is_some();
    let mut by_status: BTreeMap<u64, Vec<String>> =
        fixed.iter().map(|status| (*status, Vec::new())).collect();
    for named in slugs {
        let (asked, slug) = named.split_once(' ').unwrap_or(("", &named));
        let problem = problems
            .get(slug)
            .unwrap_or_else(|| panic!("{slug} is no problem of problems.yaml"));
        let statuses = statuses(problem);
        let status = asked.parse().unwrap_or(statuses[0]);
        assert!(
            statuses.contains(&status),
            "{slug} has no status {status} in problems.yaml"
        );
        by_status.entry(status).or_default().push(slug.to_owned());
    }
    let responses = operation
        .get_mut("responses")
        .expect("responses")
        .as_object_mut()
        .expect("responses");
    for (status, slugs) in by_status {
        let mut response = response(status, &slugs, fixed.contains(&status), problems);
        if is_page && let Some(content) = response["content"].as_object_mut() {
            content.remove("application/problem+json");
            content.insert(PAGE.into(), json!({ "schema": { "type": "string" } }));
        }
        responses.insert(status.to_string(), response);
    }
}

/// What is answered with one status: some of our problems, or the gateway's own words.
fn response(status: u64, slugs: &[String], is_fixed: bool, problems: &Map<String, Value>) -> Value {
    let mut content = Map::new();
    let mut said: Vec<String> = Vec::new();
    if !slugs.is_empty() {
        let kinds: Vec<String> = slugs
            .iter()
            .map(|slug| format!("urn:assenso:problem:{slug}"))
            .collect();
        let examples = slugs
            .iter()
            .map(|slug| (slug.clone(), reference("examples", slug)));
        let schema = json!({
            "allOf": [
                { "$ref": "#/components/schemas/Problem" },
                { "properties": { "type": { "enum": kinds }, "status": { "const": status } } },
            ],
        });
        let media = json!({ "schema": schema, "examples": examples.collect::<Map<_, _>>() });
        content.insert("application/problem+json".into(), media);
        said.extend(slugs.iter().map(|slug| {
            let meaning = problems[slug]["meaning"].as_str().unwrap_or_default();
            format!("`{slug}`: {meaning}")
        }));
    }
    if is_fixed {
        let media = json!({ "schema": { "$ref": "#/components/schemas/GatewayMessage" } });
        content.insert("application/json".into(), media);
        said.push("The gateway itself says so, before a function is asked, or because none answered.".into());
    }
    let mut response = json!({ "description": said.join("\n\n"), "content": content });
    match status {
        401 => response["headers"] = json!({ "WWW-Authenticate": reference("headers", "WWW-Authenticate") }),
        429 | 503 => response["headers"] = json!({ "Retry-After": reference("headers", "Retry-After") }),
        _ => {}
    }
    response
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

fn statuses(problem: &Value) -> Vec<u64> {
    serde_json::from_value(problem["status"].clone()).expect("the statuses of a problem")
}

/// A problem as it looks on the wire.
fn example(slug: &str, problem: &Value) -> Value {
    let status = statuses(problem)[0];
    let mut example = json!({
        "type": format!("urn:assenso:problem:{slug}"),
        "title": title(status),
        "status": status,
        "detail": problem["meaning"],
    });
    if let Some(field) = problem.get("field") {
        example["field"] = field.clone();
    }
    example
}

fn title(status: u64) -> &'static str {
    match status {
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition Failed",
        413 => "Payload Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => panic!("no problem has the status {status}"),
    }
}
