//! How the state after an act is stored beside it: small, and readable without the acts before.
//!
//! The names are a contract with what is stored already: add names, never rename them.

use std::collections::BTreeMap;

use domain::act::{Order, Version};
use domain::facet::Facet;
use domain::state::{Checked, Grant, Mark, Off, State, Switch, Tie, Written};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::acts::{FacetsJson, RelationJson, ShownJson};
use super::{BoxError, Error};
use crate::wire::Word;

#[derive(Serialize, Deserialize)]
struct StateJson {
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    grants: Vec<GrantJson>,
    #[serde(rename = "off", default, skip_serializing_if = "Vec::is_empty")]
    off: Vec<OffJson>,
    /// The objection that stands: act, when in ms.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    objection: Option<MarkJson>,
    /// The last erasure.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    erased: Option<MarkJson>,
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    relations: Vec<TieJson>,
    #[serde(rename = "p", default, skip_serializing_if = "BTreeMap::is_empty")]
    profile: BTreeMap<String, MarkJson>,
    /// Where a recipient told of the content: what was there before that it did not tell of.
    #[serde(rename = "po", default, skip_serializing_if = "BTreeMap::is_empty")]
    profile_over: BTreeMap<String, Version>,
    /// The grants that may still be confirmed, and until when in ms.
    #[serde(rename = "u", default, skip_serializing_if = "Vec::is_empty")]
    unconfirmed: Vec<(Version, i64)>,
    #[serde(rename = "reg", default, skip_serializing_if = "BTreeMap::is_empty")]
    register: BTreeMap<String, MarkJson>,
    /// Up to when it was announced that the last look at the register is too old, in ms.
    #[serde(rename = "rego", default, skip_serializing_if = "BTreeMap::is_empty")]
    register_outdated: BTreeMap<String, i64>,
    /// The end that was last reminded of, in ms.
    #[serde(rename = "rem", default, skip_serializing_if = "Option::is_none")]
    reminded_of: Option<i64>,
    /// Which recipient told of an act.
    #[serde(rename = "by", default, skip_serializing_if = "Vec::is_empty")]
    told_by: Vec<(Version, String)>,
    /// The last act in order: when it happened in ms, whether it took away, version.
    #[serde(rename = "z")]
    order: (i64, bool, Version),
}

/// An act, and when it happened in ms.
type MarkJson = (Version, i64);

#[derive(Serialize, Deserialize)]
struct GrantJson {
    v: Version,
    h: i64,
    u: i64,
    n: ShownJson,
    gr: String,
    /// Whether the data subject was asked to confirm it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ask: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on: Option<FacetsJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending: Option<FacetsJson>,
}

