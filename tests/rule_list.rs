//! Every rule of the notice has a test that is named after it.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::path::Path;

const RULES: std::ops::RangeInclusive<u32> = 1..=55;

#[test]
fn every_rule_has_a_test_that_is_named_after_it() {
    let mut sources = String::new();
    gather(Path::new(env!("CARGO_MANIFEST_DIR")), &mut sources);

    let missing: Vec<String> = RULES
        .map(|rule| format!("s{rule:02}_"))
        .filter(|name| !sources.contains(&format!("fn {name}")))
        .collect();
    assert!(
        missing.is_empty(),
        "{} rules have no test: {}",
        missing.len(),
        missing.join(" ")
    );
}

fn gather(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            sources.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
