//! Policies that differ from the shipped ones in a few lines, as another controller would write them.

use domain::policy::{Policies, Policy};

const SHIPPED: &str = include_str!("../../shared/policies/notices/bmw-italia-promotional.1.toml");

/// The bundled notice with some lines replaced.
///
/// # Panics
///
/// If a line is not there exactly once, or the outcome is no policy: the test has a typing error.
pub fn edited(edits: &[(&str, &str)]) -> Policy {
    let mut source = SHIPPED.to_owned();
    for (from, to) in edits {
        assert_eq!(source.matches(from).count(), 1, "{from}");
        source = source.replace(from, to);
    }
    match policies::load("edited.toml", &source) {
        Ok(policy) => policy,
        Err(findings) => panic!("the edited policy does not load: {findings:?}"),
    }
}

/// These policies and no others, for as long as the test runs.
pub fn alone(policies: Vec<Policy>) -> &'static Policies {
    Box::leak(Box::new(Policies::new(policies)))
}
