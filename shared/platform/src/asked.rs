//! What several requests say in the same words: how an act came in, and the proof of it.

use domain::act::{Grade, Via};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::Problem;
use crate::store::Beside;

const TEXT_LEN_MAX: usize = 500;

/// The body of a request that says all in its path. A key that somebody brings, for instance, is refused and not
/// ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Who tells us.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    Form,
    Dealer,
    Staff,
    Import,
    Account,
}

/// The proof that comes with an act. Its kind makes the grade; the rest may identify, and is kept outside
/// the chain.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    #[serde(default)]
    kind: Kind,
    /// Of the paper, the call or the ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// The network address that the form was sent from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    form_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    DoubleOptIn,
    SignedIn,
    Staff,
    Paper,
    #[default]
    None,
}

impl Source {
    pub fn via(self) -> Via {
        match self {
            Self::Form => Via::Form,
            Self::Dealer => Via::Dealer,
            Self::Staff => Via::Staff,
            Self::Import => Via::Import,
            Self::Account => Via::Account,
        }
    }
}

impl Evidence {
    /// How good the proof is. Staff and paper count only with a reference.
    pub fn grade(&self) -> Grade {
        match self.kind {
            Kind::DoubleOptIn => Grade::A,
            Kind::SignedIn => Grade::B,
            Kind::Staff | Kind::Paper if self.has_reference() => Grade::C,
            Kind::Staff | Kind::Paper | Kind::None => Grade::D,
        }
    }

    fn has_reference(&self) -> bool {
        let reference = self.reference.as_deref().unwrap_or_default();
        !reference.trim().is_empty()
    }

    /// What is kept outside the chain, where there is anything; and the contact that is asked to confirm.
    pub fn beside(&self, contact: Option<&Value>) -> Result<Beside, Problem> {
        let texts = [
            ("reference", &self.reference),
            ("address", &self.address),
            ("user_agent", &self.user_agent),
            ("form_url", &self.form_url),
            ("note", &self.note),
        ];
        for (name, text) in texts {
            if text
                .as_ref()
                .is_some_and(|text| text.chars().count() > TEXT_LEN_MAX)
            {
                let detail = format!("the text has more than {TEXT_LEN_MAX} letters");
                return Err(Problem::bad("malformed", format!("/evidence/{name}"), detail));
            }
        }
        if contact.is_none() && texts.iter().all(|(_, text)| text.is_none()) {
            return Ok(Beside::Nothing);
        }
        let unkept = |_| Problem::bad("malformed", "/evidence", "it cannot be kept");
        let mut evidence = serde_json::to_value(self).map_err(unkept)?;
        if let Some(contact) = contact {
            evidence["contact"] = contact.clone();
        }
        Ok(Beside::Evidence(evidence.to_string()))
    }
}
