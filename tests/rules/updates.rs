//! S12, S13: what one recipient tells reaches the others that may hold it, and never comes back to it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::{Caller, Change, Someone, World, names};

const SELLER: &str = "seller-roma";
const OTHER_SELLER: &str = "seller-como";
const WORKSHOP: &str = "workshop-roma";
const STRANGER: &str = "dealer-oslo";
// What each kind of recipient may name as the source of what it tells.
const GROUP: &str = "group-company-update";
const DEALER: &str = "dealer-update";
const CONTROLLER: &str = "controller-service";
/// Related, but not authorised.
const CLOSED: &str = "seller-bari";
const ALL: [&str; 8] = [
    "bmw-ag",
    "marketing-platform",
    "campaign-service",
    SELLER,
    OTHER_SELLER,
    WORKSHOP,
    STRANGER,
    CLOSED,
];

/// A world in which somebody well known has bought from three sellers and goes to one workshop.
async fn a_network() -> (World, Someone) {
    let world = World::at_noon().await;
    for dealer in [SELLER, OTHER_SELLER, WORKSHOP, STRANGER] {
        world.dealer(dealer).await;
    }
    let closed = json!({ "kind": "dealer", "role": "separate-controller", "authorised": false });
    world.register(CLOSED, closed).await.is(201);
    let someone = world.someone_well_known().await;
    for dealer in [SELLER, OTHER_SELLER, CLOSED] {
        let bought = json!({ "delivered_on": "2025-06-01" });
        world
            .relate(&someone, dealer, "purchase", "car-1", bought)
            .await
            .is(200);
    }
    world
        .relate(&someone, WORKSHOP, "service", "car-1", json!({}))
        .await
        .is(200);
    world.settle().await;
    (world, someone)
}

/// How much each was told so far.
fn so_far(world: &World) -> BTreeMap<&'static str, usize> {
    ALL.map(|name| (name, world.recipients.letters(name).len()))
        .into()
}

/// Who was told something since, and that it is one update of one category.
fn updated_since(
    world: &World,
    someone: &Someone,
    before: &BTreeMap<&'static str, usize>,
    category: &str,
    content: &Value,
) -> Vec<&'static str> {
    let told = ALL
        .into_iter()
        .filter(|name| world.recipients.letters(name).len() > before[name]);
    let told: Vec<&str> = told.collect();
    for name in &told {
        let update = Change {
            change: "updated".to_owned(),
            categories: names([category]),
            content: BTreeMap::from([(category.to_owned(), content.clone())]),
            ..Change::default()
        };
        assert_eq!(world.told(name, someone).last(), Some(&update), "{name}");
    }
    told
}

#[tokio::test]
async fn s12_an_update_reaches_the_others_that_may_hold_that_category_and_nobody_else() {
    let (world, someone) = a_network().await;

    let before = so_far(&world);
    let history = json!({ "purchases": 3 });
    world
        .tell_update(
            SELLER,
            &someone,
            "dealer-update",
            json!({ "customer-history": history }),
        )
        .await
        .is(200);
    world.settle().await;
    let told = updated_since(&world, &someone, &before, "customer-history", &history);
    assert_eq!(told, [OTHER_SELLER]);

    let before = so_far(&world);
    let vehicle = json!({ "model": "i5" });
    world
        .tell_update(WORKSHOP, &someone, "dealer-update", json!({ "vehicle": vehicle }))
        .await
        .is(200);
    world.settle().await;
    let told = updated_since(&world, &someone, &before, "vehicle", &vehicle);
    assert_eq!(told, ["bmw-ag", SELLER, OTHER_SELLER]);
}

