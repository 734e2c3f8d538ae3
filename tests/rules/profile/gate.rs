//! S32 to S34: when there may be a profile, and what for.

use jiff::Span;
use serde_json::{Value, json};
use tests::{BUNDLED, Held, PURPOSES, TO_SEND, UNBUNDLED, World, allowed, contacts, denied, instant, names};

fn interests() -> Value {
    json!({ "preferences": { "interests": ["racing"] } })
}

/// The unbundled notice with these boxes ticked, for e-mail.
fn unbundled(controls: &[&str]) -> Value {
    let notice = json!({ "id": UNBUNDLED, "version": 1, "language": "it" });
    json!({ "notice": notice, "controls": controls, "channels": ["email"] })
}

#[tokio::test]
async fn s32_a_profile_is_built_only_while_the_consent_is_active() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let refused = world.patch_profile(&someone, interests()).await.is(422);
    assert_eq!(refused.problem(), "category-without-consent");
    assert_eq!(refused.body["rules"], json!(["S01"]));
    assert!(world.history(&someone).await.is_empty());

    let ticked = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant(&someone, ticked).await.is(201);
    world.patch_profile(&someone, interests()).await.is(200);
    assert_eq!(
        world.state(&someone).await["profile"],
        json!({ "preferences": 2 })
    );

    world.withdraw_all(&someone).await.is(200);
    let refused = world.patch_profile(&someone, interests()).await.is(422);
    assert_eq!(refused.problem(), "category-without-consent");
    assert_eq!(refused.body["rules"], json!(["GDPR 7(3)"]));
    assert_eq!(world.state(&someone).await["version"], 3, "nothing was written");
    world.settle().await;
}

#[tokio::test]
async fn s32_without_the_box_for_the_profile_there_are_messages_and_no_profile() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    world.grant(&someone, unbundled(&["marketing"])).await.is(201);

    assert!(world.may(&someone, "controller", "email").await);
    let refused = world.patch_profile(&someone, interests()).await.is(422);
    assert_eq!(refused.body["rules"], json!(["S32"]));

    world.grant(&someone, unbundled(&["profiling"])).await.is(201);
    world.patch_profile(&someone, interests()).await.is(200);
    let withdrawn = json!({ "facets": ["profiling"] });
    world.withdraw(&someone, withdrawn).await.is(200);
    let refused = world.patch_profile(&someone, interests()).await.is(422);
    assert_eq!(refused.body["rules"], json!(["S32"]));
    assert!(world.may(&someone, "controller", "email").await);
    world.settle().await;
}

#[tokio::test]
async fn s32_a_withdrawal_orders_every_holder_to_stop_and_to_let_go_of_the_profile() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.patch_profile(&someone, interests()).await.is(200);
    world.settle().await;
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;

    let base = names(tests::BASE);
    let recipients = [
        ("bmw-ag", base),
        ("marketing-platform", names(TO_SEND)),
        ("campaign-service", names(TO_SEND)),
    ];
    for (recipient, categories) in recipients {
        let told = world.told(recipient, &someone);
        let [.., withdrawn, ended] = &told[..] else {
            panic!("{recipient} heard {told:?}");
        };
        assert_eq!(withdrawn.change, "withdrawn", "{recipient}");
        assert_eq!(withdrawn.facets, contacts(&PURPOSES, &tests::CHANNELS));
        assert_eq!(
            (ended.change.as_str(), ended.reason.as_str()),
            ("entitlement-ended", "withdrawn")
        );
        assert_eq!(ended.categories, categories, "{recipient}");
        assert_eq!(world.holds(recipient, &someone), Held::default(), "{recipient}");
    }
}

#[tokio::test]
async fn s33_a_message_may_be_made_personal_exactly_while_it_may_be_sent() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let send = json!({ "who": "controller", "channel": "email" });
    let personal = json!({ "who": "controller", "channel": "email", "category": "preferences" });
    let both = async || {
        let send = world.decide(&someone, send.clone()).await;
        (send, world.decide(&someone, personal.clone()).await)
    };

    let (sent, made_personal) = both().await;
    assert_eq!(denied(&sent), ("S01", "no-consent"));
    assert_eq!(denied(&made_personal), denied(&sent));

    let ticked = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant(&someone, ticked).await.is(201);
    let (sent, made_personal) = both().await;
    assert_eq!(allowed(&sent), ["consented"]);
    let personal_because = ["consented", "profiling-consented", "listed-for-the-profile"];
    assert_eq!(allowed(&made_personal), personal_because);
    assert_eq!(made_personal["valid_until"], sent["valid_until"]);

    world.settle().await;
    let end = instant(sent["valid_until"].as_str().unwrap_or_default());
    world.clock.set(end - Span::new().milliseconds(1));
    let (sent, made_personal) = both().await;
    assert_eq!(
        (&sent["allowed"], &made_personal["allowed"]),
        (&json!(true), &json!(true))
    );
    world.clock.set(end);
    let (sent, made_personal) = both().await;
    assert_eq!(denied(&sent), ("T4", "lapsed"));
    assert_eq!(denied(&made_personal), denied(&sent));

    let ticked = json!({ "controls": ["promotional"], "channels": ["email"] });
    world.grant(&someone, ticked).await.is(201);
    assert_eq!(both().await.1["allowed"], true);
    let withdrawn = json!({ "channels": ["email"] });
    world.withdraw(&someone, withdrawn).await.is(200);
    let (sent, made_personal) = both().await;
    assert_eq!(denied(&sent), ("GDPR 7(3)", "withdrawn"));
    assert_eq!(denied(&made_personal), denied(&sent));
    world.settle().await;
}

#[tokio::test]
async fn s33_where_the_profile_has_a_box_of_its_own_the_same_message_goes_out_impersonal() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    world.grant(&someone, unbundled(&["marketing"])).await.is(201);

    let question = json!({ "who": "controller", "channel": "email", "category": "preferences" });
    let answer = world.decide(&someone, question.clone()).await;
    assert_eq!(denied(&answer), ("S32", "no-profiling"));
    assert!(world.may(&someone, "controller", "email").await);

    world.grant(&someone, unbundled(&["profiling"])).await.is(201);
    assert_eq!(world.decide(&someone, question).await["allowed"], true);
    world.settle().await;
}

#[tokio::test]
async fn s34_the_profile_serves_the_three_purposes_and_no_other_decision() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.patch_profile(&someone, interests()).await.is(200);
    let read = async |purpose: &str| {
        let question = json!({ "who": "controller", "purpose": purpose, "category": "preferences" });
        world.decide(&someone, question).await
    };

    for purpose in PURPOSES {
        let because = ["consented", "profiling-consented", "listed-for-the-profile"];
        assert_eq!(allowed(&read(purpose).await), because, "{purpose}");
    }
    for purpose in ["pricing", "credit", "warranty", "insurance"] {
        assert_eq!(
            denied(&read(purpose).await),
            ("S26", "unknown-purpose"),
            "{purpose}"
        );
    }
    // A purpose that was taken back reads the profile no more; the others still do.
    let withdrawn = json!({ "purposes": ["research"] });
    world.withdraw(&someone, withdrawn).await.is(200);
    assert_eq!(denied(&read("research").await), ("GDPR 7(3)", "withdrawn"));
    assert_eq!(read("care").await["allowed"], true);
    assert_eq!(read("marketing").await["policy"]["notice"], BUNDLED);
    world.settle().await;
}
