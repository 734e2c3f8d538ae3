//! What a recipient is told: one CloudEvents 1.0 event, `subject.changed`.
//!
//! The names are a contract with every recipient: add fields, never rename them.

use std::collections::{BTreeMap, BTreeSet};

use domain::act::Version;
use domain::change::{Change, Ended};
use domain::codes::Category;
use domain::facet::Facets;
use domain::holding::Holding;
use domain::record::View;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::courier::Letter;
use crate::store::{Claim, Content, Entry};
use crate::told::PartyTold;
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
    data: Data,
}

#[derive(Serialize)]
struct Data {
    /// Orders the events about one subject: one with a lower number than was seen is old.
    sequence: u64,
    /// The newest act that was taken into account.
    version: Version,
    controller: Option<PartyTold>,
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
    /// The grant to be confirmed, or that was; the erasure.
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Where the data subject confirms.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// Where to send the link, and for nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<Value>,
}

/// What a processor needs to ask for a confirmation.
#[derive(Clone)]
pub struct Confirmation {
    pub link: String,
    pub contact: Value,
}

crate::unprintable::unprintable!(Confirmation);

/// What there is to tell, and what has been read of it.
pub struct Told<'a> {
    pub claim: &'a Claim,
    pub view: &'a View<'a>,
    pub version: Version,
    pub changes: &'a [Change],
    pub holding: &'a Holding,
    pub contents: &'a BTreeMap<Category, Content>,
    pub confirmations: &'a BTreeMap<Version, Confirmation>,
}

/// The letter that tells it. Said once more with nothing else in between, it is the same letter and has the same
/// id. After anything else it is another: a recipient that knows the id would take the old state for the new.
pub fn letter(told: &Told<'_>, now: Timestamp) -> Result<Letter, serde_json::Error> {
    let Told {
        claim,
        version,
        changes,
        holding,
        ..
    } = told;
    let changes: Vec<ChangeTold> = changes.iter().map(|change| change_told(change, told)).collect();
    let holds = HoldsTold {
        categories: holding.categories.keys().map(ToString::to_string).collect(),
        facets: names(&holding.facets),
    };
    let (subject, recipient) = (claim.subject.as_str(), claim.entry.recipient.as_str());
    let said = serde_json::to_vec(&(subject, recipient, version, &changes, &holds))?;
    let id = id(&said, &claim.entry);
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
            controller: told.view.controller().map(PartyTold::from),
            recipient: claim.entry.recipient.to_string(),
            changes,
            holds,
        },
    };
    let body = serde_json::to_string(&event)?;
    Ok(Letter { id, body })
}

/// Names what a letter says, and the number of the claim under which it first went out.
fn id(said: &[u8], entry: &Entry) -> String {
    let hash = Uuid::new_v5(&Uuid::NAMESPACE_OID, said).simple().to_string();
    let said = format!("evt_{hash:.24}");
    let repeated = entry.last_letter.as_ref().filter(|last| last.starts_with(&said));
    repeated
        .cloned()
        .unwrap_or_else(|| format!("{said}{:08x}", entry.claims))
}

/// The categories whose content has to be read to tell these changes.
pub fn categories_told<'a>(changes: &'a [Change], holding: &Holding) -> BTreeSet<&'a Category> {
    let told = changes.iter().filter_map(|change| match change {
        Change::EntitlementStarted { categories } | Change::Updated { categories } => Some(categories),
        Change::Granted { .. }
        | Change::Withdrawn { .. }
        | Change::Objected { .. }
        | Change::Lapsed { .. }
        | Change::Erased { .. }
        | Change::EntitlementEnded { .. }
        | Change::ConfirmationRequested { .. }
        | Change::Confirmed { .. }
        | Change::ReminderDue { .. } => None,
    });
    let has_content = |category: &&Category| holding.categories.get(*category).is_some_and(Option::is_some);
    told.flatten().filter(has_content).collect()
}

impl ChangeTold {
    fn named(change: &'static str) -> Self {
        Self {
            change,
            facets: Vec::new(),
            categories: Vec::new(),
            reason: None,
            content: BTreeMap::new(),
            act: None,
            until: None,
            link: None,
            contact: None,
        }
    }

    fn with_facets(self, facets: &Facets) -> Self {
        Self {
            facets: names(facets),
            ..self
        }
    }

    fn with_categories(self, categories: &BTreeSet<Category>) -> Self {
        Self {
            categories: categories.iter().map(ToString::to_string).collect(),
            ..self
        }
    }

    fn with_content(self, contents: &BTreeMap<Category, Content>) -> Self {
        let content = contents
            .iter()
            .map(|(category, content)| (category.to_string(), content.clone()));
        let content = content
            .filter(|(category, _)| self.categories.contains(category))
            .collect();
        Self { content, ..self }
    }
}

fn change_told(change: &Change, told: &Told<'_>) -> ChangeTold {
    match change {
        Change::Granted { facets } => ChangeTold::named("granted").with_facets(facets),
        Change::Withdrawn { facets } => ChangeTold::named("withdrawn").with_facets(facets),
        Change::Objected { facets } => ChangeTold::named("objected").with_facets(facets),
        Change::Lapsed { facets } => ChangeTold::named("lapsed").with_facets(facets),
        Change::Erased { act } => ChangeTold {
            act: Some(*act),
            ..ChangeTold::named("erased")
        },
        Change::EntitlementStarted { categories } => ChangeTold::named("entitlement-started")
            .with_categories(categories)
            .with_content(told.contents),
        Change::EntitlementEnded {
            categories,
            facets,
            why,
        } => {
            let ended = ChangeTold::named("entitlement-ended")
                .with_categories(categories)
                .with_facets(facets);
            ChangeTold {
                reason: Some(reason(*why)),
                ..ended
            }
        }
        Change::Updated { categories } => ChangeTold::named("updated")
            .with_categories(categories)
            .with_content(told.contents),
        Change::ConfirmationRequested { grant, until } => {
            let asked = told.confirmations.get(grant);
            ChangeTold {
                act: Some(*grant),
                until: Some(Instant(*until).to_string()),
                link: asked.map(|asked| asked.link.clone()),
                contact: asked.map(|asked| asked.contact.clone()),
                ..ChangeTold::named("confirmation-requested")
            }
        }
        Change::Confirmed { grant } => ChangeTold {
            act: Some(*grant),
            ..ChangeTold::named("confirmed")
        },
        Change::ReminderDue { until } => ChangeTold {
            until: Some(Instant(*until).to_string()),
            ..ChangeTold::named("reminder-due")
        },
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
        Ended::RelationCapped => "relation-capped",
        Ended::RegisterNotChecked => "register-not-checked",
    }
}
