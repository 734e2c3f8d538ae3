//! Every route of the template, with somebody's name in its path, query, headers and each field of its body.

use local::template::Template;
use serde_json::{Value, json};
use tests::{BUNDLED, Caller, World, a_consent, a_whole_profile, merged};

use crate::sinks::Sinks;
use crate::{NAME, NUMBER, personal};

/// Whom the requests register anew, time and again.
const DEALER: &str = "a-dealer";

/// What may identify, in each of its places.
pub(crate) fn evidence() -> Value {
    json!({
        "kind": "paper",
        "reference": personal(),
        "address": personal(),
        "user_agent": personal(),
        "form_url": format!("https://www.bmw.it/?who={}", personal()),
        "note": personal(),
    })
}

/// A whole profile with a name in every text of it.
pub(crate) fn a_profile() -> Value {
    let mut profile = a_whole_profile();
    for category in profile
        .as_object_mut()
        .into_iter()
        .flat_map(|categories| categories.values_mut())
    {
        for value in category
            .as_object_mut()
            .into_iter()
            .flat_map(|fields| fields.values_mut())
        {
            *value = if value.is_array() {
                json!([personal()])
            } else {
                json!(personal())
            };
        }
    }
    profile
}

pub(crate) async fn send_all(world: &World, sinks: &mut Sinks) {
    let routes = Template::deployed().expect("a template").routes;
    assert!(routes.len() > 20, "the routes of the template");
    let tokens = tokens(world).await;
    for (number, route) in routes.iter().enumerate() {
        let subject = format!("{NAME}-{number}");
        let scopes = route.token.iter().flatten();
        let mut callers: Vec<Caller<'_>> = scopes.map(|scope| caller(scope, &subject)).collect();
        callers.push(Caller::Nobody);
        let tokens = if route.key.contains("{token}") {
            &tokens[..]
        } else {
            &tokens[..1]
        };
        for (caller, token) in callers
            .iter()
            .flat_map(|caller| tokens.iter().map(move |token| (*caller, token)))
        {
            let door = Door {
                world,
                route: &route.key,
                caller,
                subject: subject.clone(),
                token,
            };
            door.in_the_path(sinks).await;
            door.in_the_query(sinks).await;
            door.in_the_headers(sinks).await;
            door.in_the_body(sinks).await;
            door.in_a_browsers_form(sinks).await;
        }
    }
    world.settle().await;
}

/// Whoever comes with a scope; a data subject comes for itself.
fn caller<'a>(scope: &str, subject: &'a str) -> Caller<'a> {
    let of_everyone = [
        Caller::Site,
        Caller::Service,
        Caller::Staff,
        Caller::Partner("bmw-ag"),
        Caller::Subject(subject),
        Caller::Statistics,
        Caller::Auditor,
    ];
    let caller = of_everyone.into_iter().find(|caller| caller.scope() == scope);
    caller.expect("a scope that somebody has")
}

/// What stands in a link: no token at all, and each that opens one of the pages.
async fn tokens(world: &World) -> Vec<String> {
    let visitor = world.visitor("a-visitor").await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    let preferences = world.preferences(&someone).await;
    let asked = json!({ "unsubscribe": "marketing/email" });
    let unsubscribe = world.links(&someone, asked).await["unsubscribe"]["url"].clone();
    let links = [world.link(&visitor), preferences, world.path_of(&unsubscribe)];
    let tokens = links.iter().filter_map(|link| link.rsplit('/').next());
    [NAME].into_iter().chain(tokens).map(str::to_owned).collect()
}

struct Door<'a> {
    world: &'a World,
    route: &'a str,
    caller: Caller<'a>,
    /// The caller's own id of somebody, which names him.
    subject: String,
    /// What stands in a link to a page.
    token: &'a str,
}

