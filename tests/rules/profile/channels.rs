//! S30 and S31: the channels that were selected, and the brand that asked.

use serde_json::json;
use tests::{CHANNELS, PURPOSES, World, allowed, contacts, denied, standings};

#[tokio::test]
async fn s30_contact_goes_only_through_the_channels_that_were_selected() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let selected = json!({ "controls": ["promotional"], "channels": ["email", "post"] });
    world.grant(&someone, selected).await.is(201);

    for purpose in PURPOSES {
        for channel in CHANNELS {
            let question = json!({ "who": "controller", "purpose": purpose, "channel": channel });
            let answer = world.decide(&someone, question).await;
            if ["email", "post"].contains(&channel) {
                assert_eq!(allowed(&answer), ["consented"], "{purpose}/{channel}");
            } else {
                assert_eq!(
                    denied(&answer),
                    ("S30", "channel-not-selected"),
                    "{purpose}/{channel}"
                );
            }
        }
    }
    let fax = json!({ "who": "controller", "channel": "fax" });
    let answer = world.decide(&someone, fax).await;
    assert_eq!(denied(&answer), ("S30", "unknown-channel"));

    let asked = json!({ "controls": ["promotional"], "channels": ["email", "fax"] });
    let refused = world.grant(&someone, asked).await.is(422);
    assert_eq!(
        (refused.problem(), &refused.body["field"]),
        ("unknown-channel", &json!("/channels/1"))
    );
    world.settle().await;
    for recipient in ["bmw-ag", "marketing-platform", "campaign-service"] {
        let facets = world.holds(recipient, &someone).facets;
        assert_eq!(facets, contacts(&PURPOSES, &["email", "post"]), "{recipient}");
    }
}

#[tokio::test]
async fn s30_adding_a_channel_takes_a_new_act_and_removing_one_leaves_the_others() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let over = |channel: &str| json!({ "controls": ["promotional"], "channels": [channel] });
    world.grant(&someone, over("email")).await.is(201);

    // A number is not a selection.
    let number = json!({ "contact": { "mobile": "+39 333 0000000" } });
    world.patch_profile(&someone, number).await.is(200);
    let sms = json!({ "who": "controller", "channel": "sms" });
    let answer = world.decide(&someone, sms.clone()).await;
    assert_eq!(denied(&answer), ("S30", "channel-not-selected"));

    world.grant(&someone, over("sms")).await.is(201);
    assert!(world.may(&someone, "controller", "email").await);
    let answer = world.decide(&someone, sms.clone()).await;
    assert_eq!(allowed(&answer), ["consented"]);
    assert_eq!(answer["acts"], json!([3]), "the act that selected it");

    let withdrawn = json!({ "channels": ["email"] });
    world.withdraw(&someone, withdrawn).await.is(200);
    let email = json!({ "who": "controller", "channel": "email" });
    let answer = world.decide(&someone, email).await;
    assert_eq!(denied(&answer), ("GDPR 7(3)", "withdrawn"));
    assert_eq!(allowed(&world.decide(&someone, sms).await), ["consented"]);
    world.settle().await;
    let facets = world.holds("campaign-service", &someone).facets;
    assert_eq!(facets, contacts(&PURPOSES, &["sms"]));
}

#[tokio::test]
async fn s31_one_consent_covers_the_whole_group_and_each_act_records_its_brand() {
    let world = World::at_noon().await;
    let (bmw, mini) = (world.someone().await, world.someone().await);
    let mut answers = Vec::new();
    for (someone, brand) in [(&bmw, "bmw"), (&mini, "mini")] {
        let ticked = json!({ "brand": brand, "controls": ["promotional"], "channels": ["email"] });
        world.grant(someone, ticked).await.is(201);
        assert_eq!(world.history(someone).await[0]["brand"], brand);
        let question = json!({ "who": "controller", "channel": "email" });
        answers.push(world.decide(someone, question).await);
    }
    // Whichever brand asked, the answer for the group is the same.
    assert_eq!(allowed(&answers[0]), ["consented"]);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(
        standings(&world.state(&bmw).await),
        standings(&world.state(&mini).await)
    );

    let stranger = world.someone().await;
    let ticked = json!({ "brand": "other-make", "controls": ["promotional"], "channels": ["email"] });
    let refused = world.grant(&stranger, ticked).await.is(422);
    assert_eq!(
        (refused.problem(), &refused.body["field"]),
        ("unknown-brand", &json!("/brand"))
    );
    let nameless = json!({ "brand": null, "controls": ["promotional"], "channels": ["email"] });
    world.grant(&stranger, nameless).await.is(400);
    assert!(world.history(&stranger).await.is_empty());
    world.settle().await;
}
