//! What follows from a change costs: fan-out, deliveries, what falls due.

use serde_json::json;
use tests::{World, instant, merged};

use crate::table::{Line, Table};

#[tokio::test]
async fn what_follows_from_a_change_costs_what_the_table_says() {
    let world = World::at_noon().await;
    let mut table = Table::default();
    let two_channels = json!({ "controls": ["promotional"], "channels": ["email", "phone"] });
    world.tick().await;
    let someone = world.someone().await;
    let long_ago = json!({ "happened_at": "2024-03-03T12:00:00Z" });
    world
        .grant(&someone, merged(two_channels, long_ago))
        .await
        .is(201);

    world.calls.forget();
    world.fan_out().await;
    assert_eq!(world.calls.count("SendMessageBatch"), 1);
    table.note(
        &world,
        "fan-out of a first consent, three recipients",
        // Three members; the end of the consent, and the reminder before it.
        (7, 5.0, 2.0),
        "2 + members, 1 a due date and member, 2",
    );
    world.settle().await;
    table.note(
        &world,
        "three deliveries of it",
        (9, 6.0, 18.0),
        "3 x (3, 2, what is sent)",
    );

    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    world.calls.forget();
    world.fan_out().await;
    assert_eq!(world.calls.count("SendMessageBatch"), 1);
    table.note(
        &world,
        "fan-out of a withdrawal, three recipients",
        // The day by which they must have confirmed it is noted.
        (3, 1.0, 2.0),
        "2, 1 a due date, 2",
    );
    world.settle().await;
    table.note(
        &world,
        "three deliveries of it",
        (9, 6.0, 18.0),
        "3 x (3, 2, what is sent)",
    );

    world
        .patch_profile(&someone, json!({ "identifying": { "customer-number": "C-1" } }))
        .await
        .is(200);
    world.calls.forget();
    world.fan_out().await;
    table.note(
        &world,
        "fan-out of an update for one recipient",
        // The end of its retention is noted.
        (3, 1.0, 2.0),
        "2, 0, 2",
    );
    world.settle().await;
    table.note(
        &world,
        "one delivery with content",
        (4, 2.0, 7.0),
        "4, 2, what is sent",
    );
    world
        .withdraw(&someone, json!({ "channels": ["email"] }))
        .await
        .is(200);
    world.calls.forget();
    world.fan_out().await;
    table.note(
        &world,
        "fan-out of a withdrawal of e-mail",
        // What was tracked is deleted.
        (4, 2.0, 2.0),
        "2, 1 a due date, 2",
    );
    world.settle().await;
    world.calls.forget();
    let dealer = json!({ "kind": "processor", "role": "processor" });
    world
        .register("campaign-service", merged(dealer, json!({ "sharing": false })))
        .await
        .is(200);
    table.note(&world, "change a recipient", (3, 5.0, 1.0), "");
    world.fan_out().await;
    table.note(&world, "fan-out of it: walks are sent", (0, 0.0, 0.0), "");
    world.settle().await;
    world.calls.forget();

    world.schedule().await;
    table.note(&world, "a minute in which nothing is due", (1, 0.0, 0.5), "");
    world.clock.set(instant("2026-03-04T12:00:00Z"));
    world.schedule().await;
    let (due, idle): (Vec<_>, Vec<_>) = world
        .calls
        .made()
        .into_iter()
        .partition(|made| made.call.kinds() == ["CHAIN"]);
    table.0.push(Line::of(
        "a due subject, which lapses",
        &due,
        // It is looked at twice: for the reminder that is past, and for its end.
        (3, 1.0, 2.0),
        "2, 1, 1",
    ));
    table.0.push(Line::of(
        "its buckets after two days, and the marks",
        &idle,
        (131, 34.0, 48.5),
        "0.02 a due subject",
    ));
    world.settle().await;

    table.print_and_assert();
}
