//! S17 to S19, T5, T9, T11: what a sales partner gets beside the base categories, and until when.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::{BASE, EXTENDED, Someone, World, instant, names};

const SELLER: &str = "seller-roma";

async fn bought(world: &World, someone: &Someone, dealer: &str, vehicle: &str, delivered_on: &str) {
    let facts = json!({ "delivered_on": delivered_on });
    world
        .relate(someone, dealer, "purchase", vehicle, facts)
        .await
        .is(200);
}

fn all() -> std::collections::BTreeSet<String> {
    names(BASE.into_iter().chain(EXTENDED))
}

#[tokio::test]
async fn s17_only_the_sales_partner_of_the_last_three_years_gets_the_extended_set() {
    let world = World::at_noon().await;
    let someone = world.someone_well_known().await;
    let ties = [
        (SELLER, "purchase"),
        ("dealer-preferred", "preferred"),
        ("dealer-service", "service"),
        ("dealer-consultation", "consultation"),
    ];
    for (dealer, kind) in ties {
        world.dealer(dealer).await;
        let facts = if kind == "purchase" {
            json!({ "delivered_on": "2025-06-01" })
        } else {
            json!({})
        };
        world.relate(&someone, dealer, kind, "car-1", facts).await.is(200);
    }
    world.settle().await;

    let held = world.holds(SELLER, &someone);
    assert_eq!(held.categories, all());
    for category in EXTENDED {
        assert_eq!(
            held.content[category],
            tests::a_full_profile()[category],
            "{category}"
        );
        let question = json!({ "who": SELLER, "category": category });
        let answer = world.decide(&someone, question).await;
        assert_eq!(answer["allowed"], true);
        let reasons = answer["reasons"].as_array().cloned().unwrap_or_default();
        assert!(
            reasons
                .iter()
                .any(|reason| reason["rule"] == "S17" && reason["code"] == "delivered-recently")
        );
    }
    for (dealer, _) in &ties[1..] {
        assert_eq!(
            world.verdicts(&someone, dealer, &EXTENDED).await,
            ["S16 not-for-this-relation"; 4]
        );
        assert_eq!(world.holds(dealer, &someone).categories, names(BASE));
    }
    assert_eq!(
        world.verdicts(&someone, "bmw-ag", &EXTENDED).await,
        ["S15 not-for-the-group"; 4]
    );
    assert_eq!(world.holds("bmw-ag", &someone).categories, names(BASE));
}

#[tokio::test]
async fn s17_usage_data_without_their_own_consent_are_not_in_the_extended_set() {
    let world = World::at_noon().await;
    world.dealer(SELLER).await;
    let someone = world.someone().await;
    let promotional = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant(&someone, promotional).await.is(201);
    bought(&world, &someone, SELLER, "car-1", "2025-06-01").await;
    world.settle().await;

    let without = "S40 no-separate-consent";
    assert_eq!(
        world.verdicts(&someone, SELLER, &EXTENDED).await,
        ["allowed", without, without, "allowed"]
    );
    let held = names(
        BASE.into_iter()
            .chain(["customer-history", "recommended-actions"]),
    );
    assert_eq!(world.holds(SELLER, &someone).categories, held);
}

#[tokio::test]
async fn s18_clock_starts_at_delivery() {
    let world = World::at_noon().await;
    let someone = world.someone_well_known().await;
    // When it was ordered does not count, neither for nor against.
    let cases = [
        ("ordered", json!({ "since": "2025-10-01" }), "S18 no-delivery"),
        (
            "ordered-long-ago",
            json!({ "since": "2019-01-01", "delivered_on": "2023-06-01" }),
            "allowed",
        ),
        (
            "on-record-since-lately",
            json!({ "since": "2025-10-01", "delivered_on": "2022-06-01" }),
            "S19 delivery-too-long-ago",
        ),
    ];
    for (dealer, facts, verdict) in cases {
        world.dealer(dealer).await;
        world
            .relate(&someone, dealer, "purchase", "car-1", facts)
            .await
            .is(200);
        world.settle().await;
        assert_eq!(
            world.verdicts(&someone, dealer, &EXTENDED).await,
            [verdict; 4],
            "{dealer}"
        );
        let expected = if verdict == "allowed" { all() } else { names(BASE) };
        assert_eq!(world.holds(dealer, &someone).categories, expected, "{dealer}");
    }
    world.dealer(SELLER).await;
    let ahead = json!({ "delivered_on": "2026-03-03" });
    let refused = world.relate(&someone, SELLER, "purchase", "car-2", ahead).await;
    assert_eq!(refused.is(422).problem(), "in-the-future");
}

