//! The shipped notice with other words in it, for what another controller or a later version would say.

use domain::policy::{Policies, Policy};

const BUNDLED_TOML: &str = include_str!("../../shared/policies/notices/bmw-italia-promotional.1.toml");

/// The document of the bundled notice, with each text replaced by another.
///
/// # Panics
///
/// If a text is not in it: then the test would change nothing.
pub fn bundled_toml(changes: &[(&str, &str)]) -> String {
    changes
        .iter()
        .fold(BUNDLED_TOML.to_owned(), |document, (was, is)| {
            assert!(document.contains(was), "the notice does not say {was}");
            document.replace(was, is)
        })
}

/// The policy of such a document.
///
/// # Panics
///
/// If it does not load.
pub fn bundled_with(changes: &[(&str, &str)]) -> Policy {
    let document = bundled_toml(changes);
    policies::load("changed.toml", &document).expect("a policy that loads")
}

/// For [`crate::World::under`], which keeps them to the end of the test.
pub fn for_good(policies: Vec<Policy>) -> &'static Policies {
    Box::leak(Box::new(Policies::new(policies)))
}
