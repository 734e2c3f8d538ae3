//! An alarm that counts lines of a log finds the lines that the code writes, and no others.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{AttributeValue, Call, Fate, Item, Manner, Someone, World};
use tracing::subscriber::DefaultGuard;

use crate::template::resources;

/// What the functions of a test have logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Of this thread, and so of this test, until the guard is dropped.
    fn open() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = platform::telemetry::log_to(move || writer.clone());
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// The lines that the metric filter with this name counts.
    fn counted(&self, filter: &str) -> Vec<Value> {
        let filters = resources("AWS::Logs::MetricFilter");
        let pattern = filters[filter]["FilterPattern"].as_str().expect("a pattern");
        let lines = self.lines().into_iter();
        lines.filter(|line| matches(pattern, line)).collect()
    }

    /// What CloudWatch takes from the lines as values of this metric.
    fn measured(&self, metric: &str) -> Vec<Value> {
        let lines = self.lines().into_iter();
        let of_it = lines.filter(|line| line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"] == metric);
        of_it.map(|line| line[metric].clone()).collect()
    }

    /// The same, each with the outcome that it counts, in order.
    fn by_outcome(&self, metric: &str) -> Vec<(&'static str, u64)> {
        const OUTCOMES: [&str; 4] = ["allowed", "denied", "acknowledged", "failed"];
        let mut told: Vec<_> = self
            .lines()
            .iter()
            .filter_map(|line| {
                let value = line[metric].as_u64()?;
                let outcome = OUTCOMES.into_iter().find(|outcome| line["Outcome"] == *outcome)?;
                Some((outcome, value))
            })
            .collect();
        told.sort_unstable();
        told
    }

    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// As CloudWatch reads `{ $.some.field = * }`, and `> 0` for a number.
fn matches(pattern: &str, line: &Value) -> bool {
    let words: Vec<&str> = pattern.split_whitespace().collect();
    let ["{", field, operator, operand, "}"] = words[..] else {
        panic!("{pattern} is not understood here");
    };
    let pointer = field.trim_start_matches('$').replace('.', "/");
    let value = line.pointer(&pointer).unwrap_or(&Value::Null);
    match (operator, operand) {
        ("=", "*") => !value.is_null(),
        (">", "0") => value.as_f64().is_some_and(|value| value > 0.0),
        _ => panic!("{pattern} is not understood here"),
    }
}

#[tokio::test]
async fn a_usual_day_says_how_far_the_sweep_is_and_rings_no_alarm() {
    let (log, _guard) = Log::open();
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.withdraw_all(&someone).await.is(200);
    world.tick().await;

    assert_eq!(log.measured("SweepLag"), [json!(0)], "one line a run");
    assert_eq!(log.measured("OverdueWithdrawals"), [json!(null); 0]);
    assert_eq!(log.measured("GivenUp"), [json!(null); 0]);
    assert_eq!(log.counted("PartnerFanoutTampered"), [json!(null); 0]);
}

/// Each metric of `infra/README.md` that a usual day writes; what is not usual has a test of its own.
#[tokio::test]
async fn a_usual_day_counts_what_was_asked_and_told() {
    let (log, _guard) = Log::open();
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    assert!(world.may(&someone, "bmw-ag", "email").await);
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::Fails);
    world.withdraw_all(&someone).await.is(200);
    assert!(!world.may(&someone, "bmw-ag", "email").await);
    world.settle().await;

    assert_eq!(log.measured("Captures"), [json!(1)]);
    assert_eq!(log.measured("Withdrawals"), [json!(1)]);
    assert_eq!(log.by_outcome("Decisions"), [("allowed", 1), ("denied", 1)]);
    assert_eq!(
        log.by_outcome("Deliveries"),
        [
            ("acknowledged", 1),
            ("acknowledged", 1),
            ("acknowledged", 1),
            ("acknowledged", 1),
            ("acknowledged", 1),
            ("failed", 1)
        ]
    );
    assert_eq!(log.measured("CommitToAcknowledgement"), vec![json!(0); 5]);
}

