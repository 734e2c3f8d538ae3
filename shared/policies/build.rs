//! The notices, read, checked and hashed once: a binary carries what came of it (`documents::compact`), and a notice
//! that is not complete does not compile.
#![expect(clippy::expect_used, reason = "what cannot be read is not compiled")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

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
