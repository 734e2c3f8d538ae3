//! What answers say, in short.

use std::collections::BTreeMap;

use serde_json::Value;

/// Why an answer is no: the rule, and its word for programs.
///
/// # Panics
///
/// If the answer is yes.
#[track_caller]
pub fn denied(answer: &Value) -> (&str, &str) {
    assert_eq!(answer["allowed"], false, "{answer:#}");
    let reason = &answer["reasons"][0];
    let text = |name: &str| reason[name].as_str().unwrap_or_default();
    (text("rule"), text("code"))
}

/// What an answer's yes rests on, step by step, in words for programs.
///
/// # Panics
///
/// If the answer is no.
#[track_caller]
pub fn allowed(answer: &Value) -> Vec<&str> {
    assert_eq!(answer["allowed"], true, "{answer:#}");
    let reasons = answer["reasons"].as_array().into_iter().flatten();
    reasons.filter_map(|reason| reason["code"].as_str()).collect()
}

/// How each facet of a state stands: `active`, `pending`, `withdrawn`…
pub fn standings(state: &Value) -> BTreeMap<String, String> {
    let facets = state["facets"].as_object().into_iter().flatten();
    let standing = |told: &Value| told["state"].as_str().unwrap_or_default().to_owned();
    facets
        .map(|(facet, told)| (facet.clone(), standing(told)))
        .collect()
}