#[derive(Serialize, Deserialize)]
struct OffJson {
    v: Version,
    at: i64,
    why: OffWhy,
    f: FacetsJson,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OffWhy {
    Withdrawn,
    Objected,
    Erased,
    Lapsed,
}

#[derive(Serialize, Deserialize)]
struct TieJson {
    r: RelationJson,
    v: Version,
    s: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<Word<Date>>,
    /// Up to when the end of the period after the delivery was announced, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<i64>,
    /// Up to when its cap was announced, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<i64>,
}

pub(super) fn write(state: &State) -> Result<String, Error> {
    let having = |wanted: &dyn Fn(&Switch) -> bool| -> Option<FacetsJson> {
        let mut facets = state
            .facets
            .iter()
            .filter(|(_, switch)| wanted(switch))
            .map(|(facet, _)| facet)
            .peekable();
        facets.peek()?;
        Some(facets.collect())
    };
    let grants = state.grants.iter().map(|(version, grant)| GrantJson {
        v: *version,
        h: grant.happened_at.as_millisecond(),
        u: grant.until.as_millisecond(),
        n: (&grant.shown).into(),
        gr: grant.grade.as_str().to_owned(),
        ask: grant.to_be_confirmed,
        on: having(&|switch| *switch == Switch::On { grant: *version }),
        pending: having(&|switch| *switch == Switch::Pending { grant: *version }),
    });
    let mut off: BTreeMap<(Version, i64, OffWhy), Vec<&Facet>> = BTreeMap::new();
    for (facet, switch) in state.facets.iter() {
        if let Switch::Off { mark, why } = switch {
            off.entry((mark.by, mark.at.as_millisecond(), (*why).into()))
                .or_default()
                .push(facet);
        }
    }
    let relations = state.relations.iter().map(|(relation, tie)| TieJson {
        r: relation.into(),
        v: tie.by,
        s: tie.since.as_millisecond(),
        d: tie.delivered_on.map(Word),
        e: tie.delivery_end_told.map(Timestamp::as_millisecond),
        c: tie.cap_told.map(Timestamp::as_millisecond),
    });
    let order = state.order.map_or((0, false, 0), |order| {
        (
            order.happened_at.as_millisecond(),
            order.takes_away,
            order.version,
        )
    });
    let json = StateJson {
        grants: grants.collect(),
        off: off
            .into_iter()
            .map(|((v, at, why), f)| OffJson {
                v,
                at,
                why,
                f: f.into_iter().collect(),
            })
            .collect(),
        objection: state.objection.map(mark),
        erased: state.erased.map(mark),
        relations: relations.collect(),
        profile: state
            .profile
            .iter()
            .map(|(category, written)| (category.to_string(), (written.by, written.at.as_millisecond())))
            .collect(),
        profile_over: state
            .profile
            .iter()
            .filter_map(|(category, written)| Some((category.to_string(), written.over?)))
            .collect(),
        unconfirmed: state
            .unconfirmed
            .iter()
            .map(|(grant, until)| (*grant, until.as_millisecond()))
            .collect(),
        register: state
            .register
            .iter()
            .map(|(channel, checked)| (channel.to_string(), (checked.by, checked.at.as_millisecond())))
            .collect(),
        register_outdated: state
            .register
            .iter()
            .filter_map(|(channel, checked)| {
                Some((channel.to_string(), checked.outdated_told?.as_millisecond()))
            })
            .collect(),
        reminded_of: state.reminded_of.map(Timestamp::as_millisecond),
        told_by: state
            .told_by
            .iter()
            .map(|(act, recipient)| (*act, recipient.to_string()))
            .collect(),
        order,
    };
    serde_json::to_string(&json).map_err(|error| Error::unreadable("a state", error))
}

fn mark(mark: Mark) -> MarkJson {
    (mark.by, mark.at.as_millisecond())
}

fn marked((by, at): MarkJson) -> Result<Mark, jiff::Error> {
    Timestamp::from_millisecond(at).map(|at| Mark { by, at })
}

pub(super) fn read(text: &str) -> Result<State, Error> {
    parse(text).map_err(|error| Error::unreadable("a state", error))
}

fn parse(text: &str) -> Result<State, BoxError> {
    let json: StateJson = serde_json::from_str(text)?;
    let at = Timestamp::from_millisecond;
    let mut state = State::default();
    for stored in json.grants {
        let grant = Grant {
            happened_at: at(stored.h)?,
            until: at(stored.u)?,
            shown: stored.n.read()?,
            grade: stored.gr.parse()?,
            to_be_confirmed: stored.ask,
        };
        state.grants.insert(stored.v, grant);
        for (facets, switch) in [
            (stored.on, Switch::On { grant: stored.v }),
            (stored.pending, Switch::Pending { grant: stored.v }),
        ] {
            let facets = facets.unwrap_or_default().read()?;
            state.facets.update(&facets, |_, _| switch);
        }
    }
    for stored in json.off {
        let switch = Switch::Off {
            mark: Mark {
                by: stored.v,
                at: at(stored.at)?,
            },
            why: stored.why.into(),
        };
        state.facets.update(&stored.f.read()?, |_, _| switch);
    }
    for stored in json.relations {
        let tie = Tie {
            by: stored.v,
            since: at(stored.s)?,
            delivered_on: stored.d.map(|day| day.0),
            delivery_end_told: stored.e.map(at).transpose()?,
            cap_told: stored.c.map(at).transpose()?,
        };
        state.relations.insert(stored.r.read()?, tie);
    }
    for (category, (by, written_at)) in json.profile {
        let written = Written {
            by,
            at: at(written_at)?,
            over: json.profile_over.get(&category).copied(),
        };
        state.profile.insert(category.parse()?, written);
    }
    for (grant, until) in json.unconfirmed {
        state.unconfirmed.insert(grant, at(until)?);
    }
    for (channel, (by, checked_at)) in json.register {
        let told = json.register_outdated.get(&channel).copied();
        let checked = Checked {
            by,
            at: at(checked_at)?,
            outdated_told: told.map(at).transpose()?,
        };
        state.register.insert(channel.parse()?, checked);
    }
    for (act, recipient) in json.told_by {
        state.told_by.insert(act, recipient.parse()?);
    }
    state.reminded_of = json.reminded_of.map(at).transpose()?;
    state.objection = json.objection.map(marked).transpose()?;
    state.erased = json.erased.map(marked).transpose()?;
    let (happened_at, takes_away, version) = json.order;
    state.order = Some(Order {
        happened_at: at(happened_at)?,
        takes_away,
        version,
    });
    Ok(state)
}

impl From<Off> for OffWhy {
    fn from(why: Off) -> Self {
        match why {
            Off::Withdrawn => Self::Withdrawn,
            Off::Objected => Self::Objected,
            Off::Erased => Self::Erased,
            Off::Lapsed => Self::Lapsed,
        }
    }
}

impl From<OffWhy> for Off {
    fn from(why: OffWhy) -> Self {
        match why {
            OffWhy::Withdrawn => Self::Withdrawn,
            OffWhy::Objected => Self::Objected,
            OffWhy::Erased => Self::Erased,
            OffWhy::Lapsed => Self::Lapsed,
        }
    }
}
