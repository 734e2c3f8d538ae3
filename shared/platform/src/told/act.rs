//! The acts of a record.

use domain::act::{Act, Relation, Version, What};
use domain::facet::Facets;
use domain::policy::{Party, Policies};
use serde::Serialize;

use super::instant;

/// One act of a chain.
#[derive(Serialize)]
pub struct ActTold {
    version: Version,
    act: &'static str,
    happened_at: String,
    learnt_at: String,
    source: &'static str,
    grade: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<NoticeTold>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facets: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relation: Option<RelationNamed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_on: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    written: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cleared: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_source: Option<String>,
    /// The data subject was asked to confirm it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    to_be_confirmed: bool,
    /// The grant that this act confirms, or that nobody confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enrolled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// The recipient that told the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    told_by: Option<String>,
}

#[derive(Serialize)]
struct NoticeTold {
    id: String,
    version: u32,
    language: String,
    hash: String,
    /// Who was consented to, as the notice names it (S02).
    #[serde(skip_serializing_if = "Option::is_none")]
    controller: Option<PartyTold>,
}

/// A party by name and address.
#[derive(Serialize)]
pub struct PartyTold {
    name: String,
    address: String,
}

impl From<&Party> for PartyTold {
    fn from(party: &Party) -> Self {
        Self {
            name: party.name.clone(),
            address: party.address.clone(),
        }
    }
}

#[derive(Serialize)]
struct RelationNamed {
    recipient: String,
    kind: String,
    relation: String,
}

impl ActTold {
    pub fn of(policies: &Policies, act: &Act) -> Self {
        let mut told = Self {
            version: act.version,
            act: "",
            happened_at: instant(act.happened_at),
            learnt_at: instant(act.learnt_at),
            source: act.evidence.via.as_str(),
            grade: act.evidence.grade.as_str(),
            brand: act.evidence.brand.as_ref().map(ToString::to_string),
            notice: None,
            facets: Vec::new(),
            relation: None,
            delivered_on: None,
            written: Vec::new(),
            cleared: Vec::new(),
            data_source: None,
            to_be_confirmed: false,
            grant: None,
            channel: None,
            enrolled: None,
            until: None,
            told_by: act.evidence.told_by.as_ref().map(ToString::to_string),
        };
        match &act.what {
            What::Granted {
                facets,
                shown,
                to_be_confirmed,
            } => {
                told.act = "granted";
                told.to_be_confirmed = *to_be_confirmed;
                told.facets = names(facets);
                told.notice = Some(NoticeTold {
                    id: shown.notice.to_string(),
                    version: shown.version,
                    language: shown.language.to_string(),
                    hash: shown.hash.to_string(),
                    controller: policies.shown(shown).map(|policy| (&policy.controller).into()),
                });
            }
            What::Withdrawn { facets } => {
                told.act = "withdrawn";
                told.facets = names(facets);
            }
            What::Objected => told.act = "objected",
            What::Erased => told.act = "erased",
            What::Confirmed { grant } => {
                told.act = "confirmed";
                told.grant = Some(*grant);
            }
            What::ConfirmationLapsed { grant } => {
                told.act = "confirmation-lapsed";
                told.grant = Some(*grant);
            }
            What::RegisterChecked { channel, enrolled } => {
                told.act = "register-checked";
                told.channel = Some(channel.to_string());
                told.enrolled = Some(*enrolled);
            }
            What::RegisterCheckOutdated { channel } => {
                told.act = "register-check-outdated";
                told.channel = Some(channel.to_string());
            }
            What::ReminderDue { until } => {
                told.act = "reminder-due";
                told.until = Some(instant(*until));
            }
            What::RetentionEnded { categories } => {
                told.act = "retention-ended";
                told.cleared = categories.iter().map(ToString::to_string).collect();
            }
            What::Lapsed { facets } => {
                told.act = "lapsed";
                told.facets = names(facets);
            }
            What::RelationStarted {
                relation,
                delivered_on,
                ..
            } => {
                told.act = "relation-started";
                told.relation = Some(relation.into());
                told.delivered_on = delivered_on.map(|day| day.to_string());
            }
            What::RelationEnded { relation } => {
                told.act = "relation-ended";
                told.relation = Some(relation.into());
            }
            What::DeliveryPeriodEnded { relation } => {
                told.act = "delivery-period-ended";
                told.relation = Some(relation.into());
            }
            What::RelationCapped { relation } => {
                told.act = "relation-capped";
                told.relation = Some(relation.into());
            }
            What::ProfileUpdated {
                written,
                cleared,
                source,
            } => {
                told.act = "profile-updated";
                told.written = written.iter().map(ToString::to_string).collect();
                told.cleared = cleared.iter().map(ToString::to_string).collect();
                told.data_source = Some(source.to_string());
            }
        }
        told
    }
}

impl From<&Relation> for RelationNamed {
    fn from(relation: &Relation) -> Self {
        Self {
            recipient: relation.recipient.to_string(),
            kind: relation.kind.to_string(),
            relation: relation.id.to_string(),
        }
    }
}

fn names(facets: &Facets) -> Vec<String> {
    facets.iter().map(ToString::to_string).collect()
}
