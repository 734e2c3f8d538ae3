//! The table of infra/README.md says which role touches which kind of item, and the template is what it says.

use std::collections::{BTreeMap, BTreeSet};

use yaml_serde::Value;

use crate::template::resources;

const README: &str = include_str!("../../infra/README.md");
const LETTERS: [(&str, &str); 7] = [
    ("GetItem", "G"),
    ("Query", "Q"),
    ("BatchGetItem", "B"),
    ("PutItem", "P"),
    ("UpdateItem", "U"),
    ("DeleteItem", "D"),
    ("ConditionCheckItem", "C"),
];

/// Role, kind of item, letter.
type Cells = BTreeSet<[String; 3]>;

#[test]
fn the_table_of_roles_says_what_the_template_grants() {
    assert_eq!(told(), granted());
}

fn told() -> Cells {
    let mut lines = README.lines().skip_while(|line| !line.starts_with("| Role |"));
    let kinds = cells(lines.next().expect("the table of roles"));
    let mut told = Cells::new();
    for row in lines.skip(1).take_while(|line| line.starts_with('|')).map(cells) {
        for (kind, letters) in kinds
            .iter()
            .zip(&row)
            .skip(1)
            .filter(|(kind, _)| **kind != "Queues")
        {
            // A number in brackets points to a note below.
            for letter in letters.split(' ').filter(|word| word.len() == 1) {
                told.insert([row[0], *kind, letter].map(str::to_owned));
            }
        }
    }
    told
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

pub(crate) fn granted() -> Cells {
    let letters = BTreeMap::from(LETTERS);
    let mut granted = Cells::new();
    for (role, function) in resources("AWS::Serverless::Function") {
        for statement in all(&function["Policies"]).flat_map(|policy| all(&policy["Statement"])) {
            let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            for key in all(keys) {
                let kind = text(key).split('#').next().unwrap_or_default();
                for action in all(&statement["Action"]) {
                    let letter = letters[text(action).trim_start_matches("dynamodb:")];
                    granted.insert([role.as_str(), kind, letter].map(str::to_owned));
                }
            }
        }
    }
    granted
}

fn all(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_sequence().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a word")
}
