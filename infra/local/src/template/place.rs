//! A value in the template together with where it stands, so that every complaint can say where.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use yaml_serde::Value as Yaml;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the template is not the YAML that CloudFormation reads")]
    NotYaml(#[source] yaml_serde::Error),
    #[error("the template, at {place}: {problem}")]
    At { place: String, problem: String },
}

/// The template with the short tags written out: `!Ref X` becomes `{"Ref": "X"}`, `!Sub x` `{"Fn::Sub": "x"}`.
pub(super) fn parse(yaml: &str) -> Result<Value, Error> {
    written_out(yaml_serde::from_str(yaml).map_err(Error::NotYaml)?)
}

fn written_out(yaml: Yaml) -> Result<Value, Error> {
    Ok(match yaml {
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = match tag.trim_start_matches('!') {
                name @ ("Ref" | "Condition") => name.to_owned(),
                name => format!("Fn::{name}"),
            };
            Value::Object(Map::from_iter([(name, written_out(tagged.value)?)]))
        }
        Yaml::Mapping(mapping) => {
            let mut object = Map::new();
            for (key, value) in mapping {
                let key = yaml_serde::from_value(key).map_err(Error::NotYaml)?;
                object.insert(key, written_out(value)?);
            }
            Value::Object(object)
        }
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(written_out).collect::<Result<_, _>>()?),
        plain @ (Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_)) => {
            yaml_serde::from_value(plain).map_err(Error::NotYaml)?
        }
    })
}

#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Place<'a> {
    pub(super) fn root(template: &'a Value) -> Self {
        Self {
            path: String::new(),
            value: template,
        }
    }

    pub(super) fn error(&self, problem: impl Into<String>) -> Error {
        Error::At {
            place: self.path.clone(),
            problem: problem.into(),
        }
    }

    pub(super) fn maybe(&self, key: &str) -> Option<Place<'a>> {
        Some(self.child(key, self.value.get(key)?))
    }

    pub(super) fn at(&self, key: &str) -> Result<Place<'a>, Error> {
        let missing = || self.child(key, &Value::Null).error("is missing");
        self.maybe(key).ok_or_else(missing)
    }

    pub(super) fn entries(&self) -> Result<Vec<(String, Place<'a>)>, Error> {
        let entries = self
            .value
            .as_object()
            .ok_or_else(|| self.error("is no mapping"))?;
        let place = |(key, value): (&String, &'a Value)| (key.clone(), self.child(key, value));
        Ok(entries.iter().map(place).collect())
    }

    pub(super) fn items(&self) -> Result<Vec<Place<'a>>, Error> {
        let items = self.value.as_array().ok_or_else(|| self.error("is no list"))?;
        let place = |(index, value): (usize, &'a Value)| self.child(&index.to_string(), value);
        Ok(items.iter().enumerate().map(place).collect())
    }

    /// The properties of all resources of one type, by logical id.
    pub(super) fn resources(&self, kind: &str) -> Result<Vec<(String, Place<'a>)>, Error> {
        let mut found = Vec::new();
        for (id, resource) in self.entries()? {
            if resource.at("Type")?.text()? == kind {
                let properties = match resource.maybe("Properties") {
                    Some(properties) => properties,
                    None => resource.child("Properties", &Value::Null),
                };
                found.push((id, properties));
            }
        }
        Ok(found)
    }

    pub(super) fn text(&self) -> Result<&'a str, Error> {
        self.value.as_str().ok_or_else(|| self.error("is no plain text"))
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, Error> {
        let items = self.items()?;
        items.iter().map(|item| Ok(item.text()?.to_owned())).collect()
    }

    pub(super) fn text_or(&self, key: &str, default: &str) -> Result<String, Error> {
        match self.maybe(key) {
            Some(place) => Ok(place.text()?.to_owned()),
            None => Ok(default.to_owned()),
        }
    }

    pub(super) fn number(&self) -> Result<u32, Error> {
        let number = self.value.as_u64().and_then(|number| number.try_into().ok());
        number.ok_or_else(|| self.error("is no plain number"))
    }

    pub(super) fn number_or(&self, key: &str, default: u32) -> Result<u32, Error> {
        self.maybe(key).map_or(Ok(default), |place| place.number())
    }

    /// The runner does what this value says, and only this value.
    pub(super) fn is(&self, expected: &str) -> Result<(), Error> {
        match self.text()? == expected {
            true => Ok(()),
            false => Err(self.error(format!("the runner knows {expected} only"))),
        }
    }

    pub(super) fn reports_item_failures(&self) -> Result<(), Error> {
        match self.texts()?.iter().any(|kind| kind == "ReportBatchItemFailures") {
            true => Ok(()),
            false => Err(self.error("the runner expects ReportBatchItemFailures")),
        }
    }

    /// The resource that is referred to, by `!Ref X`, `!GetAtt X.Arn` or one `${X}` in a `!Sub`.
    pub(super) fn logical_id(&self) -> Result<String, Error> {
        let inside = |text: &str| Some(text.split_once("${")?.1.split_once('}')?.0.to_owned());
        let id = if let Some(id) = self.value.get("Ref") {
            id.as_str().map(str::to_owned)
        } else if let Some(attribute) = self.value.get("Fn::GetAtt") {
            let first = attribute.as_str().or(attribute[0].as_str());
            first
                .and_then(|attribute| attribute.split('.').next())
                .map(str::to_owned)
        } else {
            self.value.get("Fn::Sub").and_then(Value::as_str).and_then(inside)
        };
        id.ok_or_else(|| self.error("refers to no resource"))
    }

    pub(super) fn one_of<'t, T>(&self, known: &'t BTreeMap<String, T>, kind: &str) -> Result<&'t T, Error> {
        let id = self.logical_id()?;
        known
            .get(&id)
            .ok_or_else(|| self.error(format!("{id} is no {kind} of this template")))
    }

    fn child<'v>(&self, key: &str, value: &'v Value) -> Place<'v> {
        let path = match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}/{key}"),
        };
        Place { path, value }
    }
}
