//! The state of a record at an instant.

use std::collections::BTreeMap;

use domain::act::Version;
use domain::record::{Record, View};
use domain::state::{Mark, Standing, State};
use serde::Serialize;

use super::instant;

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
            profile: view
                .content()
                .map(|(category, by)| (category.to_string(), by))
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
