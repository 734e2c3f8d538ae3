//! The filter of an event source mapping: which records reach the function.
//!
//! The part of EventBridge's pattern language that a filter on keys needs. What it does not know is
//! refused when the template is read, because a filter that lets too little through loses changes.

use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Filter(Pattern);

#[derive(Clone, Debug)]
enum Pattern {
    /// Every field matches.
    Fields(Vec<(String, Pattern)>),
    /// One of these matches.
    Any(Vec<Test>),
}

#[derive(Clone, Debug)]
enum Test {
    Is(Value),
    StartsWith(String),
}

impl Filter {
    pub fn read(pattern: &str) -> Result<Self, String> {
        let pattern: Value = serde_json::from_str(pattern).map_err(|_| "is no JSON".to_owned())?;
        Pattern::read(&pattern).map(Self)
    }

    pub fn matches(&self, record: &Value) -> bool {
        self.0.matches(record)
    }
}

impl Pattern {
    fn read(pattern: &Value) -> Result<Self, String> {
        if let Some(fields) = pattern.as_object() {
            let field = |(name, pattern): (&String, &Value)| Ok((name.clone(), Self::read(pattern)?));
            return Ok(Self::Fields(
                fields.iter().map(field).collect::<Result<_, String>>()?,
            ));
        }
        let tests = pattern
            .as_array()
            .ok_or("is neither fields nor a list of values")?;
        Ok(Self::Any(
            tests.iter().map(Test::read).collect::<Result<_, String>>()?,
        ))
    }

    fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Fields(fields) => fields
                .iter()
                .all(|(name, pattern)| pattern.matches(&value[name.as_str()])),
            Self::Any(tests) => tests.iter().any(|test| test.matches(value)),
        }
    }
}

impl Test {
    fn read(test: &Value) -> Result<Self, String> {
        let Some(operator) = test.as_object() else {
            return Ok(Self::Is(test.clone()));
        };
        match operator.iter().next() {
            Some((name, Value::String(prefix))) if name == "prefix" && operator.len() == 1 => {
                Ok(Self::StartsWith(prefix.clone()))
            }
            _ => Err("the runner knows values and {\"prefix\": ...} only".to_owned()),
        }
    }

    fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Is(expected) => value == expected,
            Self::StartsWith(prefix) => value
                .as_str()
                .is_some_and(|text| text.starts_with(prefix.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_on_the_kind_of_key_passes_that_kind_alone() {
        let chain = r#"{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"CHAIN#"}]}}}}"#;
        let filter = Filter::read(chain).unwrap();
        let record = |name, pk| json!({ "eventName": name, "dynamodb": { "Keys": { "pk": { "S": pk } } } });

        assert!(filter.matches(&record("INSERT", "CHAIN#a")));
        assert!(!filter.matches(&record("INSERT", "LEDGER#a")));
        assert!(!filter.matches(&record("REMOVE", "CHAIN#a")));
        assert!(!filter.matches(&json!({})));
        assert!(Filter::read(r#"{"pk":[{"suffix":"x"}]}"#).is_err());
    }
}