#[tokio::test]
async fn t09_what_is_ordered_and_not_delivered_entitles_to_the_base_set_until_it_is() {
    let world = World::at_noon().await;
    world.dealer(SELLER).await;
    let someone = world.someone_well_known().await;
    world
        .relate(&someone, SELLER, "purchase", "car-1", json!({}))
        .await
        .is(200);
    world.settle().await;
    assert_eq!(world.holds(SELLER, &someone).categories, names(BASE));
    assert_eq!(
        world.verdicts(&someone, SELLER, &EXTENDED).await,
        ["S18 no-delivery"; 4]
    );

    bought(&world, &someone, SELLER, "car-1", "2026-03-02").await;
    world.settle().await;
    let told = world.told(SELLER, &someone);
    let last = told
        .last()
        .map(|change| (change.change.as_str(), &change.categories));
    assert_eq!(last, Some(("entitlement-started", &names(EXTENDED))));
    assert_eq!(world.holds(SELLER, &someone).categories, all());
}

/// The last instant and the first one after it; a day has its midnight in Rome.
#[tokio::test]
async fn s18_the_third_anniversary_is_the_last_day_as_rome_counts_it() {
    // The delivery, and the first instant that is too late.
    let cases = [
        ("2023-03-02", "2026-03-02T23:00:00Z"),
        ("2023-07-15", "2026-07-15T22:00:00Z"),
        // The clocks change on the anniversary, to summer time and back.
        ("2023-03-29", "2026-03-29T22:00:00Z"),
        ("2023-10-25", "2026-10-25T23:00:00Z"),
        // T5: 29 February ends on 28 February; 28 February ends a day before 29 February.
        ("2024-02-29", "2027-02-28T23:00:00Z"),
        ("2025-02-28", "2028-02-28T23:00:00Z"),
        ("2024-12-31", "2027-12-31T23:00:00Z"),
    ];
    for (delivered_on, end) in cases {
        let end = instant(end);
        let before = |by: SignedDuration| -> Timestamp { end.saturating_sub(by).unwrap_or(Timestamp::MIN) };
        // The day before the anniversary, at the same time of day as the end.
        let world = World::at(&before(SignedDuration::from_hours(36)).to_string()).await;
        world.dealer(SELLER).await;
        let someone = world.someone_well_known().await;
        bought(&world, &someone, SELLER, "car-1", delivered_on).await;
        world.settle().await;

        let last = before(SignedDuration::from_millis(1));
        let noon_of_it = before(SignedDuration::from_hours(12));
        for at in [world.now(), noon_of_it, last] {
            world.advance(at.duration_since(world.now()));
            let question = json!({ "who": SELLER, "category": "customer-history" });
            let answer = world.decide(&someone, question).await;
            assert_eq!(answer["allowed"], true, "{delivered_on} at {at}");
            let until = answer["valid_until"].as_str().map(instant);
            assert_eq!(until, Some(end), "{delivered_on}");
        }
        for later in [SignedDuration::ZERO, SignedDuration::from_hours(24)] {
            let at = end.saturating_add(later).unwrap_or(Timestamp::MAX);
            world.advance(at.duration_since(world.now()));
            assert_eq!(
                world.verdicts(&someone, SELLER, &EXTENDED).await,
                ["S19 delivery-too-long-ago"; 4],
                "{delivered_on} at {at}"
            );
            assert_eq!(world.verdicts(&someone, SELLER, &BASE).await, ["allowed"; 8]);
        }
    }
}

#[tokio::test]
async fn s19_at_the_third_anniversary_the_extended_set_ends_and_the_base_set_goes_on() {
    let world = World::at("2026-03-02T22:00:00Z").await;
    world.dealer(SELLER).await;
    let someone = world.someone_well_known().await;
    bought(&world, &someone, SELLER, "car-1", "2023-03-02").await;
    world.settle().await;
    assert_eq!(world.holds(SELLER, &someone).categories, all());
    let others_heard = world.recipients.letters("bmw-ag").len();

    world.advance(SignedDuration::from_mins(59));
    world.tick().await;
    assert_eq!(world.heard(SELLER, &someone), ["granted", "entitlement-started"]);

    world.advance(SignedDuration::from_mins(1));
    // No decision waits for the schedule.
    assert_eq!(
        world.verdicts(&someone, SELLER, &EXTENDED).await,
        ["S19 delivery-too-long-ago"; 4]
    );
    world.tick().await;
    let told = world.told(SELLER, &someone);
    assert_eq!(told.len(), 3);
    let ended = &told[2];
    assert_eq!(
        (ended.change.as_str(), ended.reason.as_str()),
        ("entitlement-ended", "three-years")
    );
    assert_eq!(ended.categories, names(EXTENDED));
    assert_eq!(world.holds(SELLER, &someone).categories, names(BASE));
    let history = world.history(&someone).await;
    let announced = history.last().expect("an act");
    assert_eq!(announced["act"], "delivery-period-ended");
    assert_eq!(announced["relation"]["recipient"], SELLER);

    // Once, and to nobody else; the base set is kept up to date.
    world.advance(SignedDuration::from_mins(1));
    world.tick().await;
    assert_eq!(world.told(SELLER, &someone).len(), 3);
    assert_eq!(world.recipients.letters("bmw-ag").len(), others_heard);
    let more = json!({ "vehicle": { "model": "i5" }, "customer-history": { "purchases": 3 } });
    world.patch_profile(&someone, more).await.is(200);
    world.settle().await;
    let last = world.told(SELLER, &someone).pop().expect("an update");
    assert_eq!(
        (last.change.as_str(), last.categories),
        ("updated", names(["vehicle"]))
    );
}

