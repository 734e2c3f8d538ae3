//! The schedule: calls a function once in every so many minutes of the clock.
//!
//! A minute that was missed (the laptop slept, a test moved the clock by a year) is not made up for, as
//! it is not on AWS: what is due must be found by whoever is called next.

use jiff::{Timestamp, Unit};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::invoke::Functions;
use crate::sdk;
use crate::sqs::ACCOUNT;
use crate::template::{self, ScheduleKind};

pub struct Schedule {
    schedule: template::Schedule,
    functions: Functions,
    clock: Clock,
    /// The turn (minutes since the epoch by the rate) that was called last.
    last_turn: Option<i64>,
}

impl Schedule {
    pub fn new(schedule: template::Schedule, functions: Functions, clock: Clock) -> Self {
        Self {
            schedule,
            functions,
            clock,
            last_turn: None,
        }
    }

    /// Call the function now, whether it is its minute or not. Returns whether it worked; a failure is
    /// not retried.
    pub async fn tick(&mut self) -> bool {
        let now = self.clock.now();
        self.last_turn = Some(self.turn(now));
        let event = self.event(now);
        let function = self.schedule.function.as_str();
        match self.functions.call(function, event, now).await {
            Ok(_) => true,
            Err(problem) => {
                tracing::warn!(function, problem, "a scheduled call failed");
                false
            }
        }
    }

    /// Call the function if its next minute has come.
    pub async fn tick_if_due(&mut self) {
        if self.last_turn != Some(self.turn(self.clock.now())) {
            self.tick().await;
        }
    }

    fn turn(&self, now: Timestamp) -> i64 {
        now.as_second()
            .div_euclid(60 * i64::from(self.schedule.every_minutes))
    }

    fn event(&self, now: Timestamp) -> Value {
        let time = now.round(Unit::Second).unwrap_or(now).to_string();
        let (source, of, detail) = match self.schedule.kind {
            ScheduleKind::Rule => ("aws.events", "events", json!({})),
            // EventBridge Scheduler sends an empty detail as text.
            ScheduleKind::Scheduler => ("aws.scheduler", "scheduler", json!("{}")),
        };
        let name = &self.schedule.function;
        json!({
            "version": "0",
            "id": format!("{name}-{}", now.as_millisecond()),
            "detail-type": "Scheduled Event",
            "source": source,
            "account": ACCOUNT,
            "time": time,
            "region": sdk::REGION,
            "resources": [format!("arn:aws:{of}:{}:{ACCOUNT}:schedule/default/{name}", sdk::REGION)],
            "detail": detail,
        })
    }
}
