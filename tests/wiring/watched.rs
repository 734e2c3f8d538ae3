//! What an operator looks at: each alarm watches what it says, and the tables of `infra/README.md` name every alarm
//! and every metric.

use std::collections::BTreeSet;

use yaml_serde::Value;

use crate::template::{logical_id, resources};

const README: &str = include_str!("../../infra/README.md");
const METRICS: &str = include_str!("../../shared/platform/src/metric.rs");

/// Alarm, namespace, metric, of what (its logical id), above how much. Without a dimension, of everything.
const WATCHED: [[&str; 5]; 12] = [
    ["BrokenAlarm", "AWS/ApiGateway", "5xx", "Api", "0"],
    [
        "ErrandsDeadAlarm",
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        "ErrandsDead",
        "0",
    ],
    ["GivenUpAlarm", OURS, "GivenUp", "", "0"],
    [
        "InteractionsDeadAlarm",
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        "InteractionsDead",
        "0",
    ],
    ["OverdueAlarm", OURS, "OverdueWithdrawals", "", "0"],
    [
        "ReadsThrottledAlarm",
        "AWS/DynamoDB",
        "ReadThrottleEvents",
        "Table",
        "0",
    ],
    [
        "StreamAgeAlarm",
        "AWS/Lambda",
        "IteratorAge",
        "PartnerFanout",
        "3600000",
    ],
    [
        "StreamDeadAlarm",
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        "StreamDead",
        "0",
    ],
    ["SweepBehindAlarm", OURS, "SweepLag", "", "600"],
    ["TamperedAlarm", OURS, "Tampered", "", "0"],
    ["ThrottledAlarm", "AWS/Lambda", "Throttles", "", "0"],
    [
        "WritesThrottledAlarm",
        "AWS/DynamoDB",
        "WriteThrottleEvents",
        "Table",
        "0",
    ],
];
/// As the functions are told to name theirs.
const OURS: &str = "Assenso/${AWS::StackName}";

#[test]
fn every_alarm_watches_what_it_is_there_for() {
    let watched = resources("AWS::CloudWatch::Alarm")
        .into_iter()
        .map(|(id, alarm)| {
            assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold", "{id}");
            let of = &alarm["Dimensions"][0]["Value"];
            let of = if of.is_null() {
                String::new()
            } else {
                logical_id(of)
            };
            let threshold = alarm["Threshold"].as_u64().expect("a number").to_string();
            let namespace = logical_id(&alarm["Namespace"]);
            let metric = logical_id(&alarm["MetricName"]);
            [
                id,
                namespace,
                metric,
                of.trim_end_matches(".QueueName").to_owned(),
                threshold,
            ]
        });
    let expected = WATCHED.map(|row| row.map(str::to_owned));
    assert_eq!(watched.collect::<Vec<_>>(), expected);
}

/// What CloudWatch counts in a log, and what a function measures.
#[test]
fn every_metric_of_ours_that_an_alarm_watches_is_written() {
    let filters = resources("AWS::Logs::MetricFilter");
    let counted = filters
        .values()
        .map(|filter| filter["MetricTransformations"][0]["MetricName"].clone());
    let counted: Vec<Value> = counted.collect();
    for [alarm, namespace, metric, ..] in WATCHED {
        let is_written =
            METRICS.contains(&format!("\"{metric}\"")) || counted.iter().any(|counted| *counted == metric);
        assert!(
            namespace != OURS || is_written,
            "{alarm} watches {metric}, which nobody writes"
        );
    }
}

#[test]
fn the_tables_for_operators_name_every_alarm_and_every_metric() {
    let alarms = resources("AWS::CloudWatch::Alarm").into_keys().collect();
    assert_eq!(first_cells("| Alarm |"), alarms);
    let metrics = METRICS.split("\nmod tests").next().unwrap_or_default();
    let names = ["count(\"", "name: \""].map(|before| metrics.split(before).skip(1));
    let names = names
        .into_iter()
        .flatten()
        .filter_map(|rest| rest.split('"').next());
    assert_eq!(first_cells("| Metric |"), names.map(str::to_owned).collect());
}

/// What the first column of a table names, which begins so.
fn first_cells(head: &str) -> BTreeSet<String> {
    let rows = README.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells
        .flat_map(|cell| cell.split(','))
        .map(|name| name.trim().to_owned())
        .collect()
}

#[test]
fn whatever_anybody_may_call_without_a_token_is_throttled_for_itself() {
    let routes = resources("AWS::ApiGatewayV2::Route");
    let public = routes
        .iter()
        .filter(|(_, route)| route["AuthorizationType"] == "NONE");
    let (ids, keys): (BTreeSet<String>, BTreeSet<String>) = public
        .map(|(id, route)| {
            (
                id.clone(),
                route["RouteKey"].as_str().expect("a route").to_owned(),
            )
        })
        .unzip();
    let stages = resources("AWS::ApiGatewayV2::Stage");
    let stage = stages.values().next().expect("a stage");
    let default = stage["DefaultRouteSettings"]["ThrottlingRateLimit"].as_u64();
    let throttled = stage["RouteSettings"].as_mapping().expect("routes").iter();
    let throttled = throttled.map(|(route, limits)| {
        assert!(limits["ThrottlingRateLimit"].as_u64() < default, "{route:?}");
        route.as_str().expect("a route").to_owned()
    });
    assert_eq!(throttled.collect::<BTreeSet<_>>(), keys);
    // A stage that comes before its routes knows none of them.
    let awaited: Value = crate::template::whole()["Resources"]["ApiStage"]["DependsOn"].clone();
    let awaited = awaited.as_sequence().expect("routes").iter();
    let awaited: BTreeSet<String> = awaited.filter_map(|id| id.as_str().map(str::to_owned)).collect();
    assert!(ids.is_subset(&awaited), "{:?}", ids.difference(&awaited));
}
