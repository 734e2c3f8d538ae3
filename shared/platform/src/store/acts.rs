//! How an act is stored: as JSON in one attribute, so that its hash needs no canonical form.
//!
//! The names are short because an act and the state after it should fit one write unit of a kilobyte.
//! They are a contract with what is stored already: add names, never rename them.

use std::collections::{BTreeMap, BTreeSet};

use domain::act::{Act, Evidence, Relation, Shown, Version, What};
use domain::codes::{Category, Channel, Purpose, RecipientId, Separate};
use domain::facet::{Facet, Facets};
use domain::small_set::SmallSet;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::chain::Fingerprint;
use super::{BoxError, Error};
use crate::wire::Word;

type Read<T> = Result<T, BoxError>;

/// Everything of an act but its version, which is the sort key.
#[derive(Serialize, Deserialize)]
struct ActJson {
    #[serde(flatten)]
    what: WhatJson,
    /// When it happened, in ms, where that is not when it was learnt.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    happened_at: Option<i64>,
    /// When it was learnt, in ms.
    #[serde(rename = "l")]
    learnt_at: i64,
    via: String,
    #[serde(rename = "gr")]
    grade: String,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    /// The recipient that told the system.
    #[serde(rename = "by", default, skip_serializing_if = "Option::is_none")]
    told_by: Option<String>,
    /// The hashes of the idempotency key and of the body that came with it.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    asked: Option<(String, String)>,
    /// The salted hash of the evidence that lies outside the chain.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "kebab-case")]
enum WhatJson {
    Granted {
        f: FacetsJson,
        n: ShownJson,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ask: bool,
    },
    Confirmed {
        g: Version,
    },
    ConfirmationLapsed {
        g: Version,
    },
    RegisterChecked {
        ch: Word<Channel>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        on: bool,
    },
    RegisterCheckOutdated {
        ch: Word<Channel>,
    },
    ReminderDue {
        u: i64,
    },
    Withdrawn {
        f: FacetsJson,
    },
    Objected,
    Erased,
    Lapsed {
        f: FacetsJson,
    },
    RelationStarted {
        r: RelationJson,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<Word<Date>>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        one: bool,
    },
    RelationEnded {
        r: RelationJson,
    },
    DeliveryPeriodEnded {
        r: RelationJson,
    },
    RelationCapped {
        r: RelationJson,
    },
    ProfileUpdated {
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        w: BTreeSet<String>,
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        c: BTreeSet<String>,
        s: String,
    },
    RetentionEnded {
        c: BTreeSet<String>,
    },
}

/// Notice, version, language, hash.
#[derive(Serialize, Deserialize)]
pub(super) struct ShownJson(String, u32, String, String);

/// Recipient, kind, id.
#[derive(Serialize, Deserialize)]
pub(super) struct RelationJson(String, String, String);

/// A set of facets, by what they switch.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct FacetsJson {
    /// The channels of each purpose.
    #[serde(rename = "c", default, skip_serializing_if = "BTreeMap::is_empty")]
    contact: BTreeMap<String, Vec<String>>,
    #[serde(rename = "p", default, skip_serializing_if = "std::ops::Not::not")]
    profiling: bool,
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    sharing: Vec<String>,
    #[serde(rename = "x", default, skip_serializing_if = "Vec::is_empty")]
    separate: Vec<String>,
}

/// An act as it was read, and what came with it.
#[derive(Debug, Clone)]
pub(super) struct StoredAct {
    pub(super) act: Act,
    pub(super) asked: Option<Fingerprint>,
}

