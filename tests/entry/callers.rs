//! What the gateway cannot check: whose record it is, and as whom somebody speaks.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{Answer, Caller, Someone, World, a_consent, everything, merged, standings};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn get(world: &World, caller: Caller<'_>, path: &str) -> Answer {
    world.send_as(caller, "GET", path, &[], Vec::new()).await
}

async fn post(world: &World, caller: Caller<'_>, path: &str, body: Value) -> Answer {
    let headers = [JSON, ("idempotency-key", "key-of-the-caller")];
    let body = body.to_string().into_bytes();
    world.send_as(caller, "POST", path, &headers, body).await
}

fn question(someone: &str, who: &str) -> Value {
    json!({ "questions": [{ "subject": someone, "who": who, "purpose": "marketing", "channel": "email" }] })
}

/// The act that was written last.
async fn newest(world: &World, someone: &Someone) -> Value {
    world.history(someone).await.pop().unwrap_or_default()
}

#[tokio::test]
async fn a_data_subject_reaches_its_own_record_alone() {
    let world = World::at_noon().await;
    let (own, other) = (
        world.someone_who_granted_everything().await,
        world.someone_who_granted_everything().await,
    );
    let nobody = "customer-of-whom-nothing-is-known";
    let views = [
        "",
        "/history",
        "/recipients",
        "/view-as/bmw-ag",
        "/why?purpose=marketing&channel=email",
    ];

    for name in [&own.id, &own.pseudonym] {
        let caller = Caller::Subject(name);
        for view in views {
            get(&world, caller, &format!("/v1/subjects/{}{view}", own.id))
                .await
                .is(200);
            let refused = get(&world, caller, &format!("/v1/subjects/{}{view}", other.id))
                .await
                .is(403);
            assert_eq!(refused.problem(), "not-yourself");
            let unknown = get(&world, caller, &format!("/v1/subjects/{nobody}{view}")).await;
            assert_eq!((unknown.status, unknown.text), (403, refused.text), "{view}");
        }
        post(&world, caller, "/v1/decisions", question(&own.id, "controller"))
            .await
            .is(200);
        let refused = post(&world, caller, "/v1/decisions", question(&other.id, "controller"))
            .await
            .is(403);
        assert_eq!(refused.body["field"], "/questions/0/subject");
        let withdraw = json!({ "all": true });
        let path = format!("/v1/subjects/{}/withdrawals", other.id);
        post(&world, caller, &path, withdraw).await.is(403);
    }
    assert!(world.may(&other, "controller", "email").await);
    world.settle().await;
}

#[tokio::test]
async fn a_recipient_asks_as_itself_alone() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    let caller = Caller::Partner("bmw-ag");

    let view = |recipient: &str| format!("/v1/subjects/{}/view-as/{recipient}", someone.pseudonym);
    get(&world, caller, &view("bmw-ag")).await.is(200);
    assert_eq!(
        get(&world, caller, &view("marketing-platform"))
            .await
            .is(403)
            .problem(),
        "not-yourself"
    );
    get(&world, caller, "/v1/recipients/bmw-ag").await.is(200);
    get(&world, caller, "/v1/recipients/marketing-platform")
        .await
        .is(403);
    get(&world, caller, "/v1/recipients/not-registered").await.is(403);

    post(
        &world,
        caller,
        "/v1/decisions",
        question(&someone.pseudonym, "bmw-ag"),
    )
    .await
    .is(200);
    for other in ["marketing-platform", "controller", "not-registered"] {
        let refused = post(
            &world,
            caller,
            "/v1/decisions",
            question(&someone.pseudonym, other),
        )
        .await
        .is(403);
        assert_eq!(refused.body["field"], "/questions/0/who");
    }
}

