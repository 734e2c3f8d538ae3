//! `entitlement-matrix.csv`, cell by cell, under both notices that are shipped: as decisions, as what is
//! really delivered, and at the edges of time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::json;
use tests::{BUNDLED, EXTENDED, PURPOSES, Someone, UNBUNDLED, World, instant, names};

use columns::*;

#[path = "matrix/columns.rs"]
mod columns;

#[tokio::test]
async fn every_cell_of_the_matrix_is_decided_as_it_says() {
    let world = world().await;
    let (mut questions, mut expected) = (Vec::new(), Vec::new());
    for choice in choices() {
        for column in &COLUMNS {
            let someone = somebody(&world, &choice, column).await;
            for (category, cell) in cells(column.name) {
                for who in column.who {
                    for purpose in PURPOSES {
                        let question = json!({
                            "subject": someone.id, "who": who, "purpose": purpose, "category": category,
                        });
                        questions.push(question);
                        expected.push((
                            cell.allows(category, &choice),
                            who,
                            purpose,
                            category,
                            choice.clone(),
                        ));
                    }
                }
            }
        }
    }
    let answers = world.decisions(questions).await;

    assert_eq!(answers.len(), 2 * 16 * 11 * 14 * 3);
    // By cell: one that is wrong is wrong many times over.
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    for (answer, (allowed, who, purpose, category, choice)) in answers.iter().zip(&expected) {
        if answer["allowed"] != *allowed {
            let such = format!(
                "not {allowed} for {purpose} under {choice:?}: {}",
                answer["reasons"]
            );
            wrong.entry(format!("{category} for {who}")).or_insert(such);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_recipient_holds_exactly_its_column() {
    let world = world().await;
    for notice in [BUNDLED, UNBUNDLED] {
        for (separate, email) in [(&SEPARATE[..], true), (&[], false)] {
            let separate = separate.iter().copied().collect();
            let choice = Choice {
                notice,
                separate,
                email,
            };
            for column in COLUMNS
                .iter()
                .filter(|column| column.name != "controller_profile")
            {
                let someone = somebody(&world, &choice, column).await;
                world.settle().await;
                let allowed = cells(column.name)
                    .into_iter()
                    .filter(|(category, cell)| cell.allows(category, &choice));
                let allowed = names(allowed.map(|(category, _)| category));
                for who in column.who {
                    assert_eq!(
                        world.holds(who, &someone).categories,
                        allowed,
                        "{who} under {choice:?}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn without_a_consent_every_cell_is_denied() {
    let world = world().await;
    let nothing = Choice {
        notice: BUNDLED,
        separate: SEPARATE.into(),
        email: true,
    };
    for column in &COLUMNS {
        let someone = related(&world, column).await;
        let separate: Vec<_> = SEPARATE.iter().map(|name| format!("separate/{name}")).collect();
        world.grant(&someone, json!({ "facets": separate })).await.is(201);
        let questions = cells(column.name).into_iter().map(|(category, _)| {
            json!({ "subject": someone.id, "who": column.who[0], "purpose": "marketing", "category": category })
        });
        for answer in world.decisions(questions.collect()).await {
            assert_eq!(answer["allowed"], false, "{} under {nothing:?}", column.name);
        }
    }
}

#[tokio::test]
async fn several_relations_to_a_dealer_add_up() {
    let world = world().await;
    let someone = world.someone_who_granted_everything().await;
    for (kind, relation, facts) in [
        ("service", "contract-1", json!({})),
        ("purchase", "vehicle-old", json!({ "delivered_on": LONG_AGO })),
        ("purchase", "vehicle-new", json!({ "delivered_on": RECENTLY })),
    ] {
        world
            .relate(&someone, "dealer-sales", kind, relation, facts)
            .await
            .is(200);
    }
    world.settle().await;

    let held = world.holds("dealer-sales", &someone).categories;
    assert!(
        names(EXTENDED).is_subset(&held),
        "the latest delivery decides: {held:?}"
    );
}

#[tokio::test]
async fn the_third_anniversary_is_the_last_day_in_rome() {
    // Delivered on, the last instant of the anniversary in Rome, winter and summer and on 29 February.
    for (delivered_on, last) in [
        ("2023-03-10", "2026-03-10T22:59:59.999Z"),
        ("2023-07-10", "2026-07-10T21:59:59.999Z"),
        ("2024-02-29", "2027-02-28T22:59:59.999Z"),
        ("2023-03-29", "2026-03-29T21:59:59.999Z"),
        ("2023-10-25", "2026-10-25T22:59:59.999Z"),
    ] {
        let last = instant(last);
        let day = SignedDuration::from_hours(24);
        let world = World::at(&(last - day * 2).to_string()).await;
        world.dealer("dealer-sales").await;
        let someone = world.someone_who_granted_everything().await;
        let delivered = json!({ "delivered_on": delivered_on });
        world
            .relate(&someone, "dealer-sales", "purchase", "vehicle-1", delivered)
            .await
            .is(200);
        world.settle().await;

        let a_moment = SignedDuration::from_millis(1);
        for (at, allowed) in [
            (last - day, true),
            (last, true),
            (last + a_moment, false),
            (last + day, false),
        ] {
            world.clock.set(at);
            let shared = shared(&world, &someone).await;
            assert_eq!(
                shared == names(EXTENDED),
                allowed,
                "{delivered_on} at {at}: {shared:?}"
            );
            assert!(allowed || shared.is_empty(), "{delivered_on} at {at}: {shared:?}");
            let base = json!({ "who": "dealer-sales", "category": "contact" });
            assert_eq!(
                world.decide(&someone, base).await["allowed"],
                true,
                "the base set has no end"
            );
        }
        let past = json!({ "who": "dealer-sales", "category": "customer-history", "at": last });
        assert_eq!(
            world.decide(&someone, past).await["allowed"],
            true,
            "and what was allowed stays so"
        );
    }
}

#[tokio::test]
async fn a_decision_says_the_instant_at_which_the_three_years_end() {
    let world = world().await;
    let someone = world.someone_who_granted_everything().await;
    let delivered = json!({ "delivered_on": "2023-03-02" });
    world
        .relate(&someone, "dealer-sales", "purchase", "vehicle-1", delivered)
        .await
        .is(200);

    let asked = json!({ "who": "dealer-sales", "category": "customer-history" });
    assert_eq!(
        world.decide(&someone, asked).await["valid_until"],
        "2026-03-02T23:00:00.000Z"
    );
}

#[tokio::test]
async fn a_delivery_on_romes_today_counts_though_greenwich_is_a_day_behind() {
    let world = World::at("2026-03-01T23:30:00Z").await;
    world.dealer("dealer-sales").await;
    let someone = world.someone_who_granted_everything().await;
    let relate = |day: &'static str| {
        world.relate(
            &someone,
            "dealer-sales",
            "purchase",
            "vehicle-1",
            json!({ "delivered_on": day }),
        )
    };

    relate("2026-03-03").await.is(422);
    relate("2026-03-02").await.is(200);
    assert_eq!(shared(&world, &someone).await, names(EXTENDED));
}

/// Which of the extended categories the dealer may have.
async fn shared(world: &World, someone: &Someone) -> BTreeSet<String> {
    let mut shared = BTreeSet::new();
    for category in EXTENDED {
        let asked = json!({ "who": "dealer-sales", "category": category });
        if world.decide(someone, asked).await["allowed"] == true {
            shared.insert(category.to_owned());
        }
    }
    shared
}

async fn world() -> World {
    let world = World::at_noon().await;
    for column in COLUMNS.iter().filter(|column| column.relation.is_some()) {
        world.dealer(column.who[0]).await;
    }
    world
}

/// Somebody in a relation to the column, without any consent.
async fn related(world: &World, column: &Column) -> Someone {
    let someone = world.someone().await;
    if let Some((kind, delivered_on)) = column.relation {
        let facts = json!({ "delivered_on": delivered_on });
        world
            .relate(&someone, column.who[0], kind, "it", facts)
            .await
            .is(200);
    }
    someone
}

/// Somebody in a relation to the column who agreed to this.
async fn somebody(world: &World, choice: &Choice, column: &Column) -> Someone {
    let someone = related(world, column).await;
    world.grant(&someone, choice.asked()).await.is(201);
    someone
}
