//! The contract, held against everything that goes through the front door and out to recipients.
//!
//! A request that was taken must be one that the document allows, and every answer and every delivery one that
//! it describes. What it leaves open for callers is closed here: a field that it does not name is a breach.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use reqwest::Url;
use serde_json::{Map, Value, json};

use crate::Answer;

/// Where the schema of an event stands.
const EVENT: &str = "/webhooks/subject.changed/post";
const EVENT_MEDIA: &str = "application/cloudevents+json";

static AGREEMENT: LazyLock<Agreement> = LazyLock::new(Agreement::read);

/// The document, with its references followed wherever they stand outside a schema.
pub struct Agreement {
    pub document: Value,
    /// The same for answers, with every object closed.
    closed: Value,
    validators: Mutex<HashMap<(String, bool), Arc<Validator>>>,
}

/// A request and what came back.
pub(crate) struct Exchange<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
    pub(crate) answer: &'a Answer,
}

/// A path of the document that fits one that was called.
struct Found<'a> {
    template: &'a str,
    item: &'a Value,
    parameters: BTreeMap<&'a str, String>,
}

/// The contract that the code is held to.
pub fn agreement() -> &'static Agreement {
    &AGREEMENT
}

/// How an exchange is not as the contract says.
pub(crate) fn breaches(exchange: &Exchange<'_>) -> Vec<String> {
    // A browser's question whether it may ask is the gateway's to answer, whatever it is about.
    if exchange.method == "OPTIONS" {
        return Vec::new();
    }
    let (path, query) = exchange.path.split_once('?').unwrap_or((exchange.path, ""));
    let Some(found) = AGREEMENT.find(path) else {
        return said_unless(exchange.answer.status == 404, || {
            "an unknown path was answered".to_owned()
        });
    };
    let method = exchange.method.to_lowercase();
    let operation = &found.item[&method];
    if operation.is_null() {
        return said_unless(exchange.answer.status == 404, || {
            "an unknown method was answered".to_owned()
        });
    }
    let place = format!("/paths/{}/{method}", escaped(found.template));
    let mut breaches = AGREEMENT.answer_breaches(&place, operation, exchange.answer);
    if (200..300).contains(&exchange.answer.status) {
        breaches.extend(AGREEMENT.request_breaches(&place, &found, operation, query, exchange));
    }
    let told = |breach| format!("{} {}: {breach}", exchange.method, found.template);
    breaches.into_iter().map(told).collect()
}

/// How a delivery is not as the contract says.
pub(crate) fn delivery_breaches(headers: &BTreeMap<String, String>, body: &[u8]) -> Vec<String> {
    let operation = AGREEMENT.document.pointer(EVENT).unwrap_or(&Value::Null);
    let header = |name: &str| headers.get(&name.to_lowercase()).cloned();
    let mut breaches = AGREEMENT.parameter_breaches(EVENT, operation, "header", &header);
    if header("content-type").as_deref() != Some(EVENT_MEDIA) {
        breaches.push("its media type is another".to_owned());
    }
    let schema = format!("{EVENT}/requestBody/content/{}/schema", escaped(EVENT_MEDIA));
    match serde_json::from_slice::<Value>(body) {
        Ok(event) => {
            if header("webhook-id").as_deref() != event["id"].as_str() {
                breaches.push("webhook-id is not the id of the event".to_owned());
            }
            breaches.extend(AGREEMENT.schema_breaches(&schema, true, &event));
        }
        Err(_) => breaches.push("it is no JSON".to_owned()),
    }
    breaches
}

impl Agreement {
    fn read() -> Self {
        let document: Value = serde_json::from_str(contract::OPENAPI).expect("a contract that is JSON");
        let mut closed = document.clone();
        close(&mut closed);
        Self {
            document,
            closed,
            validators: Mutex::default(),
        }
    }

