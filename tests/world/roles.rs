//! The roles of the template, held against every call that a function makes in any test: what its role does
//! not grant is refused, as AWS would, and fails the test. What is granted and used is remembered, so that what
//! is granted and never used can be told (`tests/wiring/roles.rs`, `tests/bin/permissions.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::{env, fs};

use local::invoke::Function;
use local::template::{DEPLOYED, Template};
use yaml_serde::Value;

use crate::calls::Call;

/// The folder in which every process of the tests leaves what it has used, if it is named.
const PERMISSIONS_USED: &str = "PERMISSIONS_USED";
/// What the functions were seen to do: a line for each function and action, with the kinds of items or the queues.
const USED: &str = include_str!("../wiring/used.txt");

tokio::task_local! {
    /// The function whose invocation makes a call. A test's own calls are nobody's.
    static CALLER: String;
}

static ROLES: LazyLock<BTreeMap<String, BTreeSet<Grant>>> = LazyLock::new(roles);
static QUEUES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let queues = Template::deployed().expect("a template").queues;
    queues.into_iter().map(|queue| (queue.name, queue.id)).collect()
});
static USES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// One action of a statement, on items whose partition keys begin so, or on another resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    statement: String,
    action: String,
    on: String,
}

impl Grant {
    fn covers(&self, asked: &str) -> bool {
        match self.on.strip_suffix('*') {
            Some(beginning) => asked.starts_with(beginning),
            None => asked == self.on,
        }
    }
}

/// The function, with its role on.
pub(crate) fn in_role(name: &str, function: Function) -> Function {
    let name = name.to_owned();
    Arc::new(move |event, now| Box::pin(CALLER.scope(name.clone(), function(event, now))))
}

/// Whether the role of whoever makes the call grants it.
pub(crate) fn may(call: &Call) -> Result<(), String> {
    let Ok(caller) = CALLER.try_with(Clone::clone) else {
        return Ok(());
    };
    let grants = ROLES
        .get(&caller)
        .ok_or_else(|| format!("{caller} has no role"))?;
    for (action, asked) in call.actions() {
        let asked: Vec<&str> = asked
            .into_iter()
            .map(|name| {
                // What follows a dash tells the worlds of one engine apart.
                let plain = name.split('-').next().unwrap_or(name);
                QUEUES.get(plain).map_or(name, String::as_str)
            })
            .collect();
        let of_action: Vec<&Grant> = grants.iter().filter(|grant| grant.action == action).collect();
        // All keys of one call must be in the statement that allows it.
        let granted = of_action.iter().find_map(|first| {
            let in_statement = of_action
                .iter()
                .filter(|grant| grant.statement == first.statement);
            let used = asked
                .iter()
                .map(|key| in_statement.clone().find(|grant| grant.covers(key)));
            used.collect::<Option<Vec<_>>>()
        });
        let granted = granted.ok_or_else(|| format!("{caller} may not {action} on {asked:?}"))?;
        let mut uses = USES.lock().unwrap_or_else(PoisonError::into_inner);
        uses.extend(granted.into_iter().map(|grant| line(&caller, grant)));
    }
    Ok(())
}

/// Leave what was used where it is asked for.
pub(crate) fn leave_used() {
    if let Some(folder) = env::var_os(PERMISSIONS_USED) {
        let uses = USES.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = uses.iter().map(String::as_str).collect();
        let file = std::path::Path::new(&folder).join(std::process::id().to_string());
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(file, lines.join("\n")).expect("a file");
    }
}

/// Every grant of every role, as one line each: function, action, on what.
pub fn granted() -> BTreeSet<String> {
    let of = |(function, grants): (&String, &BTreeSet<Grant>)| -> Vec<String> {
        grants.iter().map(|grant| line(function, grant)).collect()
    };
    ROLES.iter().flat_map(of).collect()
}

/// What is said to be used, as [`granted`] has it.
pub fn used() -> BTreeSet<String> {
    let lines = USED.lines().filter_map(|line| {
        let (function, rest) = line.split_once(' ')?;
        let (action, on) = rest.split_once(' ')?;
        Some(on.split(' ').map(move |on| format!("{function} {action} {on}")))
    });
    lines.flatten().collect()
}

fn line(function: &str, grant: &Grant) -> String {
    format!("{function} {} {}", grant.action, grant.on)
}

fn roles() -> BTreeMap<String, BTreeSet<Grant>> {
    let template: Value = yaml_serde::from_str(DEPLOYED).expect("YAML");
    let resources = template["Resources"].as_mapping().expect("resources");
    let functions = resources
        .values()
        .filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    functions
        .map(|function| {
            let function = &function["Properties"];
            let folder = text(&function["CodeUri"]);
            let folder = folder
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or_default();
            let statements = list(&function["Policies"]);
            let statements = statements.iter().flat_map(|policy| list(&policy["Statement"]));
            (folder.to_owned(), statements.flat_map(grants).collect())
        })
        .collect()
}

fn grants(statement: Value) -> Vec<Grant> {
    let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    let on = if keys.is_null() {
        &statement["Resource"]
    } else {
        keys
    };
    let mut grants = Vec::new();
    for action in list(&statement["Action"]) {
        for on in list(on) {
            grants.push(Grant {
                statement: text(&statement["Sid"]),
                action: text(&action),
                on: text(&on).trim_end_matches(".Arn").to_owned(),
            });
        }
    }
    grants
}

/// A list, or the one that stands for it.
fn list(value: &Value) -> Vec<Value> {
    value
        .as_sequence()
        .map_or_else(|| vec![value.clone()], |list| list.to_vec())
}

/// A text, or what a short tag says of one.
fn text(value: &Value) -> String {
    let untagged = if let Value::Tagged(tagged) = value {
        &tagged.value
    } else {
        value
    };
    untagged.as_str().expect("a text").to_owned()
}
