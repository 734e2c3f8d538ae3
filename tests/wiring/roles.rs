//! Least privilege: a role grants exactly what its function was seen to do, which `used.txt` lists. Every test holds
//! the calls that it sees against the roles, this one the roles against the list, and `tests/bin/permissions.rs` the
//! list against the calls of all tests together.

use tests::{granted, used};

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