#[tokio::test]
async fn s12_who_may_not_hold_a_category_may_not_tell_of_it_either() {
    let (world, someone) = a_network().await;
    // Whoever was never told of the subject does not learn here that it is known.
    for authorised in [true, false] {
        let settings = json!({ "kind": "dealer", "role": "separate-controller", "authorised": authorised });
        world.register(CLOSED, settings).await.is(200);
        world.settle().await;
    }
    let before = so_far(&world);
    let version = world.state(&someone).await["version"].clone();

    let cases = [
        (
            WORKSHOP,
            DEALER,
            "customer-history",
            json!({ "purchases": 9 }),
            "S16",
        ),
        ("bmw-ag", GROUP, "vehicle-usage", json!({ "mileage": 9 }), "S15"),
        (
            "bmw-ag",
            GROUP,
            "cooperation-partner",
            json!({ "partner": "x" }),
            "S23",
        ),
        (
            "campaign-service",
            CONTROLLER,
            "vehicle",
            json!({ "model": "x" }),
            "S49",
        ),
        (CLOSED, DEALER, "vehicle", json!({ "model": "x" }), "S07"),
    ];
    for (who, source, category, content, rule) in cases {
        // With something that it may tell of: all or nothing.
        let patch = json!({ "contact": { "phone": "+39 06 1" }, category: content });
        let refused = world.tell_update(who, &someone, source, patch).await;
        assert_eq!(refused.problem(), "category-without-consent", "{who}");
        assert_eq!(refused.is(422).body["rules"], json!([rule]), "{who}");
    }
    // A dealer without any relation (S06) learns not even that there is such a person.
    let patch = json!({ "vehicle": { "model": "x" } });
    let refused = world
        .tell_update(STRANGER, &someone, "dealer-update", patch)
        .await;
    assert_eq!(refused.is(403).problem(), "not-concerned");
    world.settle().await;
    assert_eq!(world.state(&someone).await["version"], version);
    assert_eq!(so_far(&world), before);
}

#[tokio::test]
async fn s35_a_recipient_names_a_source_of_its_own_kind_and_no_other() {
    let (world, someone) = a_network().await;
    let before = so_far(&world);
    let version = world.state(&someone).await["version"].clone();
    let patch = json!({ "contact": { "phone": "+39 06 1" } });

    for (who, others) in [
        (
            "bmw-ag",
            &["subject", "controller-service", "product-use", DEALER][..],
        ),
        (WORKSHOP, &["subject", "controller-service", "product-use", GROUP]),
        ("campaign-service", &["subject", "partner-service", DEALER, GROUP]),
    ] {
        for source in others {
            let refused = world.tell_update(who, &someone, source, patch.clone()).await;
            let refused = refused.is(422);
            assert_eq!(refused.problem(), "not-your-source", "{who} as {source}");
            assert_eq!(refused.body["field"], "query source");
        }
    }
    world.settle().await;
    assert_eq!(world.state(&someone).await["version"], version);
    assert_eq!(so_far(&world), before);

    let sale = json!({ "vehicle": { "model": "iX" } });
    world
        .tell_update(SELLER, &someone, "partner-service", sale)
        .await
        .is(200);
    world.settle().await;
}

#[tokio::test]
async fn s13_an_update_carries_its_origin_and_does_not_come_back_to_it() {
    let (world, someone) = a_network().await;
    let cases = [
        ("bmw-ag", "group-company-update", "+39 06 1"),
        (WORKSHOP, "dealer-update", "+39 06 2"),
        ("campaign-service", "controller-service", "+39 06 3"),
    ];
    for (origin, source, phone) in cases {
        let before = so_far(&world);
        let patch = json!({ "contact": { "phone": phone } });
        world.tell_update(origin, &someone, source, patch).await.is(200);
        world.settle().await;

        let contact = json!({ "email": "someone@example.com", "phone": phone });
        let told = updated_since(&world, &someone, &before, "contact", &contact);
        let others = ALL
            .into_iter()
            .filter(|name| ![origin, STRANGER, CLOSED].contains(name));
        assert_eq!(told, others.collect::<Vec<_>>(), "told by {origin}");
        let history = world.history(&someone).await;
        let act = history.last().expect("an act");
        assert_eq!(
            (&act["act"], &act["told_by"], &act["data_source"]),
            (&json!("profile-updated"), &json!(origin), &json!(source))
        );
    }

    // Only its own update is not told to it: the next one of somebody else is.
    let before = so_far(&world);
    let patch = json!({ "contact": { "phone": "+39 06 4" } });
    world.patch_profile(&someone, patch).await.is(200);
    world.settle().await;
    let contact = json!({ "email": "someone@example.com", "phone": "+39 06 4" });
    let told = updated_since(&world, &someone, &before, "contact", &contact);
    assert_eq!(told.len(), ALL.len() - 2);
}

