//! The template that is deployed, to be looked into.

use std::collections::BTreeMap;

use local::template::DEPLOYED;
use yaml_serde::Value;

/// The resources of some type, by their logical ids.
pub(crate) fn resources(kind: &str) -> BTreeMap<String, Value> {
    let template: Value = yaml_serde::from_str(DEPLOYED).expect("YAML");
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
