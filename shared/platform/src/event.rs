//! What a recipient is told: one CloudEvents 1.0 event, `subject.changed`.
//!
//! The names are a contract with every recipient: add fields, never rename them.

use std::collections::{BTreeMap, BTreeSet};

use domain::act::Version;
use domain::codes::Category;
use domain::facet::Facets;
use domain::holding::{Change, Ended, Holding};
use domain::policy::Policy;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::courier::Letter;
use crate::store::{Claim, Content};
use crate::wire::Instant;

#[derive(Serialize)]
struct Event<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'static str,
    r#type: &'static str,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    /// Orders the events about one subject: one with a lower number than was seen is old.
    sequence: u64,
    /// The newest act that was taken into account.
    version: Version,
    controller: Option<&'a str>,
    recipient: String,
    changes: Vec<ChangeTold>,
    /// All that the recipient may hold from now on; whatever is not named must go.
    holds: HoldsTold,
}

#[derive(Serialize)]
struct HoldsTold {
    categories: Vec<String>,
    facets: Vec<String>,
}

#[derive(Serialize)]
struct ChangeTold {
    change: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facets: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    content: BTreeMap<String, Content>,
}

/// What there is to tell, and what has been read of it.
pub struct Told<'a> {
    pub claim: &'a Claim,
    pub version: Version,
    pub policy: Option<&'a Policy>,
    pub changes: &'a [Change],
    pub holding: &'a Holding,
    pub contents: &'a BTreeMap<Category, Content>,
}

/// The letter that tells it. Its id follows from what it says, so that the same said again is the same
/// letter, and something else never is.
pub fn letter(told: &Told<'_>, now: Timestamp) -> Result<Letter, serde_json::Error> {
    let Told {
        claim,
        version,
        policy,
        changes,
        holding,
        contents,
    } = told;
    let changes: Vec<ChangeTold> = changes
        .iter()
        .map(|change| change_told(change, contents))
        .collect();
    let holds = HoldsTold {
        categories: holding.categories.keys().map(ToString::to_string).collect(),
        facets: names(&holding.facets),
    };
    let acknowledged_at = claim.entry.acknowledged_at.map_or(0, Timestamp::as_millisecond);
    let said = serde_json::to_string(&(
        claim.subject.as_str(),
        claim.entry.recipient.as_str(),
        acknowledged_at,
        version,
        &changes,
        &holds,
    ))?;
    let id = format!(
        "evt_{}",
        Uuid::new_v5(&Uuid::NAMESPACE_OID, said.as_bytes()).simple()
    );
    let event = Event {
        specversion: "1.0",
        id: &id,
        source: "urn:assenso",
        r#type: "subject.changed",
        subject: claim.subject.to_string(),
        time: Instant(now).to_string(),
        datacontenttype: "application/json",
        data: Data {
            sequence: claim.entry.claims,
            version: *version,
            controller: policy.map(|policy| policy.controller.name.as_str()),
            recipient: claim.entry.recipient.to_string(),
            changes,
            holds,
        },
    };
    let body = serde_json::to_string(&event)?;
    Ok(Letter { id, body })
}

/// The categories whose content has to be read to tell these changes.
pub fn categories_told<'a>(changes: &'a [Change], holding: &Holding) -> BTreeSet<&'a Category> {
    let told = changes.iter().filter_map(|change| match change {
        Change::EntitlementStarted { categories } | Change::Updated { categories } => Some(categories),
        Change::Granted { .. }
        | Change::Withdrawn { .. }
        | Change::Objected { .. }
        | Change::Lapsed { .. }
        | Change::EntitlementEnded { .. } => None,
    });
    let has_content = |category: &&Category| holding.categories.get(*category).is_some_and(Option::is_some);
    told.flatten().filter(has_content).collect()
}

fn change_told(change: &Change, contents: &BTreeMap<Category, Content>) -> ChangeTold {
    let (change, facets, categories, reason, with_content) = match change {
        Change::Granted { facets } => ("granted", Some(facets), None, None, false),
        Change::Withdrawn { facets } => ("withdrawn", Some(facets), None, None, false),
        Change::Objected { facets } => ("objected", Some(facets), None, None, false),
        Change::Lapsed { facets } => ("lapsed", Some(facets), None, None, false),
        Change::EntitlementStarted { categories } => {
            ("entitlement-started", None, Some(categories), None, true)
        }
        Change::EntitlementEnded { categories, why } => (
            "entitlement-ended",
            None,
            Some(categories),
            Some(reason(*why)),
            false,
        ),
        Change::Updated { categories } => ("updated", None, Some(categories), None, true),
    };
    let content = categories.into_iter().flatten().filter(|_| with_content);
    let content =
        content.filter_map(|category| Some((category.to_string(), contents.get(category)?.clone())));
    ChangeTold {
        change,
        facets: facets.map(names).unwrap_or_default(),
        categories: categories
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect(),
        reason,
        content: content.collect(),
    }
}

fn names(facets: &Facets) -> Vec<String> {
    facets.iter().map(ToString::to_string).collect()
}

fn reason(why: Ended) -> &'static str {
    match why {
        Ended::Withdrawn => "withdrawn",
        Ended::Objected => "objected",
        Ended::Lapsed => "lapsed",
        Ended::SharingWithdrawn => "sharing-withdrawn",
        Ended::SeparateConsentEnded => "separate-consent-ended",
        Ended::ThreeYears => "three-years",
        Ended::AuthorisationLost => "authorisation-lost",
        Ended::SharingOff => "sharing-off",
        Ended::RelationEnded => "relation-ended",
        Ended::PreferredChanged => "preferred-changed",
        Ended::LocalPartnerReplaced => "local-partner-replaced",
        Ended::NoLongerListed => "no-longer-listed",
    }
}