pub(super) fn write(act: &Act, asked: Option<&Fingerprint>, sealed: Option<String>) -> Result<String, Error> {
    let json = ActJson {
        what: (&act.what).into(),
        happened_at: (act.happened_at != act.learnt_at).then(|| act.happened_at.as_millisecond()),
        learnt_at: act.learnt_at.as_millisecond(),
        via: act.evidence.via.as_str().to_owned(),
        grade: act.evidence.grade.as_str().to_owned(),
        brand: act.evidence.brand.as_ref().map(ToString::to_string),
        told_by: act.evidence.told_by.as_ref().map(ToString::to_string),
        asked: asked.map(|asked| (asked.key.clone(), asked.body.clone())),
        sealed,
    };
    serde_json::to_string(&json).map_err(|error| Error::unreadable("an act", error))
}

pub(super) fn read(version: Version, text: &str) -> Result<StoredAct, Error> {
    let parsed = || -> Read<StoredAct> {
        let json: ActJson = serde_json::from_str(text)?;
        let learnt_at = Timestamp::from_millisecond(json.learnt_at)?;
        let happened_at = json
            .happened_at
            .map_or(Ok(learnt_at), Timestamp::from_millisecond)?;
        let evidence = Evidence {
            via: json.via.parse()?,
            grade: json.grade.parse()?,
            brand: json.brand.map(|brand| brand.parse()).transpose()?,
            told_by: json.told_by.map(|recipient| recipient.parse()).transpose()?,
        };
        let act = Act {
            version,
            what: json.what.read()?,
            happened_at,
            learnt_at,
            evidence,
        };
        Ok(StoredAct {
            act,
            asked: json.asked.map(|(key, body)| Fingerprint { key, body }),
        })
    };
    parsed().map_err(|error| Error::unreadable("an act", error))
}

impl From<&What> for WhatJson {
    fn from(what: &What) -> Self {
        match what {
            What::Granted {
                facets,
                shown,
                to_be_confirmed,
            } => Self::Granted {
                f: facets.into(),
                n: shown.into(),
                ask: *to_be_confirmed,
            },
            What::Confirmed { grant } => Self::Confirmed { g: *grant },
            What::ConfirmationLapsed { grant } => Self::ConfirmationLapsed { g: *grant },
            What::RegisterChecked { channel, enrolled } => Self::RegisterChecked {
                ch: Word(channel.clone()),
                on: *enrolled,
            },
            What::RegisterCheckOutdated { channel } => Self::RegisterCheckOutdated {
                ch: Word(channel.clone()),
            },
            What::ReminderDue { until } => Self::ReminderDue {
                u: until.as_millisecond(),
            },
            What::Withdrawn { facets } => Self::Withdrawn { f: facets.into() },
            What::Objected => Self::Objected,
            What::Erased => Self::Erased,
            What::Lapsed { facets } => Self::Lapsed { f: facets.into() },
            What::RelationStarted {
                relation,
                delivered_on,
                exclusive,
            } => Self::RelationStarted {
                r: relation.into(),
                d: delivered_on.map(Word),
                one: *exclusive,
            },
            What::RelationEnded { relation } => Self::RelationEnded { r: relation.into() },
            What::DeliveryPeriodEnded { relation } => Self::DeliveryPeriodEnded { r: relation.into() },
            What::RelationCapped { relation } => Self::RelationCapped { r: relation.into() },
            What::ProfileUpdated {
                written,
                cleared,
                source,
            } => Self::ProfileUpdated {
                w: names(written),
                c: names(cleared),
                s: source.to_string(),
            },
            What::RetentionEnded { categories } => Self::RetentionEnded { c: names(categories) },
        }
    }
}

