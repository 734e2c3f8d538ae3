//! Metrics, in CloudWatch's embedded metric format: a line of JSON in the log, of which CloudWatch makes a
//! metric. Nothing is called and nothing can fail.
//!
//! A dimension costs a metric for each of its values and could name somebody: so there is one, the outcome,
//! and its values are words of ours.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::json;

/// Where the lines go, among all that is logged.
pub(crate) const TARGET: &str = "metric";

/// One of the metrics that `infra/README.md` lists.
#[derive(Clone, Copy)]
pub struct Metric {
    name: &'static str,
    unit: &'static str,
}

/// Consents captured, pending ones among them; a repeated request counts again.
pub const CAPTURES: Metric = count("Captures");
/// Withdrawals and objections taken.
pub const WITHDRAWALS: Metric = count("Withdrawals");
/// Questions answered, by outcome: `allowed` or `denied`.
pub const DECISIONS: Metric = count("Decisions");
/// Letters sent to recipients, by outcome: `acknowledged` or `failed`.
pub const DELIVERIES: Metric = count("Deliveries");
/// From the newest act that a letter tells of to its acknowledgement.
pub const COMMIT_TO_ACKNOWLEDGEMENT: Metric = Metric {
    name: "CommitToAcknowledgement",
    unit: "Milliseconds",
};
/// Deliveries of which the last attempt has just failed, or whose recipient is gone.
pub const GIVEN_UP: Metric = count("GivenUp");
/// Withdrawals that a recipient has just failed to confirm in time.
pub const OVERDUE_WITHDRAWALS: Metric = count("OverdueWithdrawals");
/// How far behind what falls due is announced, once a run.
pub const SWEEP_LAG: Metric = Metric {
    name: "SweepLag",
    unit: "Seconds",
};

const fn count(name: &'static str) -> Metric {
    Metric { name, unit: "Count" }
}

/// The template sets it to one of the stack's own.
static NAMESPACE: LazyLock<String> =
    LazyLock::new(|| std::env::var("METRICS_NAMESPACE").unwrap_or_else(|_| "Assenso".to_owned()));

impl Metric {
    pub fn record(self, value: u64, now: Timestamp) {
        emit(&self.line(value, None, now));
    }

    pub fn record_by(self, outcome: &'static str, value: u64, now: Timestamp) {
        emit(&self.line(value, Some(outcome), now));
    }

    fn line(self, value: u64, outcome: Option<&'static str>, now: Timestamp) -> String {
        let dimensions: &[&str] = if outcome.is_some() { &["Outcome"] } else { &[] };
        let mut line = json!({
            "_aws": {
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [{
                    "Namespace": *NAMESPACE,
                    "Dimensions": [dimensions],
                    "Metrics": [{ "Name": self.name, "Unit": self.unit }],
                }],
            },
        });
        line[self.name] = value.into();
        if let Some(outcome) = outcome {
            line["Outcome"] = outcome.into();
        }
        line.to_string()
    }
}

fn emit(line: &str) {
    tracing::info!(target: TARGET, "{line}");
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_line_is_what_cloudwatch_makes_a_metric_of() {
        let now = Timestamp::from_millisecond(1_772_366_400_123).unwrap();
        let line: Value = serde_json::from_str(&DECISIONS.line(3, Some("denied"), now)).unwrap();

        assert_eq!(line["_aws"]["Timestamp"], 1_772_366_400_123_i64);
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Assenso");
        assert_eq!(directive["Dimensions"], json!([["Outcome"]]));
        assert_eq!(
            directive["Metrics"],
            json!([{ "Name": "Decisions", "Unit": "Count" }])
        );
        assert_eq!(
            (&line["Decisions"], &line["Outcome"]),
            (&json!(3), &json!("denied"))
        );

        let plain: Value = serde_json::from_str(&CAPTURES.line(1, None, now)).unwrap();
        assert_eq!(plain["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([[]]));
    }
}
