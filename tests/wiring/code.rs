//! The wiring of the template against the code of the functions: routes, triggers, environment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use yaml_serde::Value;

use crate::template::{folder, logical_id, resources, whole};

/// What Lambda sets by itself, or nobody sets on AWS.
const LAMBDAS_OWN: &str = "AWS_";
/// Read by every function at its start, and by none of the constructors below.
const ALWAYS: [&str; 2] = ["METRICS_NAMESPACE", "RUST_LOG"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a workspace")
        .to_owned()
}

/// The sources under a folder, one after the other.
fn sources(folder: &str) -> String {
    let mut text = String::new();
    let mut left = vec![root().join(folder)];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(
                fs::read_dir(path)
                    .expect("a folder")
                    .flatten()
                    .map(|entry| entry.path()),
            );
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text += &fs::read_to_string(path).expect("a source");
        }
    }
    text
}

/// Each function: its logical id, its folder, and its properties.
fn functions() -> Vec<(String, String, Value)> {
    let functions = resources("AWS::Serverless::Function").into_iter();
    functions
        .map(|(id, function)| (id, folder(&function), function))
        .collect()
}

/// The routes that the template sends to a function.
fn routed(function: &str) -> BTreeSet<String> {
    let integrations = resources("AWS::ApiGatewayV2::Integration");
    let to_function = |integration: &str| {
        let uri = &integrations[integration]["IntegrationUri"];
        logical_id(uri) == function
    };
    let routes = resources("AWS::ApiGatewayV2::Route").into_values();
    routes
        .filter(|route| {
            let target = logical_id(&route["Target"]);
            let integration = target.trim_start_matches("integrations/${").trim_end_matches('}');
            to_function(integration)
        })
        .map(|route| route["RouteKey"].as_str().expect("a route").to_owned())
        .collect()
}

/// The routes that a function's code has an arm for.
fn served(folder: &str) -> BTreeSet<String> {
    let sources = sources(&format!("functions/{folder}/src"));
    let arms = sources
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"));
    let routes = arms.map(|(text, _)| text).filter(|text| text.contains(" /"));
    routes.map(str::to_owned).collect()
}

#[test]
fn every_route_of_the_template_is_served_by_its_function_and_the_other_way_round() {
    for (id, folder, _) in functions() {
        assert_eq!(routed(&id), served(&folder), "{folder}");
    }
}

#[test]
fn every_function_hangs_on_what_its_code_is_written_for() {
    let permitted: BTreeSet<String> = resources("AWS::Lambda::Permission")
        .values()
        .map(|permission| logical_id(&permission["FunctionName"]))
        .collect();
    let mappings: BTreeMap<String, String> = resources("AWS::Lambda::EventSourceMapping")
        .values()
        .map(|mapping| {
            let source = logical_id(&mapping["EventSourceArn"]);
            let is_stream = source.ends_with("StreamArn");
            let kind = if is_stream { "StreamEvent" } else { "SqsEvent" };
            (logical_id(&mapping["FunctionName"]), kind.to_owned())
        })
        .collect();

    for (id, folder, function) in functions() {
        let code = sources(&format!("functions/{folder}/src/main.rs"));
        let is_http = code.contains("http::serve(");
        assert_eq!(is_http, !routed(&id).is_empty(), "{folder}: HTTP and routes");
        assert_eq!(is_http, permitted.contains(&id), "{folder}: HTTP and permission");
        let event = code
            .split_once("LambdaEvent<")
            .and_then(|(_, rest)| rest.split_once('>'));
        let event = event.map(|(event, _)| event);
        let is_scheduled = function["Events"]
            .as_mapping()
            .is_some_and(|events| !events.is_empty());
        assert_eq!(
            event == Some("Value"),
            is_scheduled,
            "{folder}: any event and schedule"
        );
        let mapped = mappings.get(&id).map(String::as_str);
        assert_eq!(
            event.filter(|event| *event != "Value"),
            mapped,
            "{folder}: event and mapping"
        );
    }
}

#[test]
fn every_variable_that_a_function_reads_is_set_and_the_other_way_round() {
    let constructors = constructors();
    let global = whole()["Globals"]["Function"]["Environment"]["Variables"].clone();
    let mut read_by_any = BTreeSet::new();
    for (_, folder, function) in functions() {
        let main = sources(&format!("functions/{folder}/src/main.rs"));
        let mut read = BTreeSet::from(ALWAYS.map(str::to_owned));
        read_by(&main, &constructors, &mut read);
        read.retain(|name| !name.starts_with(LAMBDAS_OWN));

        let own = &function["Environment"]["Variables"];
        let set = [&global, own].into_iter().filter_map(Value::as_mapping).flatten();
        let set: BTreeSet<String> = set
            .filter_map(|(name, _)| name.as_str().map(str::to_owned))
            .collect();
        assert!(
            read.is_subset(&set),
            "{folder} reads {read:?}, and is given {set:?}"
        );
        let mut needless: Vec<_> = set.difference(&read).collect();
        // Given to all, because most need it.
        needless.retain(|name| global[name.as_str()].is_null());
        assert!(needless.is_empty(), "{folder} never reads {needless:?}");
        read_by_any.append(&mut read);
    }
    for (name, _) in global.as_mapping().into_iter().flatten() {
        assert!(
            name.as_str().is_some_and(|name| read_by_any.contains(name)),
            "nobody reads {name:?}"
        );
    }
}

/// What each constructor of the platform that reads the environment has in its body, as `Type::from_env`.
fn constructors() -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let (mut kind, mut constructor) = (String::new(), None);
    for line in sources("shared/platform/src").lines() {
        if let Some(rest) = line.strip_prefix("impl ") {
            kind = rest.split([' ', '<']).next().unwrap_or_default().to_owned();
        }
        if let Some((_, rest)) = line.split_once("fn ") {
            let name = rest.split('(').next().unwrap_or_default();
            constructor = name.ends_with("from_env").then(|| format!("{kind}::{name}"));
        }
        if let Some(constructor) = &constructor {
            *found.entry(constructor.clone()).or_default() += line;
        }
    }
    found
}

/// The variables that some code reads, by itself and through the constructors that it calls.
fn read_by(code: &str, constructors: &BTreeMap<String, String>, read: &mut BTreeSet<String>) {
    for reader in ["required(\"", "var(\"", "list(\""] {
        for rest in code.split(reader).skip(1) {
            read.insert(rest.split('"').next().unwrap_or_default().to_owned());
        }
    }
    for (name, body) in constructors {
        if code.contains(&format!("{name}(")) && !body.contains(code) {
            read_by(body, constructors, read);
        }
    }
}
