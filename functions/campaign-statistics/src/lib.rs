//! `PUT /v1/campaigns/{campaign}` and `GET .../statistics`: what a campaign is for, and how it went.
//!
//! Invariant: nothing here can read a person. Counts come from rows that hold nothing but counts.

use std::collections::BTreeMap;

use domain::campaign::{Campaign, in_steps};
use domain::codes::{Brand, CampaignId, Purpose};
use domain::interaction::{Cell, Kind};
use jiff::Timestamp;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::store::{Error, Store};
use platform::wire::Word;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    purpose: Word<Purpose>,
    message_type: String,
    brand: Word<Brand>,
}

#[derive(Serialize)]
struct DeclaredTold {
    campaign: String,
    purpose: String,
    message_type: String,
    brand: String,
}

/// Every number is of recipients, each counted once; null where there are too few to tell.
#[derive(Serialize)]
struct StatisticsTold {
    #[serde(flatten)]
    declared: DeclaredTold,
    /// Counts come in steps of this, rounded down.
    step: u32,
    recipients: BTreeMap<&'static str, Option<u64>>,
    /// By code; those that too few clicked are not even named.
    links: BTreeMap<String, u64>,
    contents: BTreeMap<String, u64>,
}

/// Declare a campaign, or tell its statistics.
pub async fn handle(store: &Store, now: Timestamp, request: Request) -> Answer {
    match http::route(&request) {
        "PUT /v1/campaigns/{campaign}" => declare(store, now, request).await,
        "GET /v1/campaigns/{campaign}/statistics" => statistics(store, request).await,
        _ => Err(http::no_such_route()),
    }
}

async fn declare(store: &Store, now: Timestamp, request: Request) -> Answer {
    let id: CampaignId = http::path(&request, "campaign")?;
    http::only_query(&request, &[])?;
    let asked: Asked = http::body(&request)?;
    let campaign = Campaign::declare(store.policies, asked.purpose.0, asked.message_type, asked.brand.0)?;

    let is_new = store
        .declare(&id, &campaign, now)
        .await
        .map_err(|error| match error {
            Error::Stale => Problem::new(
                Status::CONFLICT,
                "declared-otherwise",
                "a campaign keeps what it declared: its mails were judged by it",
            ),
            Error::Unreadable { .. } | Error::Unfit(_) | Error::Unavailable(_) => error.into(),
        })?;

    let status = if is_new { Status::CREATED } else { Status::OK };
    http::json(status, &DeclaredTold::of(&id, &campaign))
}

async fn statistics(store: &Store, request: Request) -> Answer {
    let id: CampaignId = http::path(&request, "campaign")?;
    http::only_query(&request, &[])?;
    let Some(campaign) = store.campaign(&id).await? else {
        let detail = "no such campaign was declared";
        return Err(Problem::new(Status::NOT_FOUND, "unknown-campaign", detail));
    };
    let counts = store.counts(&id).await?;

    let step = campaign.smallest_cell(store.policies);
    let declared = DeclaredTold::of(&id, &campaign);
    http::json(Status::OK, &StatisticsTold::of(declared, &counts, step))
}

impl DeclaredTold {
    fn of(id: &CampaignId, campaign: &Campaign) -> Self {
        Self {
            campaign: id.to_string(),
            purpose: campaign.purpose.to_string(),
            message_type: campaign.message_type.clone(),
            brand: campaign.brand.to_string(),
        }
    }
}

impl StatisticsTold {
    fn of(declared: DeclaredTold, counts: &BTreeMap<Cell, u64>, step: u32) -> Self {
        let told = |kind| {
            let count = counts.get(&Cell { kind, target: None });
            (kind.as_str(), count.and_then(|count| in_steps(*count, step)))
        };
        let by_target = |wanted: Kind| {
            let targets = counts.iter().filter(|(cell, _)| cell.kind == wanted);
            let told = targets.filter_map(|(cell, count)| {
                Some((cell.target.as_ref()?.to_string(), in_steps(*count, step)?))
            });
            told.collect()
        };
        Self {
            declared,
            step,
            recipients: Kind::ALL.into_iter().map(told).collect(),
            links: by_target(Kind::LinkClicked),
            contents: by_target(Kind::ContentClicked),
        }
    }
}
