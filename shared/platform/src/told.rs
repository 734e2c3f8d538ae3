//! A record as callers are told it: its state, and its acts.

use std::collections::BTreeMap;

use domain::act::{Act, Relation, Version, What};
use domain::decide::{Decision, Reason};
use domain::facet::Facets;
use domain::policy::{Party, Policies};
use domain::record::{Record, View};
use domain::state::{Mark, Standing, State};
use jiff::Timestamp;
use serde::Serialize;

use crate::http::{self, Answer, Status};
use crate::store::Change;
use crate::wire::Instant;

/// A record at an instant.
#[derive(Serialize)]
pub struct StateTold {
    subject: String,
    version: Version,
    at: String,
    facets: BTreeMap<String, FacetTold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objection: Option<MarkTold>,
    /// What is known from before it is proof and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    erasure: Option<MarkTold>,
    relations: Vec<RelationTold>,
    /// The categories that have content, and the act that last wrote each.
    profile: BTreeMap<String, Version>,
}

#[derive(Serialize)]
struct FacetTold {
    state: &'static str,
    act: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

#[derive(Serialize)]
struct MarkTold {
    act: Version,
    since: String,
}

#[derive(Serialize)]
struct RelationTold {
    recipient: String,
    kind: String,
    relation: String,
    act: Version,
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_on: Option<String>,
}

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

/// What became of a request that changes a record.
#[derive(Serialize)]
pub struct ChangeTold {
    /// Nothing where the record said so already.
    act: Option<ActTold>,
    state: StateTold,
}

/// Answer with a change of a record, and with the version that it has now.
pub fn changed(status: Status, change: &Change, policies: &Policies, now: Timestamp) -> Answer {
    http::versioned(
        status,
        change.record.version,
        &ChangeTold::of(change, policies, now),
    )
}

impl ChangeTold {
    /// The state is told as of the act, so that the same request gets the same answer however much later.
    pub fn of(change: &Change, policies: &Policies, now: Timestamp) -> Self {
        let at = change.act.as_ref().map_or(now, |act| act.learnt_at);
        let state = StateTold::of(&change.record, &change.record.now(policies, at));
        Self {
            act: change.act.as_ref().map(|act| ActTold::of(policies, act)),
            state,
        }
    }
}

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

fn instant(at: Timestamp) -> String {
    Instant(at).to_string()
}

fn names(facets: &Facets) -> Vec<String> {
    facets.iter().map(ToString::to_string).collect()
}

impl StateTold {
    pub fn of(record: &Record, view: &View<'_>) -> Self {
        let state: &State = &view.state;
        let facets = state.facets.keys().filter_map(|facet| {
            let (name, act, since, until) = match state.standing(facet, view.at) {
                Standing::Never => return None,
                Standing::Active { by, grant } => ("active", by, Some(grant.happened_at), Some(grant.until)),
                Standing::Pending { by } => ("pending", by, None, None),
                Standing::Withdrawn(mark) => ("withdrawn", mark.by, Some(mark.at), None),
                Standing::Objected(mark) => ("objected", mark.by, Some(mark.at), None),
                Standing::Erased(mark) => ("erased", mark.by, Some(mark.at), None),
                Standing::Lapsed { by, at } => ("lapsed", by, Some(at), None),
            };
            let told = FacetTold {
                state: name,
                act,
                since: since.map(instant),
                until: until.map(instant),
            };
            Some((facet.to_string(), told))
        });
        let relations = state.relations.iter().map(|(relation, tie)| RelationTold {
            recipient: relation.recipient.to_string(),
            kind: relation.kind.to_string(),
            relation: relation.id.to_string(),
            act: tie.by,
            since: instant(tie.since),
            delivered_on: tie.delivered_on.map(|day| day.to_string()),
        });
        Self {
            subject: record.subject.to_string(),
            version: record.version,
            at: instant(view.at),
            facets: facets.collect(),
            objection: state.objection.map(MarkTold::from),
            erasure: state.erased.map(MarkTold::from),
            relations: relations.collect(),
            profile: state
                .profile
                .iter()
                .map(|(category, written)| (category.to_string(), written.by))
                .collect(),
        }
    }
}

impl From<Mark> for MarkTold {
    fn from(mark: Mark) -> Self {
        Self {
            act: mark.by,
            since: instant(mark.at),
        }
    }
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
