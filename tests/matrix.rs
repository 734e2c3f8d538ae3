//! `entitlement-matrix.csv`, cell by cell, under both notices that are shipped: as decisions, as what is
//! really delivered, and at the edges of time.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{BUNDLED, EXTENDED, PURPOSES, Someone, UNBUNDLED, World, instant, names};

const MATRIX: &str = include_str!("entitlement-matrix.csv");
const SEPARATE: [&str; 3] = ["vehicle-usage", "app-web-usage", "cooperation-partner"];
const RECENTLY: &str = "2025-06-01";
const LONG_AGO: &str = "2022-06-01";

/// Who stands in a column of the matrix, and what ties a data subject to it.
struct Column {
    name: &'static str,
    who: &'static [&'static str],
    relation: Option<(&'static str, Option<&'static str>)>,
}

/// One cell: what it says of a category.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cell {
    Allow,
    Deny,
    /// Only with the separate consent of the category.
    SeparateConsent,
    /// Only while the e-mail channel is consented to.
    EmailChannel,
}

/// What somebody agreed to beside the promotional consent.
#[derive(Clone, Debug)]
struct Choice {
    notice: &'static str,
    separate: BTreeSet<&'static str>,
    email: bool,
}

const COLUMNS: [Column; 10] = [
    column("controller_profile", &["controller"], None),
    column("group_company", &["bmw-ag"], None),
    column(
        "preferred_partner",
        &["dealer-preferred"],
        Some(("preferred", None)),
    ),
    column(
        "sales_partner_within_3_years",
        &["dealer-sales"],
        Some(("purchase", Some(RECENTLY))),
    ),
    column(
        "sales_partner_after_3_years",
        &["dealer-before"],
        Some(("purchase", Some(LONG_AGO))),
    ),
    // Ordered and not delivered: the base set alone (T9), as after the three years.
    column(
        "sales_partner_after_3_years",
        &["dealer-ordered"],
        Some(("purchase", None)),
    ),
    column("service_partner", &["dealer-service"], Some(("service", None))),
    column(
        "consultation_partner",
        &["dealer-advice"],
        Some(("consultation", None)),
    ),
    column("local_partner", &["dealer-local"], Some(("local", None))),
    column("processor", &["marketing-platform", "campaign-service"], None),
];

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
    let wrong: Vec<_> = answers
        .iter()
        .zip(&expected)
        .filter(|(answer, (allowed, ..))| answer["allowed"] != *allowed)
        .map(|(answer, expected)| format!("{expected:?}: {}", answer["reasons"]))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} are wrong, such as {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(5)]
    );
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

/// With and without each separate consent and the e-mail channel, under both notices.
fn choices() -> Vec<Choice> {
    let mut choices = Vec::new();
    for notice in [BUNDLED, UNBUNDLED] {
        for bits in 0..16 {
            let separate = SEPARATE
                .into_iter()
                .enumerate()
                .filter(|(place, _)| bits >> place & 1 == 1);
            let separate = separate.map(|(_, name)| name).collect();
            choices.push(Choice {
                notice,
                separate,
                email: bits & 8 != 0,
            });
        }
    }
    choices
}

impl Choice {
    fn asked(&self) -> Value {
        let promotional: &[&str] = match self.notice {
            BUNDLED => &["promotional"],
            _ => &[
                "marketing",
                "care",
                "research",
                "profiling",
                "sharing-group-company",
                "sharing-dealer",
            ],
        };
        let controls: Vec<&str> = promotional
            .iter()
            .copied()
            .chain(self.separate.iter().copied())
            .collect();
        let channels: &[&str] = if self.email {
            &["phone", "email"]
        } else {
            &["phone"]
        };
        let notice = json!({ "id": self.notice, "version": 1, "language": "en" });
        json!({ "notice": notice, "controls": controls, "channels": channels })
    }
}

impl Cell {
    fn allows(self, category: &str, choice: &Choice) -> bool {
        match self {
            Self::Allow => true,
            Self::Deny => false,
            Self::SeparateConsent => choice.separate.contains(category),
            Self::EmailChannel => choice.email,
        }
    }
}

const fn column(
    name: &'static str,
    who: &'static [&'static str],
    relation: Option<(&'static str, Option<&'static str>)>,
) -> Column {
    Column { name, who, relation }
}

/// A column of the matrix, by category. The file writes words with underscores, the wire with hyphens.
fn cells(column: &str) -> Vec<(&'static str, Cell)> {
    let mut lines = MATRIX.lines();
    let head = lines.next().unwrap_or_default();
    let place = head.split(',').position(|name| name == column);
    let place = place.unwrap_or_else(|| panic!("the matrix has no column {column}"));
    let cells: Vec<_> = lines
        .map(|line| {
            let words: Vec<&str> = line.split(',').collect();
            let cell = match words[place] {
                "allow" => Cell::Allow,
                "deny" => Cell::Deny,
                "separate_consent" => Cell::SeparateConsent,
                "email_channel" => Cell::EmailChannel,
                other => panic!("{other} is no cell"),
            };
            (&*words[0].replace('_', "-").leak(), cell)
        })
        .collect();
    assert_eq!(cells.len(), 14, "K1 to K14");
    cells
}
