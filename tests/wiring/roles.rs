//! Least privilege: a role grants exactly what its function was seen to do. `used.txt` lists that, a line for each
//! function and action, with the kinds of items or the queues. Every test holds the calls that it sees against the
//! roles; these two hold the roles against the calls.

use std::collections::BTreeSet;
use std::{env, fs};

use tests::{PERMISSIONS_USED, granted};

const USED: &str = include_str!("used.txt");

/// What AWS does in a role's name, and no call of ours: DynamoDB encrypts and decrypts the table, and the event source
/// mappings read the queues and the stream.
const BY_AWS: [&str; 10] = [
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
];

#[test]
fn a_role_grants_what_its_function_uses_and_nothing_else() {
    let used = used();
    let mut granted = granted();
    granted.retain(|grant| !BY_AWS.iter().any(|action| grant.contains(&format!(" {action} "))));
    let needless: Vec<&String> = granted.difference(&used).collect();
    assert!(needless.is_empty(), "granted, and used by nobody: {needless:#?}");
    let missing: Vec<&String> = used.difference(&granted).collect();
    assert!(missing.is_empty(), "used, and not granted: {missing:#?}");
}

/// After all other tests, in the folder that they were given, which only `.ci/run` waits for.
#[test]
#[ignore = "it looks at what all other tests have used"]
fn what_is_said_to_be_used_was_seen_by_some_test() {
    let folder = env::var_os(PERMISSIONS_USED).expect("the folder in which the tests left what they used");
    let files = fs::read_dir(folder).expect("a folder");
    let seen: BTreeSet<String> = files
        .map(|file| fs::read_to_string(file.expect("a file").path()).expect("lines"))
        .flat_map(|lines| lines.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let used = used();
    let unseen: Vec<&String> = used.difference(&seen).collect();
    assert!(unseen.is_empty(), "said to be used, and never seen: {unseen:#?}");
}

/// A line for each function, action, and what it is done to, as [`granted`] has them.
fn used() -> BTreeSet<String> {
    let lines = USED.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    lines
        .flat_map(|words| {
            let [function, action, on @ ..] = words.as_slice() else {
                unreachable!("a function and an action: {words:?}");
            };
            let of_all: Vec<String> = on.iter().map(|on| format!("{function} {action} {on}")).collect();
            of_all
        })
        .collect()
}
