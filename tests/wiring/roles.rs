//! Least privilege: a role grants exactly what its function was seen to do, which `used.txt` lists. Every test holds
//! the calls that it sees against the roles, this one the roles against the list, and `tests/bin/permissions.rs` the
//! list against the calls of all tests together.

use std::collections::BTreeSet;

use tests::{granted, used};

use crate::template::{folder, logical_id, resources};

/// What DynamoDB does in the name of whoever uses the table, which lies under our key.
const BY_THE_TABLE: [&str; 3] = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"];
/// What an event source mapping does in the name of the function that it calls.
const BY_A_QUEUE: [&str; 3] = [
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
];
const BY_THE_STREAM: [&str; 3] = [
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
];
/// The stream is found by looking at all of them.
const ANY_STREAM: &str = "dynamodb:ListStreams";

#[test]
fn a_role_grants_what_its_function_and_its_triggers_use_and_nothing_else() {
    let mut used = used();
    let functions = resources("AWS::Serverless::Function");
    let uses = |id: &str, actions: &[&str], on: &str| {
        let folder = folder(&functions[id]);
        let line = move |action: &&str| format!("{folder} {action} {on}");
        actions.iter().map(line).collect::<Vec<_>>()
    };
    for id in functions.keys() {
        used.extend(uses(id, &BY_THE_TABLE, "Key"));
    }
    for mapping in resources("AWS::Lambda::EventSourceMapping").values() {
        let (id, source) = (
            logical_id(&mapping["FunctionName"]),
            logical_id(&mapping["EventSourceArn"]),
        );
        if source == "Table.StreamArn" {
            used.extend(uses(&id, &BY_THE_STREAM, &source));
            used.extend(uses(&id, &[ANY_STREAM], "*"));
        } else {
            used.extend(uses(&id, &BY_A_QUEUE, &source));
        }
    }
    let granted = granted();
    let needless: Vec<&String> = granted.difference(&used).collect();
    assert!(needless.is_empty(), "granted, and used by nobody: {needless:#?}");
    let missing: Vec<&String> = used.difference(&granted).collect();
    assert!(missing.is_empty(), "used, and not granted: {missing:#?}");
}

/// With our key a function does nothing but what the table does for it.
#[test]
fn the_key_serves_nobody_but_the_table() {
    for (id, function) in resources("AWS::Serverless::Function") {
        let statements = function["Policies"][0]["Statement"]
            .as_sequence()
            .expect("statements");
        let of_key = statements.iter().filter(|statement| {
            let actions = statement["Action"].as_sequence().into_iter().flatten();
            actions
                .filter_map(|action| action.as_str())
                .any(|action| action.starts_with("kms:"))
        });
        for statement in of_key {
            let via = &statement["Condition"]["StringEquals"]["kms:ViaService"];
            assert_eq!(logical_id(via), "dynamodb.${AWS::Region}.amazonaws.com", "{id}");
        }
    }
}

#[test]
fn a_function_is_told_of_each_queue_that_it_may_send_to_and_of_no_other() {
    let used = used();
    for function in resources("AWS::Serverless::Function").into_values() {
        let folder = folder(&function);
        let variables = function["Environment"]["Variables"].as_mapping();
        let queues = variables.into_iter().flatten().filter(|(name, _)| {
            let name = name.as_str().unwrap_or_default();
            name.ends_with("_URL") && name != "PUBLIC_URL"
        });
        let told: BTreeSet<String> = queues.map(|(_, queue)| logical_id(queue)).collect();
        let sending = format!("{folder} sqs:SendMessage ");
        let sends = used.iter().filter_map(|line| line.strip_prefix(&sending));
        assert_eq!(told, sends.map(str::to_owned).collect(), "{folder}");
    }
}
