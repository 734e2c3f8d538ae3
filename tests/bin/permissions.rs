//! Whether everything that the roles of the template grant was used by the tests that have run, or is used by
//! AWS in a role's name: `PERMISSIONS_USED=DIR cargo test --workspace`, then this with `DIR`. That nothing is
//! used that is not granted, every test sees to by itself.
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::{env, fs, io};

/// What AWS does in a role's name.
const BY_AWS: [(&str, &str); 8] = [
    (" kms:Decrypt ", "DynamoDB, to read the table"),
    (" kms:Encrypt ", "DynamoDB, to write it"),
    (" kms:GenerateDataKey ", "DynamoDB, to write it"),
    (" sqs:ReceiveMessage ", "the event source mapping"),
    (" sqs:DeleteMessage ", "the event source mapping"),
    (" sqs:GetQueueAttributes ", "the event source mapping"),
    (" ReadStream ", "the event source mapping"),
    (" FindStream ", "the event source mapping"),
];

fn main() -> io::Result<ExitCode> {
    let folder = env::args().nth(1).unwrap_or_default();
    let mut used = BTreeSet::new();
    for file in fs::read_dir(folder)? {
        used.extend(fs::read_to_string(file?.path())?.lines().map(str::to_owned));
    }
    let granted = tests::granted();
    let is_by_aws = |grant: &&String| BY_AWS.iter().any(|(what, _)| grant.contains(what));
    let by_aws = granted.iter().filter(is_by_aws).count();
    let unused: Vec<&String> = granted
        .iter()
        .filter(|grant| !is_by_aws(grant) && !used.contains(*grant))
        .collect();
    for grant in &unused {
        println!("granted and never used: {grant}");
    }
    println!(
        "{} grants: {} used by the tests, {by_aws} by AWS, {} by nobody",
        granted.len(),
        granted.len() - by_aws - unused.len(),
        unused.len()
    );
    Ok(if unused.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
