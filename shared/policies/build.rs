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
            write(&policies);
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

/// Each policy as a file, and in `notices.rs` a list of them and of their zones.
fn write(policies: &Policies) {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("a folder for it"));
    let (mut notices, mut zones) = (String::new(), BTreeSet::new());
    for policy in policies.iter() {
        let file = out.join(format!("{}.{}", policy.notice, policy.version));
        fs::write(&file, documents::compact::write(policy)).expect("room for it");
        notices += &format!("include_str!({file:?}),");
        zones.insert(policy.zone.iana_name().expect("a zone by name"));
    }
    // What jiff knows of a zone is worked out when the policies are compiled.
    let zones: String = zones
        .iter()
        .map(|name| format!("{name:?} => Some(jiff::tz::get!({name:?})),"))
        .collect();
    let written = format!(
        "const NOTICES: &[&str] = &[{notices}];\n\
         fn zone(name: &str) -> Option<TimeZone> {{ match name {{ {zones} _ => None }} }}\n"
    );
    fs::write(out.join("notices.rs"), written).expect("room for it");
}

fn name(path: &Path) -> String {
    format!("shared/policies/{}", path.display())
}
