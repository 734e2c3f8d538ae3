//! Whether everything that `tests/wiring/used.txt` says is used was seen by some test:
//! `PERMISSIONS_USED=FOLDER cargo test --workspace`, then this with `FOLDER`.
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> io::Result<ExitCode> {
    let folder = env::args().nth(1).unwrap_or_default();
    let mut seen = BTreeSet::new();
    for file in fs::read_dir(folder)? {
        seen.extend(fs::read_to_string(file?.path())?.lines().map(str::to_owned));
    }
    let used = tests::used();
    let unseen: Vec<&String> = used.difference(&seen).collect();
    for unseen in &unseen {
        println!("said to be used, and never seen: {unseen}");
    }
    println!(
        "{} pairs of an action and a kind, {} never seen",
        used.len(),
        unseen.len()
    );
    Ok(if unseen.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