impl Door<'_> {
    fn method(&self) -> &str {
        self.route.split(' ').next().unwrap_or_default()
    }

    /// Well formed, with the subject in it.
    fn path(&self) -> String {
        let path = self.route.split(' ').nth(1).unwrap_or_default();
        // The partner's own routes, and what is asked about it; the others change a recipient, or want a dealer.
        let recipient = if path.ends_with("{recipient}/subjects/{subject}/profile")
            || path.ends_with("/withdrawals")
            || self.method() == "GET"
        {
            "bmw-ag"
        } else {
            DEALER
        };
        path.replace("{subject}", &self.subject)
            .replace("{recipient}", recipient)
            .replace("{kind}", "preferred")
            .replace("{relation}", &format!("{}-1", NAME.to_lowercase()))
            .replace("{campaign}", "autumn")
            .replace("{notice}", BUNDLED)
            .replace("{version}", "1")
            .replace("{token}", self.token)
    }

    async fn in_the_path(&self, sinks: &mut Sinks) {
        let path = self.route.split(' ').nth(1).unwrap_or_default();
        let segments: Vec<&str> = path.split('/').collect();
        for (place, _) in segments
            .iter()
            .enumerate()
            .filter(|(_, segment)| segment.starts_with('{'))
        {
            let hostile = self.path();
            let mut hostile: Vec<&str> = hostile.split('/').collect();
            let name = personal();
            hostile[place] = &name;
            self.send(sinks, &hostile.join("/"), &[], a_body(self.route))
                .await;
        }
    }

    async fn in_the_query(&self, sinks: &mut Sinks) {
        let names = [
            "at", "known_at", "source", "language", "brand", "purpose", "channel", "who", NAME,
        ];
        for name in names {
            let path = format!("{}?{name}={}", self.path(), personal());
            self.send(sinks, &path, &[], a_body(self.route)).await;
        }
    }

    async fn in_the_headers(&self, sinks: &mut Sinks) {
        let name = personal();
        // Whoever has a link need not say in which words it comes: what it says besides is not read.
        let opens_a_page = self.route.contains("{token}") && self.token != NAME;
        let hostile = ["authorization", "content-type", "if-match", "if-none-match"];
        for header in hostile
            .into_iter()
            .filter(|header| !opens_a_page || *header != "content-type")
        {
            self.send(sinks, &self.path(), &[(header, &name)], a_body(self.route))
                .await;
        }
        let harmless = [
            "user-agent",
            "cookie",
            "referer",
            "origin",
            "x-forwarded-for",
            "x-amzn-trace-id",
            "x-name",
        ];
        let headers: Vec<(&str, &str)> = harmless.iter().map(|header| (*header, name.as_str())).collect();
        self.send(sinks, &self.path(), &headers, a_body(self.route)).await;
        self.send(
            sinks,
            &self.path(),
            &[("idempotency-key", &name)],
            a_body(self.route),
        )
        .await;
    }

    async fn in_the_body(&self, sinks: &mut Sinks) {
        let path = if self.route.ends_with("/profile") {
            format!("{}?source=subject", self.path())
        } else {
            self.path()
        };
        let number: Value = NUMBER.parse::<u64>().expect("a number").into();
        for value in [
            json!(personal()),
            number,
            json!([personal()]),
            json!({ NAME: personal() }),
        ] {
            for body in mutants(&a_body(self.route), &value) {
                self.send(sinks, &path, &[], body).await;
            }
        }
        self.send_text(sinks, &path, &[], personal()).await;
        self.send_text(sinks, &path, &[], format!("{{\"{NAME}\":\"{}", personal()))
            .await;
    }

    /// As the pages send it: a form in which one field names somebody, besides his address.
    async fn in_a_browsers_form(&self, sinks: &mut Sinks) {
        if self.method() != "POST" {
            return;
        }
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let usual = "version=1&language=it&brand=bmw&key=one-key&control=promotional&channel=email";
        let fields = [
            "email", "name", "key", "control", "channel", "version", "language", "brand", NAME,
        ];
        for field in fields {
            let name = personal();
            for body in [
                format!("{field}={name}"),
                format!("{usual}&email={name}&{field}={name}"),
            ] {
                self.send_text(sinks, &self.path(), &form, body).await;
            }
        }
    }

    async fn send(&self, sinks: &mut Sinks, path: &str, headers: &[(&str, &str)], body: Value) {
        self.send_text(sinks, path, headers, body.to_string()).await;
    }

    async fn send_text(&self, sinks: &mut Sinks, path: &str, headers: &[(&str, &str)], body: String) {
        let media = match self.method() {
            "PATCH" => "application/merge-patch+json",
            // The pages behind a link are forms.
            _ if self.route.contains("{token}") => "application/x-www-form-urlencoded",
            _ => "application/json",
        };
        let usual = [("content-type", media), ("idempotency-key", "one-key")];
        let given = |name: &str| headers.iter().any(|(given, _)| *given == name);
        let usual = usual.into_iter().filter(|(name, _)| !given(name));
        let headers: Vec<_> = usual.chain(headers.iter().copied()).collect();
        let answer = self
            .world
            .send_as(self.caller, self.method(), path, &headers, body.into_bytes())
            .await;
        // A form that is shown again is shown to whoever sent it, as it was filled in.
        let is_shown_again = self.route == "POST /v1/forms/{notice}/page" && answer.status == 422;
        if answer.status >= 400 && !is_shown_again {
            sinks.read_refusal(&format!("{:?}, {}", self.caller, self.route), &answer);
        }
    }
}

