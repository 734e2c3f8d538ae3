//! `policy check`, as somebody who writes a policy runs it.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SHIPPED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/policies/notices/bmw-italia-promotional.1.toml"
);

fn run(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_local"))
        .args(words)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The shipped document with some of it changed.
fn edited(name: &str, edits: &[(&str, &str)]) -> PathBuf {
    let mut source = std::fs::read_to_string(SHIPPED).unwrap();
    for (good, bad) in edits {
        assert!(source.contains(good), "the document has no {good:?}");
        source = source.replacen(good, bad, 1);
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, source).unwrap();
    file
}

#[test]
fn a_complete_document_is_summed_up() {
    let checked = run(&["policy", "check", SHIPPED]);
    assert!(checked.status.success());
    let told = text(&checked.stdout);
    assert!(
        told.starts_with("bmw-italia-promotional 1 is complete\n"),
        "{told}"
    );
    for said in [
        "languages: de, en, it\n",
        "purposes:  care, marketing, research\n",
        "channels:  email, messaging, phone, post, sms\n",
        "valid for P24M, reminder P30D before the end, ",
        "relation purchase: 12 of 14 categories\n",
        "processor: 4 of 14 categories\n",
    ] {
        assert!(told.contains(said), "{said:?} is missing in\n{told}");
    }
}

#[test]
fn each_finding_is_told_with_its_place_and_a_sentence() {
    let file = edited(
        "incomplete.toml",
        &[
            ("retention = \"P24M\"", "retention = \"until withdrawn\""),
            ("[terms.withdrawal_method]", "[unrelated]"),
        ],
    );
    let checked = run(&["policy", "check", file.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(1));
    // An unknown table is no shape that can be read on.
    let told = text(&checked.stdout);
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("unknown field `unrelated`"), "{told}");

    let file = edited(
        "unlawful.toml",
        &[
            ("retention = \"P24M\"", "retention = \"until withdrawn\""),
            (
                "rights = [\"A7-3\", \"A15\", \"A16\", \"A17\", \"A18\", \"A19\", \"A20\", \"A21\", \"A77\"]",
                "rights = []",
            ),
        ],
    );
    let checked = run(&["policy", "check", file.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(1));
    let source = std::fs::read_to_string(&file).unwrap();
    let line = |of: &str| source[..source.find(of).unwrap()].matches('\n').count() + 1;
    let file = file.display();
    let expected = [
        format!(
            "{file}:{}:13: \"until withdrawn\" is no retention: data are kept for a period of their own (T4)",
            line("retention = \"until")
        ),
        format!(
            "{file}:{}:1: the terms name no rights of the data subject (T4)",
            line("[terms]")
        ),
    ];
    assert_eq!(text(&checked.stdout).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let checked = run(&["policy", "check", "nowhere.toml"]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(text(&checked.stderr).starts_with("nowhere.toml cannot be read: "));
    assert!(checked.stdout.is_empty());
}

#[test]
fn help_says_how_to_check_a_policy() {
    for words in [
        &["--help"][..],
        &["policy", "--help"],
        &["policy", "check", "--help"],
        &["policy", "check", SHIPPED, "--help"],
        &["policy"],
        &["policy", "check"],
        &["policy", "chekc", SHIPPED],
        &["policy", "check", SHIPPED, SHIPPED],
    ] {
        let told = run(words);
        assert_eq!(told.status.success(), words.ends_with(&["--help"]), "{words:?}");
        let said = [text(&told.stdout), text(&told.stderr)].concat();
        assert!(said.contains("policy check FILE"), "{words:?} says {said}");
    }
}
