//! A recipient that concerns more people than fit a page.

use std::collections::BTreeSet;

use platform::digest;
use serde_json::json;
use tests::{Fate, Someone, World};

use crate::MINUTE;

/// Two pages and a half, all in one shard.
const MEMBERS: usize = 250;
const SHARD: u8 = 7;

#[tokio::test]
async fn everyone_whom_a_recipient_concerns_is_found_page_by_page_though_one_page_is_cut_off() {
    let world = World::at_noon().await;
    world.dealer("dealer-one").await;
    world.settle().await;
    let members = members(&world).await;

    world.calls.once(Fate::DiesBefore, |call| {
        let sent = call.request.to_string();
        call.operation == "SendMessageBatch" && sent.contains("walk") && sent.contains("after")
    });
    let lost = json!({ "kind": "dealer", "role": "separate-controller", "authorised": false });
    world.register("dealer-one", lost).await.is(200);
    world.settle().await;
    assert!(looked_at(&world, &members).await < MEMBERS, "a page was cut off");
    world.advance(MINUTE * 7);
    world.settle().await;
    assert_eq!(looked_at(&world, &members).await, MEMBERS);
}

/// Everyone is noted as somebody whom the dealer may concern, as the fan-out does it.
async fn members(world: &World) -> Vec<Someone> {
    let (store, _) = world.table_and_queue(policies::all());
    let dealer = "dealer-one".parse().expect("a recipient");
    let mut members = Vec::new();
    while members.len() < MEMBERS {
        let someone = world.someone().await;
        if digest::sha256(&[someone.pseudonym.as_bytes()])[0] % 32 == SHARD {
            let subject = someone.pseudonym.parse().expect("a pseudonym");
            store.add_member(&dealer, &subject).await.expect("a member");
            members.push(someone);
        }
    }
    members
}

/// How many of them have an entry in the ledger: whoever is looked at has one.
async fn looked_at(world: &World, members: &[Someone]) -> usize {
    let mut looked_at = BTreeSet::new();
    for someone in members {
        if !world
            .stored(&format!("LEDGER#{}", someone.pseudonym))
            .await
            .is_empty()
        {
            looked_at.insert(&someone.pseudonym);
        }
    }
    looked_at.len()
}
