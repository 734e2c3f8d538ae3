//! The seam to the functions: how the runner calls one, which is how Lambda would.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One function as Lambda calls it: an event in, an answer or an error out, and the instant it is called at.
pub type Function = Arc<dyn Fn(Value, Timestamp) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// The functions by the name of their folder, for example `consent-capture`.
#[derive(Clone, Default)]
pub struct Functions(pub BTreeMap<String, Function>);

impl Functions {
    /// Call a function in a task of its own: one that panics has failed, and takes nothing with it, as
    /// a Lambda's crash would.
    pub async fn call(&self, name: &str, event: Value, now: Timestamp) -> Result<Value, String> {
        let function = self
            .0
            .get(name)
            .ok_or_else(|| format!("there is no function {name}"))?;

        match tokio::spawn(function(event, now)).await {
            Ok(answer) => answer,
            Err(crash) => Err(format!("the function {name} crashed: {crash}")),
        }
    }
}

/// What a batch function says of its records, in Lambda's words.
pub(crate) enum Verdict {
    Done,
    /// These did not work; the others did.
    Failed(Vec<String>),
    /// Nothing can be taken as done.
    AllFailed(String),
}

impl Verdict {
    /// Like Lambda, an answer that names a record which was not in the batch counts as a failure of all.
    pub(crate) fn of(answer: Result<Value, String>, batch: &[&str]) -> Self {
        let answer = match answer {
            Ok(answer) => answer,
            Err(reason) => return Self::AllFailed(reason),
        };
        let failures = &answer["batchItemFailures"];
        if failures.is_null() {
            return Self::Done;
        }
        let Some(failures) = failures.as_array() else {
            return Self::AllFailed("batchItemFailures is not a list".to_owned());
        };
        let failed: Option<Vec<String>> = failures
            .iter()
            .map(|failure| Some(failure["itemIdentifier"].as_str()?.to_owned()))
            .collect();

        match failed {
            Some(failed) if failed.is_empty() => Self::Done,
            Some(failed) if failed.iter().all(|id| batch.contains(&id.as_str())) => Self::Failed(failed),
            _ => Self::AllFailed("batchItemFailures names what was not in the batch".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_verdict_follows_lambdas_reading_of_partial_failures() {
        let batch = ["a", "b"];
        let of = |answer| Verdict::of(Ok(answer), &batch);
        let failing = |id: &str| json!({ "batchItemFailures": [{ "itemIdentifier": id }] });

        assert!(matches!(of(Value::Null), Verdict::Done));
        assert!(matches!(of(json!({ "batchItemFailures": [] })), Verdict::Done));
        assert!(matches!(of(failing("b")), Verdict::Failed(ids) if ids == ["b"]));
        assert!(matches!(of(failing("c")), Verdict::AllFailed(_)));
        assert!(matches!(of(failing("")), Verdict::AllFailed(_)));
        assert!(matches!(
            Verdict::of(Err("no".to_owned()), &batch),
            Verdict::AllFailed(_)
        ));
    }

    #[tokio::test]
    async fn a_function_that_panics_has_failed_and_the_runner_lives_on() {
        let crashing: Function = Arc::new(|_, _| Box::pin(async { panic!("on purpose") }));
        let functions = Functions(BTreeMap::from([("crashing".to_owned(), crashing)]));

        let answer = functions
            .call("crashing", Value::Null, Timestamp::UNIX_EPOCH)
            .await;
        assert!(answer.unwrap_err().contains("crashed"));
        let answer = functions
            .call("missing", Value::Null, Timestamp::UNIX_EPOCH)
            .await;
        assert!(answer.unwrap_err().contains("missing"));
    }
}
