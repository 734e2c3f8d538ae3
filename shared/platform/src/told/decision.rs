//! The answers to questions.

use domain::act::Version;
use domain::decide::{Decision, Reason};
use serde::Serialize;

use super::instant;
use crate::reasons;

/// The answer to one question.
#[derive(Serialize)]
pub struct DecisionTold {
    pub allowed: bool,
    pub reasons: Vec<ReasonTold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyTold>,
    /// The acts that the answer rests on.
    pub acts: Vec<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
}

#[derive(Serialize)]
pub struct ReasonTold {
    rule: &'static str,
    code: &'static str,
    text: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    acts: Vec<Version>,
}

#[derive(Serialize)]
pub struct PolicyTold {
    notice: String,
    version: u32,
}

impl From<&Decision> for DecisionTold {
    fn from(decision: &Decision) -> Self {
        Self::to_people(decision, reasons::ENGLISH)
    }
}

impl DecisionTold {
    /// With its reasons in a language of people.
    pub fn to_people(decision: &Decision, language: &str) -> Self {
        let told = |reason| ReasonTold::of(reason, language);
        Self {
            allowed: decision.allowed,
            reasons: decision.reasons.iter().map(told).collect(),
            policy: decision.policy.as_ref().map(|(notice, version)| PolicyTold {
                notice: notice.to_string(),
                version: *version,
            }),
            acts: decision.acts().into_iter().collect(),
            valid_until: decision.until.map(instant),
        }
    }
}

impl ReasonTold {
    fn of(reason: &Reason, language: &str) -> Self {
        let because = reason.because;
        Self {
            rule: because.rule(),
            code: because.slug(),
            text: reasons::sentence(because, language),
            acts: reason.act.into_iter().collect(),
        }
    }
}
