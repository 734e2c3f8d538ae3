//! Policy documents: one version of a notice in TOML, read into a [`domain::policy::Policy`].
//!
//! A controller brings its own documents and no code. A document that leaves out what the law asks for,
//! or that names what it does not define, is refused as a whole, with every finding and its line.
//! Absent on purpose: an expression language, defaults that allow, includes from one document to another.

mod check;
pub mod compact;
mod document;
mod finding;
mod load;
mod reader;

use std::collections::BTreeSet;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::policy::{Policies, Policy};
use sha2::{Digest, Sha256};

pub use finding::Finding;
pub use load::load;

/// The policies of several documents, by notice and version, of which no two may be the same version of a notice.
/// A document is its name and its source.
pub fn gather<'d>(documents: impl IntoIterator<Item = (&'d str, &'d str)>) -> Result<Policies, Vec<Finding>> {
    let mut policies = Vec::new();
    let mut versions = BTreeSet::new();
    let mut findings = Vec::new();

    for (name, source) in documents {
        match load::placed(name, source) {
            Ok((policy, at)) => {
                if !versions.insert((policy.notice.clone(), policy.version)) {
                    let sentence = format!(
                        "version {} of `{}` has a document already",
                        policy.version, policy.notice
                    );
                    findings.push(Finding::at(name, source, &at, sentence));
                }
                policies.push(policy);
            }
            Err(found) => findings.extend(found),
        }
    }

    if findings.is_empty() {
        policies.sort_by(|one, other| (&one.notice, one.version).cmp(&(&other.notice, other.version)));
        Ok(Policies::new(policies))
    } else {
        Err(findings)
    }
}

/// The detailed data list that a notice links (S44): every category with its fields and how long they are
/// kept. Whoever serves the list serves these very bytes, of which the policy holds the hash.
pub fn data_list(policy: &Policy) -> String {
    let mut categories: Vec<_> = policy.categories.iter().collect();
    categories.sort_by_key(|(_, terms)| (terms.number.len(), &terms.number));

    let mut list = format!("{} {}\n", policy.controller.name, policy.data_list.version);
    for (category, terms) in categories {
        let fields: Vec<&str> = terms.fields.iter().map(|field| field.as_str()).collect();
        // Writing into a String cannot fail.
        let _ = write!(list, "\n{} {category} {}\n", terms.number, terms.retention);
        for (language, title) in &terms.title {
            let _ = writeln!(list, "{language}: {title}");
        }
        let _ = writeln!(list, "fields: {}", fields.join(", "));
    }
    list
}

/// SHA-256 in base64url, without padding.
fn hash(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(digest.finalize())
}

#[cfg(test)]
mod tests;
