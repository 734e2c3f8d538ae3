//! What is measured: one operation of a function, as often as it is asked for, about somebody else each time.

use serde_json::{Value, json};
use tests::{World, a_consent, everything, merged, recorded};

use crate::encrypted;

/// A function and what it is asked.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) function: &'static str,
    /// How many calls of the table it makes.
    pub(crate) calls: u32,
    pub(crate) environment: fn(&World) -> Vec<(String, String)>,
    request: fn(&str) -> Value,
}

pub(crate) const EMPTY: Operation = Operation {
    name: "an empty function",
    function: "empty-function",
    calls: 0,
    environment: World::environment,
    request: |_| recorded::http("POST", "/v1/anything", "", &[], ""),
};
/// As large as the act of a first consent, whose request has so many bytes.
pub(crate) const ONE_WRITE: Operation = Operation {
    name: "one bare write",
    function: "one-call",
    calls: 1,
    environment: World::environment,
    request: |who| recorded::http("POST", &format!("/bare/new-{who}"), "", &[], &"x".repeat(900)),
};
/// The same by a function as the guides begin (`tests/stock`). Its client opens TLS at its first request, where ours
/// opens it before the first event; so this one alone gets to do it.
pub(crate) const STOCK: Operation = Operation {
    name: "one write, stock",
    function: "stock",
    calls: 1,
    environment: encrypted::environment,
    request: ONE_WRITE.request,
};
/// Of as much.
pub(crate) const ONE_READ: Operation = Operation {
    name: "one bare read",
    function: "one-call",
    calls: 1,
    environment: World::environment,
    request: |who| recorded::http("GET", &format!("/bare/{who}"), "", &[], ""),
};
pub(crate) const OURS: [Operation; 4] = [
    Operation {
        name: "capture, said to be new",
        function: "consent-capture",
        calls: 1,
        environment: World::environment,
        request: |who| {
            let key = format!("\"{who}\"");
            let headers = [("idempotency-key", key.as_str()), ("if-none-match", "*")];
            let asked = json!({ "controls": ["promotional"], "channels": ["email", "phone"] });
            let asked = merged(a_consent(), asked).to_string();
            recorded::http(
                "POST",
                &format!("/v1/subjects/new-{who}/consents"),
                "",
                &headers,
                &asked,
            )
        },
    },
    Operation {
        name: "decide, a channel",
        function: "consent-decide",
        calls: 1,
        environment: World::environment,
        request: |who| decision(who, json!({ "who": "controller", "channel": "phone" })),
    },
    Operation {
        name: "decide, a recipient",
        function: "consent-decide",
        calls: 2,
        environment: World::environment,
        request: |who| decision(who, json!({ "who": "bmw-ag", "channel": "phone" })),
    },
    Operation {
        name: "withdraw a channel",
        function: "consent-revoke",
        calls: 2,
        environment: World::environment,
        request: |who| {
            let path = format!("/v1/subjects/{who}/withdrawals");
            recorded::http("POST", &path, "", &[], r#"{"channels":["phone"]}"#)
        },
    },
];

impl Operation {
    /// The event that asks for it of one of the [`people`].
    ///
    /// # Panics
    ///
    /// Never: every person has a number.
    pub(crate) fn event(&self, number: usize) -> Value {
        (self.request)(&name(number))
    }
}

fn name(number: usize) -> String {
    format!("person-{number}")
}

fn decision(who: &str, question: Value) -> Value {
    let question = merged(json!({ "subject": who, "purpose": "marketing" }), question);
    let asked = json!({ "questions": [question] }).to_string();
    recorded::http("POST", "/v1/decisions", "", &[], &asked)
}

/// So many people who ticked everything, and what the bare reads read.
pub(crate) async fn people(world: &World, count: usize) {
    let (engine, table) = world.engine();
    for number in 0..count {
        let (id, pseudonym) = (name(number), String::new());
        world
            .grant(&tests::Someone { id, pseudonym }, everything())
            .await
            .is(201);
        let mut put = engine.put_item().table_name(&table);
        let path = format!("/bare/{}", name(number));
        for (name, value) in [
            ("pk", path),
            ("sk", "00000001".to_owned()),
            ("act", "x".repeat(900)),
        ] {
            put = put.item(name, tests::AttributeValue::S(value));
        }
        put.send().await.expect("an engine");
    }
}
