//! S04, S10, S11: the group company that the notice names, and the purposes and channels that bind everyone.

use serde_json::json;
use tests::notices::{bundled_with, for_good};
use tests::{BASE, BUNDLED, CHANNELS, PURPOSES, UNBUNDLED, World, everything, merged, names};

const NOON: &str = "2026-03-02T12:00:00Z";

#[tokio::test]
async fn s04_only_the_group_company_that_the_notice_names_is_told_anything() {
    let world = World::at_noon().await;
    let company = json!({ "kind": "group-company", "role": "separate-controller" });
    world.register("bmw-bank", company).await.is(201);
    let someone = world.someone_well_known().await;
    world.settle().await;

    for question in [json!({ "channel": "email" }), json!({ "category": "contact" })] {
        let of = |who: &str| merged(question.clone(), json!({ "who": who }));
        assert_eq!(world.verdict(&someone, of("bmw-ag")).await, "allowed");
        assert_eq!(
            world.verdict(&someone, of("bmw-bank")).await,
            "S04 not-on-the-list"
        );
    }
    assert_eq!(world.recipients.letters("bmw-bank"), []);
    assert_eq!(world.holds("bmw-ag", &someone).categories, names(BASE));
}

#[tokio::test]
async fn s04_the_shipped_notices_name_one_group_company() {
    for policy in policies::all().iter() {
        let kind = domain::recipient::RecipientKind::GroupCompany;
        let standing = policy
            .standing
            .iter()
            .filter(|(_, standing)| standing.kind == kind);
        let named: Vec<_> = standing
            .map(|(id, standing)| {
                (
                    id.as_str(),
                    standing.party.name.as_str(),
                    standing.party.address.as_str(),
                )
            })
            .collect();
        let ag = "Bayerische Motoren Werke Aktiengesellschaft";
        assert_eq!(named, [("bmw-ag", ag, "Petuelring 130, 80788 München")]);
    }
}

#[tokio::test]
async fn s04_a_company_that_a_later_version_names_is_told_of_its_consents_alone() {
    let company = "[standing.bmw-bank]\nkind = \"group-company\"\nrole = \"separate-controller\"\n\
                   name = \"BMW Bank\"\naddress = \"Milano\"\n\n[standing.bmw-ag]";
    let second = bundled_with(&[
        ("\nversion = 1\n", "\nversion = 2\n"),
        ("[standing.bmw-ag]", company),
    ]);
    let world = World::under(for_good(vec![bundled_with(&[]), second]), NOON).await;
    let settings = json!({ "kind": "group-company", "role": "separate-controller" });
    world.register("bmw-bank", settings).await.is(201);
    let (early, late) = (world.someone().await, world.someone().await);
    for (someone, version) in [(&early, 1), (&late, 2)] {
        let notice = json!({ "notice": { "id": BUNDLED, "version": version, "language": "it" } });
        world.grant(someone, merged(everything(), notice)).await.is(201);
    }
    world.settle().await;

    let question = json!({ "who": "bmw-bank", "category": "contact" });
    assert_eq!(
        world.verdict(&early, question.clone()).await,
        "S04 not-on-the-list"
    );
    assert_eq!(world.verdict(&late, question).await, "allowed");
    assert_eq!(world.told("bmw-bank", &early), []);
    assert_eq!(world.holds("bmw-bank", &late).categories, names(BASE));
}

#[tokio::test]
async fn s10_recipients_may_use_the_data_for_the_purposes_of_the_notice_alone() {
    let world = World::at_noon().await;
    world.dealer("dealer-roma").await;
    let someone = world.someone_well_known().await;
    world
        .relate(&someone, "dealer-roma", "service", "car-1", json!({}))
        .await
        .is(200);
    world.settle().await;

    let contacts: Vec<String> = PURPOSES
        .iter()
        .flat_map(|purpose| CHANNELS.map(|channel| format!("{purpose}/{channel}")))
        .collect();
    let contacts = names(contacts.iter().map(String::as_str));
    for who in ["bmw-ag", "dealer-roma", "campaign-service"] {
        let granted = &world.told(who, &someone)[0];
        assert_eq!((granted.change.as_str(), &granted.facets), ("granted", &contacts));
        for purpose in PURPOSES {
            let question = json!({ "who": who, "purpose": purpose, "category": "contact" });
            assert_eq!(world.verdict(&someone, question).await, "allowed");
        }
        for purpose in ["pricing", "credit", "warranty"] {
            for what in [json!({ "category": "contact" }), json!({ "channel": "email" })] {
                let question = merged(what, json!({ "who": who, "purpose": purpose }));
                assert_eq!(world.verdict(&someone, question).await, "S26 unknown-purpose");
            }
        }
    }
}

#[tokio::test]
async fn s10_a_purpose_that_was_not_granted_is_not_a_recipients_either() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let ticked = json!({
        "notice": { "id": UNBUNDLED, "version": 1, "language": "it" },
        "controls": ["research", "sharing-group-company"],
        "channels": ["email"],
    });
    world.grant(&someone, ticked).await.is(201);
    world.settle().await;

    assert_eq!(world.holds("bmw-ag", &someone).facets, names(["research/email"]));
    let question = |purpose: &str| json!({ "who": "bmw-ag", "purpose": purpose, "channel": "email" });
    assert_eq!(world.verdict(&someone, question("research")).await, "allowed");
    for purpose in ["marketing", "care"] {
        let verdict = world.verdict(&someone, question(purpose)).await;
        assert_eq!(verdict, "S30 channel-not-selected");
    }
}

#[tokio::test]
async fn s11_the_selected_channels_bind_recipients_that_hold_the_number_too() {
    let world = World::at_noon().await;
    world.dealer("dealer-roma").await;
    let someone = world.someone().await;
    let by_email = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant(&someone, by_email).await.is(201);
    let contact = json!({ "contact": { "email": "someone@example.com", "phone": "+39 02 000000" } });
    world.patch_profile(&someone, contact).await.is(200);
    world
        .relate(&someone, "dealer-roma", "preferred", "account", json!({}))
        .await
        .is(200);
    world.settle().await;

    let parties = ["bmw-ag", "dealer-roma", "campaign-service", "marketing-platform"];
    for who in parties {
        let held = world.holds(who, &someone);
        assert_eq!(held.content["contact"]["phone"], "+39 02 000000");
        assert_eq!(
            held.facets,
            names(["marketing/email", "care/email", "research/email"])
        );
        assert!(world.may(&someone, who, "email").await);
        for channel in ["phone", "sms", "post", "messaging"] {
            let question = json!({ "who": who, "channel": channel });
            let verdict = world.verdict(&someone, question).await;
            assert_eq!(verdict, "S30 channel-not-selected", "{who} {channel}");
        }
    }

    let by_phone = json!({ "facets": ["marketing/phone"] });
    world.grant(&someone, by_phone).await.is(201);
    world.settle().await;
    for who in parties {
        let told = world.told(who, &someone);
        let last = told
            .last()
            .map(|change| (change.change.as_str(), change.facets.clone()));
        assert_eq!(last, Some(("granted", names(["marketing/phone"]))));
        assert!(world.may(&someone, who, "phone").await);
        let care = json!({ "who": who, "purpose": "care", "channel": "phone" });
        assert_eq!(world.verdict(&someone, care).await, "S30 channel-not-selected");
    }
}
