//! What time alone does: exactly on the day, once, in order, and whether or not a schedule has run.

use domain::policy::Policies;
use serde_json::{Value, json};
use tests::{Someone, World, instant};

#[path = "due/clocks.rs"]
mod clocks;
#[path = "due/collected.rs"]
mod collected;
#[path = "due/confirmed.rs"]
mod confirmed;
#[path = "due/contact.rs"]
mod contact;
#[path = "due/debts.rs"]
mod debts;
#[path = "due/kinds.rs"]
mod kinds;
#[path = "due/month.rs"]
mod month;
#[path = "due/outage.rs"]
mod outage;
#[path = "due/register.rs"]
mod register;
#[path = "due/resumed.rs"]
mod resumed;
#[path = "due/stopped.rs"]
mod stopped;
#[path = "due/terms.rs"]
mod terms;
#[path = "due/twice.rs"]
mod twice;

const DOCUMENT: &str = include_str!("../shared/policies/notices/bmw-italia-promotional.1.toml");

/// Somebody who ticked everything at a date in the past.
async fn someone_who_granted_on(world: &World, happened_at: &str) -> Someone {
    let someone = world.someone().await;
    let then = json!({ "happened_at": happened_at });
    let asked = tests::merged(tests::everything(), then);
    world.grant(&someone, asked).await.is(201);
    world.settle().await;
    someone
}

async fn acts(world: &World, someone: &Someone) -> Vec<String> {
    let history = world.history(someone).await;
    history.iter().map(|act| text(&act["act"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Move the clock, and let the schedule run.
async fn tick_at(world: &World, at: &str) {
    world.clock.set(instant(at));
    world.tick().await;
}

/// These documents as policies, for as long as the tests run.
fn policies(documents: &[String]) -> &'static Policies {
    let policies = documents
        .iter()
        .map(|source| policies::load("test.toml", source).unwrap_or_else(|findings| panic!("{findings:?}")));
    Box::leak(Box::new(Policies::new(policies.collect())))
}