#[tokio::test]
async fn s13_a_withdrawal_told_to_a_recipient_reaches_everyone_but_it() {
    let (world, someone) = a_network().await;
    let refused = world
        .pass_on_withdrawal(STRANGER, &someone, json!({ "all": true }))
        .await;
    assert_eq!(refused.is(403).problem(), "not-concerned");
    // It need not be entitled any more: that it was told once is enough.
    world.part(&someone, WORKSHOP, "service", "car-1").await.is(200);
    world.settle().await;

    let before = so_far(&world);
    world
        .pass_on_withdrawal(WORKSHOP, &someone, json!({ "all": true }))
        .await
        .is(200);
    world.settle().await;
    for name in ALL {
        let news = world.recipients.letters(name).len() - before[name];
        let expected = usize::from(![WORKSHOP, STRANGER, CLOSED].contains(&name));
        assert_eq!(news, expected, "{name}");
        if expected == 1 {
            let heard = world.heard(name, &someone);
            assert_eq!(
                heard[heard.len() - 2..],
                ["withdrawn", "entitlement-ended: withdrawn"]
            );
            assert_eq!(world.holds(name, &someone), tests::Held::default());
        }
    }
    let history = world.history(&someone).await;
    assert_eq!(history.last().expect("an act")["told_by"], WORKSHOP);
}

#[tokio::test]
async fn s13_a_withdrawal_told_to_an_entitled_recipient_is_not_echoed() {
    let (world, someone) = a_network().await;
    let before = so_far(&world);
    world
        .pass_on_withdrawal("bmw-ag", &someone, json!({ "channels": ["email"] }))
        .await
        .is(200);
    world.settle().await;

    let gone = names(["marketing/email", "care/email", "research/email"]);
    for name in ALL {
        let news = world.recipients.letters(name).len() - before[name];
        let expected = usize::from(!["bmw-ag", STRANGER, CLOSED].contains(&name));
        assert_eq!(news, expected, "{name}");
        if expected == 1 {
            let told = world.told(name, &someone);
            let withdrawn = told.iter().find(|change| change.change == "withdrawn");
            assert_eq!(withdrawn.map(|change| &change.facets), Some(&gone), "{name}");
        }
    }
    let by_email = json!({ "who": "bmw-ag", "channel": "email" });
    assert_eq!(world.verdict(&someone, by_email).await, "GDPR 7(3) withdrawn");
}

#[tokio::test]
async fn s13_a_recipient_speaks_for_itself_alone() {
    let (world, someone) = a_network().await;
    let path = format!(
        "/v1/recipients/{SELLER}/subjects/{}/profile?source=dealer-update",
        someone.pseudonym
    );
    let patch = json!({ "contact": { "phone": "+39 06 1" } }).to_string();
    let headers = [("content-type", "application/merge-patch+json")];
    let as_somebody = async |caller| {
        let body = patch.clone().into_bytes();
        world
            .send_as(caller, "PATCH", &path, &headers, body)
            .await
            .is(403)
    };
    let other = as_somebody(Caller::Partner("workshop-roma")).await;
    assert_eq!(other.problem(), "not-yourself");
    as_somebody(Caller::Service).await;
    world.settle().await;
}

#[tokio::test]
async fn s13_whoever_tells_of_a_category_without_knowing_its_newest_content_is_told_it() {
    let (world, someone) = a_network().await;
    let moved = json!({ "contact": { "email": "new@example.com" } });
    world.patch_profile(&someone, moved).await.is(200);
    let phone = json!({ "contact": { "phone": "+39 06 2" } });
    world.tell_update(WORKSHOP, &someone, DEALER, phone).await.is(200);
    world.settle().await;

    let held = &world.holds(WORKSHOP, &someone).content["contact"];
    assert_eq!(
        (&held["email"], &held["phone"]),
        (&json!("new@example.com"), &json!("+39 06 2"))
    );
}
