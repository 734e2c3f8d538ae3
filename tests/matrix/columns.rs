//! The columns of the matrix and their cells, and what somebody may have agreed to.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{BUNDLED, UNBUNDLED};

const MATRIX: &str = include_str!("../entitlement-matrix.csv");
pub(crate) const SEPARATE: [&str; 3] = ["vehicle-usage", "app-web-usage", "cooperation-partner"];
pub(crate) const RECENTLY: &str = "2025-06-01";
pub(crate) const LONG_AGO: &str = "2022-06-01";

/// Who stands in a column of the matrix, and what ties a data subject to it.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) who: &'static [&'static str],
    pub(crate) relation: Option<(&'static str, Option<&'static str>)>,
}

/// One cell: what it says of a category.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    Allow,
    Deny,
    /// Only with the separate consent of the category.
    SeparateConsent,
    /// Only while the e-mail channel is consented to.
    EmailChannel,
}

/// What somebody agreed to beside the promotional consent.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) notice: &'static str,
    pub(crate) separate: BTreeSet<&'static str>,
    pub(crate) email: bool,
}

pub(crate) const COLUMNS: [Column; 10] = [
    column("controller_profile", &["controller"], None),
    column("group_company", &["bmw-ag"], None),
    column(
        "preferred_partner",
        &["dealer-preferred"],
        Some(("preferred", None)),
    ),
    column(
        "sales_partner_within_3_years",
        &["dealer-sales"],
        Some(("purchase", Some(RECENTLY))),
    ),
    column(
        "sales_partner_after_3_years",
        &["dealer-before"],
        Some(("purchase", Some(LONG_AGO))),
    ),
    // Ordered and not delivered: the base set alone (T9), as after the three years.
    column(
        "sales_partner_after_3_years",
        &["dealer-ordered"],
        Some(("purchase", None)),
    ),
    column("service_partner", &["dealer-service"], Some(("service", None))),
    column(
        "consultation_partner",
        &["dealer-advice"],
        Some(("consultation", None)),
    ),
    column("local_partner", &["dealer-local"], Some(("local", None))),
    column("processor", &["marketing-platform", "campaign-service"], None),
];

/// With and without each separate consent and the e-mail channel, under both notices.
pub(crate) fn choices() -> Vec<Choice> {
    let mut choices = Vec::new();
    for notice in [BUNDLED, UNBUNDLED] {
        for bits in 0..16 {
            let separate = SEPARATE
                .into_iter()
                .enumerate()
                .filter(|(place, _)| bits >> place & 1 == 1);
            let separate = separate.map(|(_, name)| name).collect();
            choices.push(Choice {
                notice,
                separate,
                email: bits & 8 != 0,
            });
        }
    }
    choices
}

impl Choice {
    pub(crate) fn asked(&self) -> Value {
        let promotional: &[&str] = match self.notice {
            BUNDLED => &["promotional"],
            _ => &[
                "marketing",
                "care",
                "research",
                "profiling",
                "sharing-group-company",
                "sharing-dealer",
            ],
        };
        let controls: Vec<&str> = promotional
            .iter()
            .copied()
            .chain(self.separate.iter().copied())
            .collect();
        let channels: &[&str] = if self.email {
            &["phone", "email"]
        } else {
            &["phone"]
        };
        let notice = json!({ "id": self.notice, "version": 1, "language": "en" });
        json!({ "notice": notice, "controls": controls, "channels": channels })
    }
}

impl Cell {
    pub(crate) fn allows(self, category: &str, choice: &Choice) -> bool {
        match self {
            Self::Allow => true,
            Self::Deny => false,
            Self::SeparateConsent => choice.separate.contains(category),
            Self::EmailChannel => choice.email,
        }
    }
}

const fn column(
    name: &'static str,
    who: &'static [&'static str],
    relation: Option<(&'static str, Option<&'static str>)>,
) -> Column {
    Column { name, who, relation }
}

/// A column of the matrix, by category. The file writes words with underscores, the wire with hyphens.
pub(crate) fn cells(column: &str) -> Vec<(&'static str, Cell)> {
    let mut lines = MATRIX.lines();
    let head = lines.next().unwrap_or_default();
    let place = head.split(',').position(|name| name == column);
    let place = place.unwrap_or_else(|| panic!("the matrix has no column {column}"));
    let cells: Vec<_> = lines
        .map(|line| {
            let words: Vec<&str> = line.split(',').collect();
            let cell = match words[place] {
                "allow" => Cell::Allow,
                "deny" => Cell::Deny,
                "separate_consent" => Cell::SeparateConsent,
                "email_channel" => Cell::EmailChannel,
                other => panic!("{other} is no cell"),
            };
            (&*words[0].replace('_', "-").leak(), cell)
        })
        .collect();
    assert_eq!(cells.len(), 14, "K1 to K14");
    cells
}
