//! A holding as it is stored in the ledger.

use std::collections::{BTreeMap, BTreeSet};

use domain::act::Version;
use domain::facet::Facets;
use domain::holding::{Holding, Request};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::KIND;
use crate::store::acts::FacetsJson;
use crate::store::{BoxError, Error};

/// A holding as it is stored: add names, never rename them.
#[derive(Serialize, Deserialize)]
struct HoldingJson {
    c: BTreeMap<String, Option<Version>>,
    f: FacetsJson,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    r: BTreeSet<String>,
    /// The confirmations asked for: grant, and until when in ms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ask: Vec<(Version, i64)>,
    /// The ends reminded of, in ms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rem: Vec<i64>,
    /// The erasure that all of it came after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<Version>,
}

pub(super) fn write(holding: &Holding) -> Result<String, Error> {
    let json = HoldingJson {
        c: holding
            .categories
            .iter()
            .map(|(category, content)| (category.to_string(), *content))
            .collect(),
        f: (&holding.facets).into(),
        r: holding.relations.iter().map(ToString::to_string).collect(),
        ask: holding
            .requests
            .iter()
            .filter_map(|request| asked(*request))
            .collect(),
        rem: holding
            .requests
            .iter()
            .filter_map(|request| reminded(*request))
            .collect(),
        e: (holding.erased > 0).then_some(holding.erased),
    };
    serde_json::to_string(&json).map_err(|error| Error::unreadable(KIND, error))
}

fn asked(request: Request) -> Option<(Version, i64)> {
    match request {
        Request::Confirmation { grant, until } => Some((grant, until.as_millisecond())),
        Request::Reminder { .. } => None,
    }
}

fn reminded(request: Request) -> Option<i64> {
    match request {
        Request::Reminder { until } => Some(until.as_millisecond()),
        Request::Confirmation { .. } => None,
    }
}

pub(super) fn read(stored: &str) -> Result<Holding, Error> {
    let parsed = || -> Result<Holding, BoxError> {
        let json: HoldingJson = serde_json::from_str(stored)?;
        let facets: Facets = json.f.read()?;
        let mut holding = Holding {
            facets,
            erased: json.e.unwrap_or_default(),
            ..Holding::default()
        };
        for (category, content) in json.c {
            holding.categories.insert(category.parse()?, content);
        }
        for (grant, until) in json.ask {
            let until = Timestamp::from_millisecond(until)?;
            holding.requests.insert(Request::Confirmation { grant, until });
        }
        for until in json.rem {
            holding.requests.insert(Request::Reminder {
                until: Timestamp::from_millisecond(until)?,
            });
        }
        for kind in json.r {
            holding.relations.insert(kind.parse()?);
        }
        Ok(holding)
    };
    parsed().map_err(|error| Error::unreadable(KIND, error))
}