#[tokio::test]
async fn s19_of_two_vehicles_the_latest_delivery_decides_for_each_dealer() {
    let world = World::at("2026-03-02T22:30:00Z").await;
    world.dealer(SELLER).await;
    world.dealer("seller-como").await;
    let someone = world.someone_well_known().await;
    bought(&world, &someone, SELLER, "car-1", "2023-03-02").await;
    bought(&world, &someone, SELLER, "car-2", "2023-03-04").await;
    bought(&world, &someone, "seller-como", "car-3", "2023-03-02").await;
    world.settle().await;
    assert_eq!(world.holds(SELLER, &someone).categories, all());
    assert_eq!(world.holds("seller-como", &someone).categories, all());
    let question = json!({ "who": SELLER, "category": "customer-history" });
    let until = world.decide(&someone, question).await["valid_until"].clone();
    assert_eq!(until.as_str().map(instant), Some(instant("2026-03-04T23:00:00Z")));

    world.advance(SignedDuration::from_mins(30));
    world.tick().await;
    let heard_of_the_end = |dealer: &str| {
        let heard = world.heard(dealer, &someone);
        heard.last().map(String::as_str) == Some("entitlement-ended: three-years")
    };
    assert_eq!(world.verdicts(&someone, SELLER, &EXTENDED).await, ["allowed"; 4]);
    assert_eq!(world.holds(SELLER, &someone).categories, all());
    assert!(!heard_of_the_end(SELLER));
    assert_eq!(
        world.verdicts(&someone, "seller-como", &EXTENDED).await,
        ["S19 delivery-too-long-ago"; 4]
    );
    assert!(heard_of_the_end("seller-como"));

    world.advance(SignedDuration::from_hours(48));
    world.tick().await;
    assert!(heard_of_the_end(SELLER));
    assert_eq!(world.holds(SELLER, &someone).categories, names(BASE));
}

#[tokio::test]
async fn t11_a_delivery_counts_for_one_person_one_vehicle_and_one_dealer() {
    let world = World::at_noon().await;
    world.dealer(SELLER).await;
    world.dealer("seller-como").await;
    let (first_owner, second_owner) = (world.someone_well_known().await, world.someone_well_known().await);
    bought(&world, &first_owner, SELLER, "car-1", "2025-06-01").await;
    for dealer in [SELLER, "seller-como"] {
        world
            .relate(&second_owner, dealer, "purchase", "car-1", json!({}))
            .await
            .is(200);
    }
    // The same dealer and the same person, about another vehicle: the one that was delivered counts.
    world
        .relate(&first_owner, SELLER, "purchase", "car-2", json!({}))
        .await
        .is(200);
    world
        .relate(&first_owner, "seller-como", "purchase", "car-1", json!({}))
        .await
        .is(200);
    world.settle().await;

    let verdict = async |someone: &Someone, dealer: &str| -> String {
        let question: Value = json!({ "who": dealer, "category": "customer-history" });
        world.verdict(someone, question).await
    };
    assert_eq!(verdict(&first_owner, SELLER).await, "allowed");
    assert_eq!(verdict(&first_owner, "seller-como").await, "S18 no-delivery");
    assert_eq!(verdict(&second_owner, SELLER).await, "S18 no-delivery");
    assert_eq!(verdict(&second_owner, "seller-como").await, "S18 no-delivery");
    assert_eq!(world.holds(SELLER, &first_owner).categories, all());
    assert_eq!(world.holds(SELLER, &second_owner).categories, names(BASE));

    // The vehicle is sold on: the tie of one ends, and the other's is what it was.
    world
        .part(&first_owner, SELLER, "purchase", "car-1")
        .await
        .is(200);
    world.settle().await;
    assert_eq!(verdict(&first_owner, SELLER).await, "S18 no-delivery");
    assert_eq!(world.holds(SELLER, &first_owner).categories, names(BASE));
    assert_eq!(world.holds(SELLER, &second_owner).categories, names(BASE));
}
