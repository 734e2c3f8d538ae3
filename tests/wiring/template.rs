//! The template that is deployed, to be looked into.

use std::collections::BTreeMap;

use local::template::DEPLOYED;
use yaml_serde::Value;

pub(crate) fn whole() -> Value {
    yaml_serde::from_str(DEPLOYED).expect("YAML")
}

/// The properties of the resources of some type, by their logical ids.
pub(crate) fn resources(kind: &str) -> BTreeMap<String, Value> {
    let template = whole();
    let resources = template["Resources"].as_mapping().expect("resources");
    resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| {
            (
                id.as_str().expect("an id").to_owned(),
                resource["Properties"].clone(),
            )
        })
        .collect()
}

/// What a `!Ref` or `!GetAtt` points at (of an attribute named `Arn`, the resource alone), or a `!Sub` says.
pub(crate) fn logical_id(value: &Value) -> String {
    let untagged = if let Value::Tagged(tagged) = value {
        &tagged.value
    } else {
        value
    };
    let text = untagged.as_str().expect("a reference");
    text.strip_suffix(".Arn").unwrap_or(text).to_owned()
}

/// The folder of a function under `functions/`.
pub(crate) fn folder(function: &Value) -> String {
    let uri = function["CodeUri"].as_str().expect("a folder");
    let folder = uri.trim_end_matches('/').rsplit('/').next();
    folder.expect("a name").to_owned()
}
