//! The contract and the code agree: routes, scopes, problems and examples. Answers and deliveries are held to
//! it wherever they happen, in `world/agreement.rs`.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use local::template::Template;
use serde_json::{Value, json};
use tests::{World, agreement, everything};

/// The route, and the scopes that it takes; none for a public one.
type Routes = BTreeMap<String, Option<BTreeSet<String>>>;

#[test]
fn every_route_and_its_scopes_are_in_the_document_and_the_other_way_round() {
    let described: Routes = agreement()
        .operations()
        .into_iter()
        .map(|(key, _, operation)| (key, scopes(operation)))
        .collect();

    let routes = Template::deployed().unwrap().routes.into_iter();
    let routed: Routes = routes
        .map(|route| (route.key, route.token.map(BTreeSet::from_iter)))
        .collect();

    assert_eq!(described, routed);
}

/// Any one of them is enough, so each is an alternative of its own.
fn scopes(operation: &Value) -> Option<BTreeSet<String>> {
    let alternatives = operation["security"].as_array().unwrap();
    let scope = |alternative: &Value| alternative["token"][0].as_str().unwrap().to_owned();
    (!alternatives.is_empty()).then(|| alternatives.iter().map(scope).collect())
}

#[test]
fn every_problem_is_in_the_document_and_the_other_way_round() {
    let described: BTreeSet<String> = agreement().document["x-problems"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let mut answered = BTreeSet::new();
    let mut text = String::new();
    for folder in ["functions", "shared/platform/src"] {
        gather(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder),
            &mut |path, source| {
                answered.extend(slugs(path, source));
                text.push_str(source);
            },
        );
    }

    let missing: Vec<_> = answered.difference(&described).collect();
    assert!(missing.is_empty(), "not in problems.yaml: {missing:?}");
    let unsaid: Vec<_> = described
        .iter()
        .filter(|slug| !text.contains(&format!("\"{slug}\"")))
        .collect();
    assert!(unsaid.is_empty(), "nothing answers {unsaid:?}");
}

/// The slugs of a source: each is the first text of the call that makes its problem; the table of refusals
/// has no other words of that shape.
fn slugs(path: &Path, source: &str) -> Vec<String> {
    if path.ends_with("problem.rs") {
        return source
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|text| is_slug(text))
            .map(str::to_owned)
            .collect();
    }
    let calls = [
        "Problem::new(",
        "Problem::bad(",
        "Problem::unprocessable(",
        "forbidden(",
    ];
    let calls = calls.into_iter().flat_map(|call| source.split(call).skip(1));
    let first = calls.filter_map(|rest| {
        let arguments = rest.split(')').next()?;
        arguments.split('"').nth(1)
    });
    first.filter(|text| is_slug(text)).map(str::to_owned).collect()
}

fn is_slug(text: &str) -> bool {
    text.contains(|letter: char| letter.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn gather(folder: &Path, take: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, take);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            take(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_example_is_one() {
    let mut seen = 0;
    look(&agreement().document, "", &mut |place, media| {
        let examples = media["examples"].as_object().into_iter().flatten();
        for (name, example) in examples {
            let (example, _) = agreement().followed(example);
            let breaches = agreement().schema_breaches(&format!("{place}/schema"), false, &example["value"]);
            // A problem's example shows its usual status, which some operations do not answer.
            if !(place.contains("/responses/4") || place.contains("/responses/5")) {
                assert!(breaches.is_empty(), "{place} {name}: {breaches:#?}");
                seen += 1;
            }
        }
    });
    assert!(seen > 15, "{seen} examples were looked at");
}

/// Everything that has a schema and examples.
fn look<'a>(value: &'a Value, place: &str, take: &mut impl FnMut(&str, &'a Value)) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            if fields.contains_key("schema") && fields.contains_key("examples") {
                take(place, value);
            }
            let escaped = |name: &String| name.replace('~', "~0").replace('/', "~1");
            fields
                .iter()
                .map(|(name, value)| (escaped(name), value))
                .collect()
        }
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (name, value) in inner {
        look(value, &format!("{place}/{name}"), take);
    }
}

#[tokio::test]
async fn the_document_is_served_as_it_is() {
    let world = World::at_noon().await;
    let headers = [("authorization", "")];
    let served = world
        .send("GET", "/openapi.json", &headers, Vec::new())
        .await
        .is(200);
    assert_eq!(served.body, agreement().document);
}

/// What holds every test's answers to the contract must notice a breach.
#[tokio::test]
async fn an_answer_with_a_field_more_a_field_less_or_another_type_is_noticed() {
    let world = World::at_noon().await;
    let someone = world.someone().await;
    let told = world.grant(&someone, everything()).await.is(201).body;
    let place = "/components/schemas/Change";
    assert_eq!(
        agreement().schema_breaches(place, true, &told),
        Vec::<String>::new()
    );

    let mut more = told.clone();
    more["state"]["mood"] = json!("good");
    let mut less = told.clone();
    less["state"].as_object_mut().unwrap().remove("facets");
    let mut other = told.clone();
    other["act"]["happened_at"] = json!("yesterday");
    let mut unknown = told.clone();
    unknown["act"]["act"] = json!("forgotten");
    for (what, told) in [
        ("more", more),
        ("less", less),
        ("other", other),
        ("unknown", unknown),
    ] {
        assert!(
            !agreement().schema_breaches(place, true, &told).is_empty(),
            "{what}"
        );
    }
}

/// And so must what looks at deliveries.
#[tokio::test]
async fn a_delivery_that_is_otherwise_is_noticed() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    let letters = world.recipients.letters("bmw-ag");
    let letter = letters
        .iter()
        .find(|letter| letter.subject == someone.pseudonym)
        .unwrap();
    let place = "/components/schemas/Event";
    assert_eq!(
        agreement().schema_breaches(place, true, &letter.body),
        Vec::<String>::new()
    );

    let mut renamed = letter.body.clone();
    renamed["data"]["changes"][0]["change"] = json!("permitted");
    let mut extended = letter.body.clone();
    extended["data"]["changes"][0]["e-mail"] = json!("ada@example.com");
    let mut unnamed = letter.body.clone();
    unnamed["subject"] = json!(someone.id);
    for event in [renamed, extended, unnamed] {
        assert!(
            !agreement().schema_breaches(place, true, &event).is_empty(),
            "{event:#}"
        );
    }
}

/// A partner may check everything that comes with the schema, so what the kit sends must be as it says.
#[test]
fn what_the_kit_for_partners_plays_is_as_the_contract_says() {
    let now = "2026-03-01T12:00:00Z".parse().unwrap();
    let plays = local::partner_check::plays("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now).unwrap();
    assert!(plays.len() >= 12, "{} are played", plays.len());
    for play in plays {
        let event = serde_json::from_str(&play.body).unwrap();
        let breaches = agreement().schema_breaches("/components/schemas/Event", false, &event);
        assert_eq!(breaches, Vec::<String>::new(), "{}", play.what);
        let id = play.headers().into_iter().find(|(name, _)| *name == "webhook-id");
        let breaches =
            agreement().schema_breaches("/components/schemas/EventId", false, &json!(id.unwrap().1));
        assert_eq!(breaches, Vec::<String>::new(), "{}", play.what);
    }
}