    /// Every operation: its key as the template spells it, where it stands, and what it says.
    pub fn operations(&self) -> Vec<(String, String, &Value)> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            let methods = methods.filter(|(name, _)| *name != "parameters");
            methods.map(move |(method, operation)| {
                let key = format!("{} {path}", method.to_uppercase());
                (key, format!("/paths/{}/{method}", escaped(path)), operation)
            })
        });
        operations.collect()
    }

    /// How a value is not as the schema at a place says.
    pub fn schema_breaches(&self, place: &str, closed: bool, value: &Value) -> Vec<String> {
        let validator = self.validator(place, closed);
        let errors = validator.iter_errors(value);
        errors
            .map(|error| format!("at {:?}: {error}", error.instance_path().to_string()))
            .collect()
    }

    fn validator(&self, place: &str, closed: bool) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry((place.to_owned(), closed)).or_insert_with(|| {
            let document = if closed { &self.closed } else { &self.document };
            let schema = document
                .pointer(place)
                .unwrap_or_else(|| panic!("no schema at {place}"));
            let whole =
                json!({ "allOf": [schema], "components": { "schemas": document["components"]["schemas"] } });
            let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
            let built = options.should_validate_formats(true).build(&whole);
            Arc::new(built.unwrap_or_else(|error| panic!("the schema at {place}: {error}")))
        });
        Arc::clone(validator)
    }

    /// What stands at a reference, or the value itself.
    pub fn followed<'a>(&'a self, value: &'a Value) -> (&'a Value, Option<&'a str>) {
        let reference = value["$ref"]
            .as_str()
            .and_then(|reference| reference.strip_prefix('#'));
        match reference {
            Some(place) => (self.document.pointer(place).unwrap_or(&Value::Null), Some(place)),
            None => (value, None),
        }
    }

    /// The most specific path of the document; the words of a path win over its variables.
    fn find(&self, path: &str) -> Option<Found<'_>> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let found = paths.filter_map(|(template, item)| {
            let parameters = parameters(template, path)?;
            Some(Found {
                template,
                item,
                parameters,
            })
        });
        found.min_by_key(|found| found.parameters.len())
    }

    fn request_breaches(
        &self,
        place: &str,
        found: &Found<'_>,
        operation: &Value,
        query: &str,
        exchange: &Exchange<'_>,
    ) -> Vec<String> {
        let asked = Url::parse(&format!("http://localhost/?{query}")).expect("a query");
        let asked: BTreeMap<String, String> = asked.query_pairs().into_owned().collect();
        let header = |name: &str| {
            let mut headers = exchange.headers.iter();
            let sent = headers.find(|(sent, _)| sent.eq_ignore_ascii_case(name));
            sent.map(|(_, value)| value.trim().to_owned())
        };
        let in_path = |name: &str| found.parameters.get(name).cloned();
        let in_query = |name: &str| asked.get(name).cloned();

        let item = format!("/paths/{}", escaped(found.template));
        let mut breaches = self.parameter_breaches(&item, found.item, "path", &in_path);
        breaches.extend(self.parameter_breaches(place, operation, "query", &in_query));
        breaches.extend(self.parameter_breaches(place, operation, "header", &header));
        let known: Vec<&str> = self
            .parameters(place, operation, "query")
            .map(|(_, one)| one["name"].as_str().unwrap_or_default())
            .collect();
        breaches.extend(
            asked
                .keys()
                .filter(|name| !known.contains(&name.as_str()))
                .map(|name| format!("{name} is no parameter of the query")),
        );
        breaches.extend(self.body_breaches(place, operation, header("content-type"), exchange.body));
        breaches
    }

    fn body_breaches(
        &self,
        place: &str,
        operation: &Value,
        media: Option<String>,
        sent: &[u8],
    ) -> Vec<String> {
        let (body, at) = self.followed(&operation["requestBody"]);
        let at = at.map_or_else(|| format!("{place}/requestBody"), str::to_owned);
        if sent.is_empty() || body.is_null() {
            return said_unless(body["required"] != true, || "it has no body".to_owned());
        }
        // A form's boundary is the sender's business.
        let media = media.unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim().to_owned();
        if body["content"][&media].is_null() {
            return vec![format!("{media} is no media type of the request")];
        }
        let schema = format!("{at}/content/{}/schema", escaped(&media));
        match serde_json::from_slice(sent) {
            Ok(value) => self.schema_breaches(&schema, false, &value),
            // A body in another form than JSON is described in words.
            Err(_) => said_unless(!media.ends_with("json"), || "its body is no JSON".to_owned()),
        }
    }

    fn answer_breaches(&self, place: &str, operation: &Value, answer: &Answer) -> Vec<String> {
        let status = answer.status.to_string();
        let response = &operation["responses"][&status];
        if response.is_null() {
            return vec![format!("the status {status} is not described: {}", answer.text)];
        }
        let place = format!("{place}/responses/{status}");
        let mut breaches = Vec::new();
        for (name, described) in response["headers"].as_object().into_iter().flatten() {
            let (described, at) = self.followed(described);
            let at = at.map_or_else(|| format!("{place}/headers/{}", escaped(name)), str::to_owned);
            let given = answer.headers.get(name).and_then(|value| value.to_str().ok());
            breaches.extend(match given {
                Some(given) => self.schema_breaches(&format!("{at}/schema"), true, &given.into()),
                None => said_unless(described["required"] != true, || {
                    format!("the header {name} is missing")
                }),
            });
        }
        let media = answer.header("content-type");
        if response["content"].is_null() {
            breaches.extend(said_unless(answer.text.is_empty(), || {
                format!("{status} has a body")
            }));
        } else if response["content"][media].is_null() {
            breaches.push(format!("{media:?} is no media type of {status}: {}", answer.text));
        } else {
            let schema = format!("{place}/content/{}/schema", escaped(media));
            let value = if media.ends_with("json") {
                answer.body.clone()
            } else {
                answer.text.as_str().into()
            };
            let said = self.schema_breaches(&schema, true, &value);
            breaches.extend(
                said.into_iter()
                    .map(|breach| format!("{status} {breach} in {}", answer.text)),
            );
        }
        breaches
    }

    fn parameter_breaches(
        &self,
        place: &str,
        of: &Value,
        kind: &str,
        given: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<String> {
        let mut breaches = Vec::new();
        for (at, parameter) in self.parameters(place, of, kind) {
            let name = parameter["name"].as_str().unwrap_or_default();
            let said = match given(name) {
                Some(text) => {
                    let is_number = parameter["schema"]["type"] == "integer";
                    let number = text.parse::<u64>().ok().filter(|_| is_number);
                    let value = number.map_or_else(|| Value::from(text), Value::from);
                    self.schema_breaches(&format!("{at}/schema"), false, &value)
                }
                None => said_unless(parameter["required"] != true, || "is missing".to_owned()),
            };
            breaches.extend(said.into_iter().map(|said| format!("{kind} {name} {said}")));
        }
        breaches
    }

    /// The parameters of one kind, and where each stands.
    fn parameters<'a>(
        &'a self,
        place: &'a str,
        of: &'a Value,
        kind: &'a str,
    ) -> impl Iterator<Item = (String, &'a Value)> {
        let all = of["parameters"].as_array().into_iter().flatten().enumerate();
        let all = all.map(move |(number, parameter)| match self.followed(parameter) {
            (parameter, Some(at)) => (at.to_owned(), parameter),
            (parameter, None) => (format!("{place}/parameters/{number}"), parameter),
        });
        all.filter(move |(_, parameter)| parameter["in"] == kind)
    }
}

fn said_unless(is_so: bool, said: impl FnOnce() -> String) -> Vec<String> {
    if is_so { Vec::new() } else { vec![said()] }
}

/// The variables of a path, decoded, if it fits.
fn parameters<'a>(template: &'a str, path: &str) -> Option<BTreeMap<&'a str, String>> {
    let (ours, theirs): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    if ours.len() != theirs.len() {
        return None;
    }
    let mut parameters = BTreeMap::new();
    for (ours, theirs) in ours.into_iter().zip(theirs) {
        match ours.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !theirs.is_empty() => {
                parameters.insert(name, decoded(theirs));
            }
            None if ours == theirs => {}
            _ => return None,
        }
    }
    Some(parameters)
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// A name as it stands in a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Closes every object that says which fields it has.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let is_open = fields.get("type") == Some(&json!("object")) && fields.contains_key("properties");
            fields.values_mut().for_each(close);
            if is_open {
                closed(fields);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn closed(fields: &mut Map<String, Value>) {
    fields.entry("additionalProperties").or_insert(Value::Bool(false));
}
