//! The invariants of the workspace, as tests.
#![expect(clippy::unwrap_used, reason = "what cannot be read here fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// So long is a `main.rs` at most that connects and gets out of the way.
const MAIN_LINES_MAX: usize = 35;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of what lies in a folder.
fn entries(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn functions() -> BTreeSet<String> {
    entries("functions")
}

/// Every package that is deployed, as the folder of its manifest.
fn deployed() -> Vec<String> {
    let functions = functions().into_iter().map(|name| format!("functions/{name}"));
    let shared = entries("shared").into_iter().map(|name| format!("shared/{name}"));
    functions.chain(shared).collect()
}

/// What a package is built from. Its benchmarks may need more, for Cargo lets those alone go in a circle, and none of
/// it is in what is deployed.
fn dependencies(folder: &str) -> BTreeSet<String> {
    depends(folder, &["dependencies", "build-dependencies"])
}

/// What a manifest depends on, in these kinds of way.
fn depends(folder: &str, kinds: &[&str]) -> BTreeSet<String> {
    let manifest: Table = read(format!("{folder}/Cargo.toml")).parse().unwrap();
    let tables = kinds
        .iter()
        .filter_map(|kind| manifest.get(*kind).and_then(Value::as_table));
    tables.flat_map(|table| table.keys().cloned()).collect()
}

/// Every source file under a folder.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![root().join(folder)];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_domain_needs_dates_and_errors_and_nothing_else() {
    let allowed = ["jiff", "thiserror"].map(str::to_owned);
    assert_eq!(dependencies("shared/domain"), BTreeSet::from(allowed));
}

#[test]
fn the_domain_has_no_clock_no_randomness_and_no_wire_format() {
    for path in sources("shared/domain/src") {
        let text = fs::read_to_string(&path).unwrap();
        for word in [
            "Timestamp::now",
            "Zoned::now",
            "SystemTime",
            "Instant::now",
            "std::fs",
            "std::net",
            "std::env",
            "serde",
        ] {
            assert!(!text.contains(word), "{} says {word}", path.display());
        }
    }
}

#[test]
fn nothing_that_is_deployed_names_the_runner_or_its_engine() {
    for folder in deployed() {
        let dependencies = depends(
            &folder,
            &["dependencies", "build-dependencies", "dev-dependencies"],
        );
        for runner in ["local", "dynoxide-rs", "axum", "tests"] {
            assert!(!dependencies.contains(runner), "{folder} depends on {runner}");
        }
        for path in sources(&format!("{folder}/src")) {
            let text = fs::read_to_string(&path).unwrap();
            for word in ["dynoxide", "local::", "debug_assertions"] {
                assert!(!text.contains(word), "{} says {word}", path.display());
            }
        }
    }
}

#[test]
fn imports_run_one_way() {
    let ranks = ["domain", "documents", "policies", "platform"];
    for (rank, name) in ranks.iter().enumerate() {
        let dependencies = dependencies(&format!("shared/{name}"));
        for later in &ranks[rank + 1..] {
            assert!(!dependencies.contains(*later), "{name} depends on {later}");
        }
        for function in functions() {
            assert!(!dependencies.contains(&function), "{name} depends on {function}");
        }
    }
    for function in functions() {
        let others = functions();
        let others: Vec<_> = dependencies(&format!("functions/{function}"))
            .intersection(&others)
            .cloned()
            .collect();
        assert!(others.is_empty(), "{function} depends on {others:?}");
    }
}

#[test]
fn every_function_is_in_the_template_and_in_the_runner() {
    let template = read("infra/aws/template.yaml");
    let runner = read("infra/local/src/functions.rs");
    for function in functions() {
        assert!(
            template.contains(&format!("CodeUri: ../../target/lambda/{function}/\n")),
            "{function}"
        );
        assert!(
            runner.contains(&format!("\"{function}\"")),
            "{function} is not in the runner"
        );
        let manifest: Table = read(format!("functions/{function}/Cargo.toml")).parse().unwrap();
        assert_eq!(
            manifest["package"]["name"].as_str(),
            Some(function.as_str()),
            "folder and package"
        );
    }
    assert_eq!(template.matches("CodeUri:").count(), functions().len());
}

#[test]
fn a_main_connects_and_gets_out_of_the_way() {
    for function in functions() {
        let lines = read(format!("functions/{function}/src/main.rs")).lines().count();
        assert!(lines <= MAIN_LINES_MAX, "{function}'s main.rs has {lines} lines");
    }
}

#[test]
fn the_top_level_stays_clean() {
    let allowed = [
        ".ci",
        ".clippy.toml",
        ".deny.toml",
        ".git",
        ".gitattributes",
        ".gitignore",
        ".rustfmt.toml",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "functions",
        "infra",
        "shared",
        "target",
        "tests",
    ];
    let allowed = BTreeSet::from(allowed.map(str::to_owned));
    let more: Vec<_> = entries(".").difference(&allowed).cloned().collect();
    assert!(more.is_empty(), "{more:?} is not allowed there");
}

#[test]
fn every_dependency_is_declared_once() {
    let packages = deployed()
        .into_iter()
        .chain(["infra/local".to_owned(), "tests".to_owned()]);
    for folder in packages {
        let manifest: Table = read(format!("{folder}/Cargo.toml")).parse().unwrap();
        for kind in ["dependencies", "dev-dependencies"] {
            for (name, asked) in manifest.get(kind).and_then(Value::as_table).into_iter().flatten() {
                let inherited = asked.get("workspace").and_then(Value::as_bool) == Some(true);
                assert!(inherited, "{folder} asks for a {name} of its own");
            }
        }
    }
}