impl WhatJson {
    fn read(self) -> Read<What> {
        Ok(match self {
            Self::Granted { f, n, ask } => What::Granted {
                facets: f.read()?,
                shown: n.read()?,
                to_be_confirmed: ask,
            },
            Self::Confirmed { g } => What::Confirmed { grant: g },
            Self::ConfirmationLapsed { g } => What::ConfirmationLapsed { grant: g },
            Self::RegisterChecked { ch, on } => What::RegisterChecked {
                channel: ch.0,
                enrolled: on,
            },
            Self::RegisterCheckOutdated { ch } => What::RegisterCheckOutdated { channel: ch.0 },
            Self::ReminderDue { u } => What::ReminderDue {
                until: Timestamp::from_millisecond(u)?,
            },
            Self::Withdrawn { f } => What::Withdrawn { facets: f.read()? },
            Self::Objected => What::Objected,
            Self::Erased => What::Erased,
            Self::Lapsed { f } => What::Lapsed { facets: f.read()? },
            Self::RelationStarted { r, d, one } => What::RelationStarted {
                relation: r.read()?,
                delivered_on: d.map(|day| day.0),
                exclusive: one,
            },
            Self::RelationEnded { r } => What::RelationEnded { relation: r.read()? },
            Self::DeliveryPeriodEnded { r } => What::DeliveryPeriodEnded { relation: r.read()? },
            Self::RelationCapped { r } => What::RelationCapped { relation: r.read()? },
            Self::ProfileUpdated { w, c, s } => What::ProfileUpdated {
                written: categories(&w)?,
                cleared: categories(&c)?,
                source: s.parse()?,
            },
            Self::RetentionEnded { c } => What::RetentionEnded {
                categories: categories(&c)?,
            },
        })
    }
}

fn names(categories: &SmallSet<Category>) -> BTreeSet<String> {
    categories.iter().map(ToString::to_string).collect()
}

fn categories(names: &BTreeSet<String>) -> Read<SmallSet<Category>> {
    names
        .iter()
        .map(|name| name.parse().map_err(BoxError::from))
        .collect()
}

impl From<&Shown> for ShownJson {
    fn from(shown: &Shown) -> Self {
        Self(
            shown.notice.to_string(),
            shown.version,
            shown.language.to_string(),
            shown.hash.to_string(),
        )
    }
}

impl ShownJson {
    pub(super) fn read(self) -> Read<Shown> {
        let Self(notice, version, language, hash) = self;
        Ok(Shown {
            notice: notice.parse()?,
            version,
            language: language.parse()?,
            hash: hash.into(),
        })
    }
}

impl From<&Relation> for RelationJson {
    fn from(relation: &Relation) -> Self {
        Self(
            relation.recipient.to_string(),
            relation.kind.to_string(),
            relation.id.to_string(),
        )
    }
}

impl RelationJson {
    pub(super) fn read(self) -> Read<Relation> {
        let recipient: RecipientId = self.0.parse()?;
        Ok(Relation {
            recipient,
            kind: self.1.parse()?,
            id: self.2.parse()?,
        })
    }
}

impl From<&Facets> for FacetsJson {
    fn from(facets: &Facets) -> Self {
        facets.iter().collect()
    }
}

impl<'a> FromIterator<&'a Facet> for FacetsJson {
    fn from_iter<I: IntoIterator<Item = &'a Facet>>(facets: I) -> Self {
        let mut json = Self::default();
        for facet in facets {
            match facet {
                Facet::Contact(purpose, channel) => {
                    json.contact
                        .entry(purpose.to_string())
                        .or_default()
                        .push(channel.to_string());
                }
                Facet::Profiling => json.profiling = true,
                Facet::Sharing(kind) => json.sharing.push(kind.to_string()),
                Facet::Separate(name) => json.separate.push(name.to_string()),
            }
        }
        json
    }
}

impl FacetsJson {
    pub(super) fn read(self) -> Read<Facets> {
        let mut facets = Facets::new();
        for (purpose, channels) in &self.contact {
            let purpose: Purpose = purpose.parse()?;
            for channel in channels {
                let channel: Channel = channel.parse()?;
                facets.insert(Facet::Contact(purpose.clone(), channel));
            }
        }
        if self.profiling {
            facets.insert(Facet::Profiling);
        }
        for kind in &self.sharing {
            facets.insert(Facet::Sharing(kind.parse()?));
        }
        for name in &self.separate {
            let name: Separate = name.parse()?;
            facets.insert(Facet::Separate(name));
        }
        Ok(facets)
    }
}
