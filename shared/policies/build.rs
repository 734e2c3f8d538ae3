//! The notices, read, checked and hashed once: a binary carries what came of it (`documents::compact`), with the
//! zones that they live in and no others. A notice that is not complete does not compile.
#![expect(clippy::expect_used, reason = "what cannot be read is not compiled")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use domain::policy::Policies;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=notices");
    let documents: Vec<(String, String)> = fs::read_dir("notices")
        .expect("the folder notices")
        .map(|entry| entry.expect("a file of notices").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "toml"))
        .map(|path| {
            (
                name(&path),
                fs::read_to_string(&path).expect("a readable document"),
            )
        })
        .collect();
    let documents = documents
        .iter()
        .map(|(name, source)| (name.as_str(), source.as_str()));

    match documents::gather(documents) {
        Ok(policies) => {
            let out = env::var_os("OUT_DIR")
                .map(PathBuf::from)
                .expect("a folder for it");
            fs::write(out.join("notices"), documents::compact::write(&policies)).expect("room for it");
            fs::write(out.join("zones.rs"), zones(&policies)).expect("room for it");
            ExitCode::SUCCESS
        }
        Err(findings) => {
            for finding in findings {
                println!("cargo::error={finding}");
            }
            ExitCode::FAILURE
        }
    }
}

fn name(path: &Path) -> String {
    format!("shared/policies/{}", path.display())
}

/// A zone by its name, which jiff has worked out when the policies are compiled.
fn zones(policies: &Policies) -> String {
    let names: BTreeSet<&str> = policies
        .iter()
        .filter_map(|policy| policy.zone.iana_name())
        .collect();
    let zones: String = names
        .iter()
        .map(|name| format!("{name:?} => Some(jiff::tz::get!({name:?})),"))
        .collect();
    format!("fn zone(name: &str) -> Option<TimeZone> {{ match name {{ {zones} _ => None }} }}")
}