#[tokio::test]
async fn a_withdrawal_that_is_not_confirmed_in_time_rings_the_alarm_once() {
    let (log, _guard) = Log::open();
    let world = World::at_noon().await;
    world.tick().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    world.recipients.set("bmw-ag", Manner::Fails);
    world.withdraw_all(&someone).await.is(200);
    for _ in 0..4 {
        world.settle().await;
        world.advance(SignedDuration::from_hours(25));
        world.tick().await;
    }
    assert_eq!(log.measured(&looked_at("OverdueAlarm")), [json!(1)]);
}

/// The metric that this alarm looks at.
fn looked_at(alarm: &str) -> String {
    let alarms = resources("AWS::CloudWatch::Alarm");
    let metric = alarms[alarm]["MetricName"].as_str();
    metric.expect("a metric").to_owned()
}

#[tokio::test]
async fn a_delivery_that_is_given_up_rings_the_alarm_once_and_once_more_if_what_is_new_is_given_up_too() {
    let gone = Manner::Refuses {
        status: 410,
        retry_after_s: 0,
    };
    // To one that is gone, nothing new is sent.
    for (manner, in_all) in [(Manner::Fails, 2), (gone, 1)] {
        let (log, _guard) = Log::open();
        let world = World::at_noon().await;
        world.tick().await;
        world.recipients.set("bmw-ag", manner);
        let someone = world.someone_who_granted_everything().await;
        for rung in [1, in_all] {
            for _ in 0..16 {
                world.settle().await;
                world.advance(SignedDuration::from_hours(25));
                world.tick().await;
            }
            let given_up = log.measured(&looked_at("GivenUpAlarm"));
            assert_eq!(given_up, vec![json!(1); rung], "{manner:?}");
            world.withdraw_all(&someone).await.is(200);
        }
    }
}

#[tokio::test]
async fn a_sweep_that_cannot_go_on_says_how_far_behind_it_is_until_it_has_caught_up() {
    let (log, _guard) = Log::open();
    let world = World::at_noon().await;
    world.tick().await;
    let is_of_one_shard = |call: &Call| {
        let key = &call.request["ExpressionAttributeValues"][":pk"]["S"];
        key == "DUE#2026-03-02#07"
    };
    world.calls.judge(move |call| {
        if is_of_one_shard(call) {
            Fate::NeverSent
        } else {
            Fate::Answered
        }
    });
    for _ in 0..2 {
        world.advance(SignedDuration::from_mins(10));
        world.tick().await;
    }
    world.calls.heal();
    world.tick().await;
    assert_eq!(log.measured("SweepLag"), [0, 600, 1_200, 0].map(|s| json!(s)));
}

#[tokio::test]
async fn an_act_that_is_changed_or_deleted_in_the_table_rings_the_alarm() {
    let (log, _guard) = Log::open();
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    let (engine, table) = world.engine();

    let key = |item: &Item| ["pk", "sk"].map(|name| (name.to_owned(), item[name].clone()));
    let [granted, withdrawn] = &world.chain(&someone).await[..] else {
        panic!("two acts");
    };
    engine
        .update_item()
        .table_name(&table)
        .set_key(Some(key(granted).into()))
        .update_expression("SET note = :x")
        .expression_attribute_values(":x", AttributeValue::S("x".to_owned()))
        .send()
        .await
        .expect("changed");
    world.settle().await;
    assert_eq!(tampered(&log, &someone), ["Modify"]);

    let deletion = engine.delete_item().table_name(&table);
    let deletion = deletion.set_key(Some(key(withdrawn).into()));
    deletion.send().await.expect("deleted");
    world.settle().await;
    assert_eq!(tampered(&log, &someone), ["Modify", "Remove"]);
}

fn tampered(log: &Log, someone: &Someone) -> Vec<Value> {
    let lines = log.counted("PartnerFanoutTampered");
    let fields = lines.into_iter().map(|line| line["fields"].clone());
    let told = fields.map(|fields| {
        assert_eq!(fields["subject"], someone.pseudonym.as_str());
        fields["tampered"].clone()
    });
    told.collect()
}
