//! The answers to questions.

use domain::act::Version;
use domain::decide::{Decision, Reason};
use serde::Serialize;

use super::instant;

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
        Self {
            allowed: decision.allowed,
            reasons: decision.reasons.iter().map(ReasonTold::from).collect(),
            policy: decision.policy.as_ref().map(|(notice, version)| PolicyTold {
                notice: notice.to_string(),
                version: *version,
            }),
            acts: decision.acts().into_iter().collect(),
            valid_until: decision.until.map(instant),
        }
    }
}

impl From<&Reason> for ReasonTold {
    fn from(reason: &Reason) -> Self {
        let because = reason.because;
        Self {
            rule: because.rule(),
            code: because.slug(),
            text: because.sentence(),
            acts: reason.act.into_iter().collect(),
        }
    }
}
