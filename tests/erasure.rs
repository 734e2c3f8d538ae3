//! Erasure (GDPR 17, 19): what identifies goes at once and stays gone, whoever held it is told, and the proof
//! of what was agreed to stays.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{Item, Someone, World, a_whole_profile, everything, merged};

#[path = "erasure/gone.rs"]
mod gone;
#[path = "erasure/told.rs"]
mod told;

const NOTICED: [&str; 3] = ["bmw-ag", "marketing-platform", "campaign-service"];
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Nothing that is due lies nearer than this.
const UNTIL_DUE: SignedDuration = SignedDuration::from_mins(7);

/// Evidence that identifies.
fn a_paper(number: usize) -> Value {
    json!({ "evidence": { "kind": "paper", "reference": format!("paper-{number}") } })
}

/// Somebody of whom everything is known that can be.
async fn someone_well_known(world: &World) -> Someone {
    let someone = world.someone().await;
    world
        .grant(&someone, merged(everything(), a_paper(1)))
        .await
        .is(201);
    world.grant(&someone, everything()).await.is(201);
    world.patch_profile(&someone, a_whole_profile()).await.is(200);
    let sold = json!({ "delivered_on": "2026-02-01" });
    world
        .relate(&someone, "dealer-one", "purchase", "vehicle-1", sold)
        .await
        .is(200);
    let opened = world.event(&someone, "content-clicked", json!({}));
    world.report(vec![opened]).await;
    assert_ne!(world.tracked(&someone).await, Value::Null);
    someone
}

/// A world with a dealer and a campaign.
async fn a_world() -> World {
    let world = World::at_noon().await;
    world.dealer("dealer-one").await;
    world.declare("spring", json!({})).await.is(201);
    world
}

/// The content of every category that is stored of somebody.
async fn content(world: &World, someone: &Someone) -> Vec<Item> {
    let mut content = Vec::new();
    for policy in policies::all().iter() {
        for category in policy.categories.keys() {
            let key = format!("PROFILE#{category}#{}", someone.pseudonym);
            content.extend(world.stored(&key).await);
        }
    }
    content
}

/// How often a recipient heard of an erasure.
fn heard_erased(world: &World, recipient: &str, someone: &Someone) -> usize {
    let heard = world.heard(recipient, someone);
    heard.iter().filter(|change| *change == "erased").count()
}
