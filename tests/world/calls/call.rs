//! One call of a function: what it asks for, and what the engine says it cost.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use axum::body::Bytes;
use serde_json::Value;

/// One call, as it is about to be sent.
#[derive(Clone, Debug)]
pub struct Call {
    /// `DynamoDB` or `AmazonSQS`.
    pub service: String,
    /// For example `PutItem`.
    pub operation: String,
    pub request: Value,
}

/// One call that was answered, and what the answer says it cost.
#[derive(Clone, Debug)]
pub struct Made {
    pub call: Call,
    pub read_units: f64,
    pub write_units: f64,
}

/// The sum of some calls.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    pub calls: usize,
    pub read_units: f64,
    pub write_units: f64,
}

impl Call {
    /// The kinds of the items that it names: the beginnings of their partition keys, such as `CHAIN`.
    pub fn kinds(&self) -> Vec<&str> {
        let keys = keys(&self.request).into_iter();
        keys.map(|key| key.split('#').next().unwrap_or(key)).collect()
    }

    /// Each action that IAM looks at, and what it is done to: partition keys, or the name of a queue.
    pub(crate) fn actions(&self) -> Vec<(String, Vec<&str>)> {
        if self.service == "AmazonSQS" {
            let url = self.request["QueueUrl"].as_str().unwrap_or_default();
            let queue = url.rsplit('/').next().unwrap_or_default();
            let action = self.operation.trim_end_matches("Batch");
            return vec![(format!("sqs:{action}"), vec![queue])];
        }
        match self.request["TransactItems"].as_array() {
            // Of a transaction, IAM looks at the plain action on each item.
            Some(items) => items
                .iter()
                .filter_map(Value::as_object)
                .flatten()
                .map(|(action, item)| (format!("dynamodb:{action}Item"), keys(item)))
                .collect(),
            None => vec![(format!("dynamodb:{}", self.operation), keys(&self.request))],
        }
    }

    /// Whether it is this operation, on items of this kind.
    pub fn is(&self, operation: &str, kind: &str) -> bool {
        self.operation == operation && self.kinds().contains(&kind)
    }

    /// Whether every read in it asks for what was written last.
    pub fn is_strongly_consistent(&self) -> bool {
        match self.request["RequestItems"].as_object() {
            Some(tables) => tables.values().all(|keys| keys["ConsistentRead"] == true),
            None => self.request["ConsistentRead"] == true,
        }
    }

    pub fn is_write(&self) -> bool {
        [
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "TransactWriteItems",
            "BatchWriteItem",
        ]
        .contains(&self.operation.as_str())
    }

    pub(super) fn of(request: &HttpRequest) -> Self {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let (service, operation) = target.split_once('.').unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        Self {
            service: service.split('_').next().unwrap_or_default().to_owned(),
            operation: operation.to_owned(),
            request: serde_json::from_slice(body).unwrap_or_default(),
        }
    }
}

/// Every partition key in a request.
fn keys(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(fields) => {
            let mut found = Vec::new();
            for (name, value) in fields {
                match value["S"].as_str() {
                    Some(key) if name == "pk" || name == ":pk" => found.push(key),
                    _ => found.extend(keys(value)),
                }
            }
            found
        }
        Value::Array(list) => list.iter().flat_map(keys).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

impl Made {
    pub(super) fn of((call, answer): (Call, Bytes)) -> Self {
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let units = |told: &Value| told["CapacityUnits"].as_f64().unwrap_or(0.0);
        let told = &answer["ConsumedCapacity"];
        let units = match told.as_array() {
            Some(tables) => tables.iter().map(units).sum(),
            None => units(told),
        };
        let (read_units, write_units) = if call.is_write() {
            (0.0, units)
        } else {
            (units, 0.0)
        };
        Self {
            call,
            read_units,
            write_units,
        }
    }
}
