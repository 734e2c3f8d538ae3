//! The shape of a policy document, in TOML.
//!
//! Only the shape is judged here. What the law asks for is optional in the shape, so that its absence is
//! found together with everything else that is wrong, and told with its reason. Values that can be wrong
//! in themselves keep their place in the document.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

pub(crate) type Text = Spanned<String>;
pub(crate) type Keyed<T> = BTreeMap<Text, T>;
/// By language.
pub(crate) type Words = Spanned<Keyed<String>>;
/// A column of the matrix: the categories that it allows.
pub(crate) type Cells = Keyed<Cell>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) notice: Text,
    pub(crate) version: Spanned<u32>,
    pub(crate) language: Text,
    pub(crate) zone: Text,
    pub(crate) controller: Option<Spanned<Party>>,
    pub(crate) purposes: Keyed<Purpose>,
    pub(crate) channels: Keyed<Channel>,
    #[serde(default)]
    pub(crate) separate: Keyed<Words>,
    pub(crate) categories: Keyed<Category>,
    #[serde(default)]
    pub(crate) standing: Keyed<Standing>,
    #[serde(default)]
    pub(crate) relations: Keyed<Relation>,
    pub(crate) audiences: Audiences,
    pub(crate) controls: Keyed<Control>,
    pub(crate) evidence: Evidence,
    pub(crate) terms: Spanned<Terms>,
    pub(crate) supersedes: Option<Supersedes>,
    #[serde(default)]
    pub(crate) brands: Keyed<Brand>,
    pub(crate) sources: Keyed<Words>,
    pub(crate) named_by: Keyed<Vec<Text>>,
    pub(crate) data_list: DataList,
    #[serde(default)]
    pub(crate) texts: Keyed<Notice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Party {
    pub(crate) name: Option<String>,
    pub(crate) address: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Purpose {
    pub(crate) title: Words,
    pub(crate) message_types: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Channel {
    pub(crate) title: Words,
    pub(crate) class: Class,
    pub(crate) register_check_days: Option<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    Automated,
    Traditional,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Category {
    pub(crate) number: String,
    pub(crate) title: Words,
    pub(crate) origin: Origin,
    pub(crate) fields: Vec<Text>,
    pub(crate) retention: Option<Text>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Origin {
    Profile,
    Record,
    Tracking,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Standing {
    pub(crate) kind: Text,
    pub(crate) role: Text,
    pub(crate) name: Option<String>,
    pub(crate) address: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Relation {
    pub(crate) title: Words,
    #[serde(default)]
    pub(crate) exclusive: bool,
    #[serde(default)]
    pub(crate) only_without: Vec<Text>,
    #[serde(default)]
    pub(crate) delivery: bool,
    pub(crate) cap: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Audiences {
    pub(crate) profile: Option<Spanned<Cells>>,
    pub(crate) group_company: Option<Spanned<Cells>>,
    pub(crate) processor: Option<Spanned<Cells>>,
    #[serde(default)]
    pub(crate) relation: Keyed<Cells>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cell {
    pub(crate) separate: Option<Text>,
    pub(crate) channel: Option<Text>,
    pub(crate) since_delivery: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Control {
    pub(crate) title: Words,
    #[serde(default)]
    pub(crate) purposes: Vec<Text>,
    #[serde(default)]
    pub(crate) facets: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evidence {
    pub(crate) needed: Text,
    #[serde(default)]
    pub(crate) by_facet: Keyed<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    pub(crate) validity: Option<Text>,
    pub(crate) reminder: Text,
    pub(crate) confirmation: Text,
    pub(crate) withdrawal_deadline: Text,
    pub(crate) smallest_cell: u32,
    pub(crate) withdrawal_method: Option<Words>,
    #[serde(default)]
    pub(crate) rights: Vec<Text>,
}

/// Whose consents take their dates from this version as well, and from which day on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Supersedes {
    pub(crate) versions: Vec<Spanned<u32>>,
    pub(crate) from: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Brand {
    pub(crate) name: String,
    pub(crate) cookie_policy: Text,
    pub(crate) sites: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataList {
    pub(crate) url: Text,
    pub(crate) version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notice {
    pub(crate) title: String,
    pub(crate) body: String,
}