#[tokio::test]
async fn a_recipient_names_nobody_by_an_id_which_is_somebody_elses_here() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    let caller = Caller::Partner("bmw-ag");
    let before = world.history(&someone).await;

    let asked = async |id: &str| {
        let path = format!("/v1/recipients/bmw-ag/subjects/{id}");
        let patch = json!({ "contact": { "phone": "+39 06 1" } }).to_string();
        let update = format!("{path}/profile?source=group-company-update");
        let merge = [("content-type", "application/merge-patch+json")];
        [
            post(
                &world,
                caller,
                &format!("{path}/withdrawals"),
                json!({ "all": true }),
            )
            .await,
            world
                .send_as(caller, "PATCH", &update, &merge, patch.into())
                .await,
            get(&world, caller, &format!("/v1/subjects/{id}/view-as/bmw-ag")).await,
            post(&world, caller, "/v1/decisions", question(id, "bmw-ag")).await,
        ]
    };
    let nobody = asked("customer-of-whom-nothing-is-known").await;
    for (answer, unknown) in asked(&someone.id).await.into_iter().zip(nobody) {
        assert_eq!((answer.status, answer.problem()), (400, "malformed"));
        assert!(
            ["path subject", "/questions/0/subject"]
                .contains(&answer.body["field"].as_str().unwrap_or_default())
        );
        assert_eq!(answer.text, unknown.text);
    }
    assert_eq!(world.history(&someone).await, before);

    for answer in asked(&someone.pseudonym).await {
        assert_ne!(answer.problem(), "malformed");
    }
    world.settle().await;
    assert!(!world.may(&someone, "controller", "email").await);
}

#[tokio::test]
async fn a_token_whose_scopes_are_a_list_speaks_in_the_one_that_is_ours() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let path = format!("/v1/subjects/{}", someone.id);
    let ask = async |claims: Value| {
        let token = local::issuer::token(&claims, world.now()).expect("a token");
        let header = [("authorization", token.as_str())];
        world.send("GET", &path, &header, Vec::new()).await
    };

    for list in [
        json!(["staff"]),
        json!(["openid", "staff"]),
        json!(["staff", "openid", "profile"]),
    ] {
        ask(json!({ "scp": list })).await.is(200);
        ask(json!({ "scope": list })).await.is(200);
    }
    for several in [json!(["site", "staff", "auditor"]), json!(["staff", "service"])] {
        assert_eq!(
            ask(json!({ "scp": several })).await.is(403).problem(),
            "unknown-caller"
        );
    }
    for none in [json!(["site"]), json!(["openid"]), json!([])] {
        assert_eq!(
            ask(json!({ "scp": none })).await.is(403).text,
            r#"{"message":"Forbidden"}"#
        );
    }
}

#[tokio::test]
async fn what_staff_does_for_somebody_is_recorded_as_such_whatever_it_says() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let consents = format!("/v1/subjects/{}/consents", someone.id);
    let said = json!({ "source": "account", "evidence": { "kind": "double-opt-in", "reference": "call-1" } });
    let consent = merged(a_consent(), merged(everything(), said));

    post(&world, Caller::Staff, &consents, consent).await.is(201);
    let act = newest(&world, &someone).await;
    assert_eq!((&act["source"], &act["grade"]), (&json!("staff"), &json!("C")));

    let withdrawals = format!("/v1/subjects/{}/withdrawals", someone.id);
    post(
        &world,
        Caller::Staff,
        &withdrawals,
        json!({ "all": true, "source": "form" }),
    )
    .await
    .is(200);
    assert_eq!(newest(&world, &someone).await["source"], "staff");
    world.settle().await;
}

#[tokio::test]
async fn an_act_says_no_source_that_nobody_said() {
    let world = World::at_noon().await;
    world.dealer("dealer-1").await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    let source = async || newest(&world, &someone).await["source"].clone();

    world
        .relate(&someone, "dealer-1", "preferred", "1", json!({}))
        .await
        .is(200);
    assert_eq!(source().await, "service");
    let patch = json!({ "contact": { "email": "ada@example.com" } });
    world.patch_profile(&someone, patch).await.is(200);
    assert_eq!(source().await, "service");
    let checks = format!("/v1/subjects/{}/register-checks", someone.id);
    let found = json!({ "channel": "phone", "enrolled": false });
    post(&world, Caller::Service, &checks, found).await.is(200);
    assert_eq!(source().await, "service");
    world.part(&someone, "dealer-1", "preferred", "1").await.is(200);
    assert_eq!(source().await, "service");
    world
        .withdraw(&someone, json!({ "channels": ["sms"] }))
        .await
        .is(200);
    assert_eq!(source().await, "service");
    let told_a_dealer = json!({ "channels": ["post"], "source": "dealer" });
    world.withdraw(&someone, told_a_dealer).await.is(200);
    assert_eq!(source().await, "dealer");

    // A recipient speaks for itself, whatever it says.
    for said in [
        json!({ "channels": ["phone"] }),
        json!({ "all": true, "source": "form" }),
    ] {
        world.pass_on_withdrawal("bmw-ag", &someone, said).await.is(200);
        let act = newest(&world, &someone).await;
        assert_eq!(
            (&act["source"], &act["told_by"]),
            (&json!("recipient"), &json!("bmw-ag"))
        );
    }
    world.settle().await;
}