/// A body with this value in the place of each of its own, and beside them.
fn mutants(body: &Value, value: &Value) -> Vec<Value> {
    let mut mutants = Vec::new();
    match body {
        Value::Object(fields) => {
            for (name, field) in fields {
                for mutant in mutants_of(field, value) {
                    mutants.push(merged(body.clone(), json!({ name: mutant })));
                }
            }
            mutants.push(merged(body.clone(), json!({ NAME: value })));
        }
        Value::Array(list) => {
            for (place, item) in list.iter().enumerate() {
                for mutant in mutants_of(item, value) {
                    let mut list = list.clone();
                    list[place] = mutant;
                    mutants.push(list.into());
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    mutants
}

fn mutants_of(field: &Value, value: &Value) -> Vec<Value> {
    let mut inner = mutants(field, value);
    inner.push(value.clone());
    inner
}

/// A request that would be taken, with every field that its route knows.
fn a_body(route: &str) -> Value {
    let instant = "2026-03-01T12:00:00Z";
    let ticked = json!({ "controls": ["promotional"], "channels": ["email"], "facets": ["marketing/phone"] });
    match route {
        "POST /v1/subjects/{subject}/consents" => {
            let more = json!({ "happened_at": instant, "evidence": evidence() });
            merged(a_consent(), merged(ticked, more))
        }
        "POST /v1/forms/{notice}" => {
            let form = json!({ "version": 1, "language": "it", "brand": "mini", "contact": { "email": personal(), "name": NAME } });
            merged(form, ticked)
        }
        _ if route.ends_with("/withdrawals") => json!({
            "purposes": ["marketing"], "channels": ["email"], "facets": ["marketing/email"], "source": "form",
            "all": false, "objection": false, "happened_at": instant, "evidence": evidence(),
        }),
        "POST /v1/subjects/{subject}/register-checks" => {
            json!({ "channel": "phone", "enrolled": false, "checked_at": instant, "evidence": evidence() })
        }
        "POST /v1/decisions" => json!({ "questions": [{
            "subject": "somebody", "who": "bmw-ag", "purpose": "marketing", "channel": "email",
            "category": "contact", "at": instant, "known_at": instant,
        }] }),
        _ if route.starts_with("PATCH") => a_profile(),
        _ if route.contains("/relations/") => {
            json!({ "since": "2026-01-01", "delivered_on": "2026-02-01", "source": "account" })
        }
        "PUT /v1/recipients/{recipient}" => json!({
            "kind": "dealer", "role": "separate-controller", "authorised": true, "sharing": true,
            "endpoint": "http://127.0.0.1:9/events", "contact": personal(), "name": personal(), "rate_per_minute": 60,
        }),
        "PUT /v1/campaigns/{campaign}" => {
            json!({ "purpose": "marketing", "message_type": "offer", "brand": "bmw" })
        }
        _ => json!({}),
    }
}
