//! What campaigns are told: counts of recipients, and never who they are (S51, S52).

use serde_json::json;
use tests::{Fate, World};

use crate::{HOUR, click, spring};

#[tokio::test]
async fn s51_statistics_count_recipients_and_name_nobody() {
    let world = spring().await;
    let (one, other) = (
        world.someone_who_granted_everything().await,
        world.someone_who_granted_everything().await,
    );
    world.calls.forget();
    let clicks = [(&one, "hero"), (&one, "hero"), (&one, "footer"), (&other, "hero")];
    for (someone, link) in clicks {
        world.advance(HOUR);
        click(&world, someone, json!({ "link": link })).await;
    }
    let told = world.statistics("spring").await;
    assert_eq!(told["recipients"]["link-clicked"], 2);
    assert_eq!(told["links"], json!({ "hero": 2, "footer": 1 }));

    for someone in [&one, &other] {
        assert!(!told.to_string().contains(&someone.pseudonym));
        let made = world.calls.made();
        let counting = made.iter().filter(|made| {
            let kinds = made.call.kinds();
            kinds.contains(&"CAMPAIGN") || kinds.contains(&"INTERACTION")
        });
        for made in counting {
            let request = made.call.request.to_string();
            assert!(!request.contains(&someone.pseudonym), "a person in {request}");
        }
    }
}

#[tokio::test]
async fn s51_telling_statistics_reads_no_person() {
    let world = spring().await;
    let someone = world.someone_who_granted_everything().await;
    click(&world, &someone, json!({})).await;
    world.calls.forget();
    world.statistics("spring").await;
    for made in world.calls.made() {
        assert!(
            made.call.kinds().iter().all(|kind| *kind == "CAMPAIGN"),
            "{made:?}"
        );
    }
}

#[tokio::test]
async fn s52_counts_come_in_steps_so_that_no_small_cell_follows_from_two_large_ones() {
    let world = World::at_noon().await;
    world.declare("spring", json!({})).await.is(201);
    let mut events = Vec::new();
    for place in 0..13 {
        let someone = world.someone_who_granted_everything().await;
        events.push(world.event(&someone, "delivered", json!({})));
        if place < 12 {
            events.push(world.event(&someone, "link-clicked", json!({ "link": "hero" })));
        }
        if place < 9 {
            events.push(world.event(&someone, "link-clicked", json!({ "link": "footer" })));
            events.push(world.event(&someone, "content-clicked", json!({ "content": "video" })));
        }
    }
    world.report(events).await;

    let told = world.statistics("spring").await;
    assert_eq!(told["step"], 10);
    assert_eq!(
        told["recipients"],
        json!({
            "delivered": 10, "link-clicked": 10, "content-clicked": null,
            "bounced-temporary": null, "bounced-permanent": null,
        })
    );
    assert_eq!(told["links"], json!({ "hero": 10 }));
    assert_eq!(told["contents"], json!({}));
}

#[tokio::test]
async fn a_report_counts_once_however_often_it_comes_and_wherever_it_is_cut_off() {
    let world = spring().await;
    let mut events = Vec::new();
    for _ in 0..3 {
        let someone = world.someone_who_granted_everything().await;
        events.push(world.event(&someone, "delivered", json!({})));
        events.push(world.event(&someone, "link-clicked", json!({ "link": "hero" })));
    }
    // Two marks are there already when the third comes with them.
    world.report(events[..4].to_vec()).await;
    for fate in [Fate::NeverSent, Fate::AnswerLost] {
        for kind in ["INTERACTION", "PROFILE", "ADDRESS"] {
            world
                .calls
                .once(fate, move |call| call.is_write() && call.kinds().contains(&kind));
            world.report(events.clone()).await;
        }
    }
    world.calls.heal();
    let told = world.statistics("spring").await;
    assert_eq!(told["recipients"]["delivered"], 3);
    assert_eq!(told["recipients"]["link-clicked"], 3);
    assert_eq!(told["links"], json!({ "hero": 3 }));
}