#[tokio::test]
async fn what_a_data_subject_does_comes_from_its_account_and_proves_that_it_signed_in_at_best() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let consents = format!("/v1/subjects/{}/consents", someone.id);
    let said = json!({ "source": "import", "evidence": { "kind": "double-opt-in" } });
    let consent = merged(a_consent(), merged(everything(), said));

    post(&world, Caller::Subject(&someone.id), &consents, consent)
        .await
        .is(201);
    let act = newest(&world, &someone).await;
    assert_eq!((&act["source"], &act["grade"]), (&json!("account"), &json!("B")));

    let patch = async |source: &str| {
        let path = format!("/v1/subjects/{}/profile?source={source}", someone.id);
        let headers = [("content-type", "application/merge-patch+json")];
        let body = json!({ "contact": { "phone": "+39 06 1" } })
            .to_string()
            .into_bytes();
        world
            .send_as(Caller::Subject(&someone.id), "PATCH", &path, &headers, body)
            .await
    };
    assert_eq!(patch("dealer-update").await.is(422).body["field"], "query source");
    patch("subject").await.is(200);
    assert_eq!(newest(&world, &someone).await["source"], "account");
    world.settle().await;
}

#[tokio::test]
async fn what_a_website_captures_is_pending_and_leaves_what_was_granted() {
    let world = World::at_noon().await;
    let (new, known) = (world.someone().await, world.someone().await);
    world
        .grant(
            &known,
            json!({ "controls": ["promotional"], "channels": ["phone"] }),
        )
        .await
        .is(201);

    for someone in [&new, &known] {
        let path = format!("/v1/subjects/{}/consents", someone.id);
        let ticked = json!({ "controls": ["promotional"], "channels": ["email"] });
        post(&world, Caller::Site, &path, merged(a_consent(), ticked))
            .await
            .is(202);
        let act = newest(&world, someone).await;
        assert_eq!((&act["source"], &act["grade"]), (&json!("form"), &json!("D")));
        assert!(!world.may(someone, "controller", "email").await);
        assert_eq!(
            standings(&world.state(someone).await)["marketing/email"],
            "pending"
        );
    }
    assert!(world.may(&known, "controller", "phone").await);
    world.settle().await;
}

#[tokio::test]
async fn what_a_website_captures_of_somebody_known_is_confirmed_at_the_address_on_file() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    let contact = json!({ "contact": { "email": "ada@example.com" } });
    world.patch_profile(&someone, contact).await.is(200);
    world
        .withdraw(&someone, json!({ "channels": ["phone"] }))
        .await
        .is(200);
    world.settle().await;

    let path = format!("/v1/subjects/{}/consents", someone.id);
    let ticked = json!({ "controls": ["promotional"], "channels": ["phone"] });
    post(&world, Caller::Site, &path, merged(a_consent(), ticked))
        .await
        .is(202);
    world.settle().await;
    assert!(!world.may(&someone, "controller", "phone").await);

    let asked = world.asked_to_confirm("campaign-service", &someone);
    assert_eq!(asked["contact"], json!({ "email": "ada@example.com" }));
    world.follow(&world.link(&someone)).await.is(200);
    world.settle().await;
    assert!(world.may(&someone, "controller", "phone").await);
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let path = format!("/v1/subjects/{}", someone.id);
    let token = world.token(Caller::Auditor);
    let header = [("authorization", token.as_str())];
    let ask = async || world.send("GET", &path, &header, Vec::new()).await;

    // API Gateway takes it with the word Bearer before it and without. It was issued an hour ago.
    ask().await.is(200);
    let left = local::issuer::LIFETIME - SignedDuration::from_hours(1);
    world.advance(left - SignedDuration::from_secs(1));
    ask().await.is(200);
    world.advance(SignedDuration::from_secs(1));
    assert_eq!(ask().await.is(401).text, r#"{"message":"Unauthorized"}"#);
}
