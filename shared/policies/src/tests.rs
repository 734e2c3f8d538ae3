//! What is shipped says what the rules say.

use domain::codes::Category;
use domain::facet::{Facet, Facets};
use domain::policy::{Audience, Condition, Policy};

use crate::{all, data_list};

const MATRIX: &str = include_str!("../../../tests/entitlement-matrix.csv");

fn bundled() -> &'static Policy {
    all().find(&"bmw-italia-promotional".parse().unwrap(), 1).unwrap()
}

fn unbundled() -> &'static Policy {
    all()
        .find(&"bmw-italia-promotional-unbundled".parse().unwrap(), 1)
        .unwrap()
}

#[test]
fn every_document_in_the_folder_is_shipped_and_called_what_its_file_is_called() {
    let mut named: Vec<String> = all()
        .iter()
        .map(|policy| format!("{}.{}.toml", policy.notice, policy.version))
        .collect();
    named.sort();
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/notices")).unwrap();
    let mut files: Vec<String> = folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    files.sort();
    assert_eq!(named, files);
}

#[test]
fn the_audiences_are_the_golden_matrix() {
    for policy in [bundled(), unbundled()] {
        let mut rows = MATRIX.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = rows.next().unwrap();
        let mut categories = 0;
        for row in rows {
            let category: Category = row[0].replace('_', "-").parse().unwrap();
            assert_eq!(policy.categories[&category].number, row[1]);
            for (column, golden) in header.iter().zip(&row).skip(2) {
                let cell = cell(policy, column, &category);
                assert_eq!(cell, *golden, "{} {column} {category}", policy.notice);
            }
            categories += 1;
        }
        assert_eq!(policy.categories.len(), categories);
        assert_eq!(policy.audiences.len(), 3 + policy.relations.len());
    }
}

/// What the policy says in the golden table's words.
fn cell(policy: &Policy, column: &str, category: &Category) -> &'static str {
    let relation = |kind: &str| Audience::Relation(kind.parse().unwrap());
    let (audience, within_three_years) = match column {
        "controller_profile" => (Audience::Profile, false),
        "group_company" => (Audience::GroupCompany, false),
        "processor" => (Audience::Processor, false),
        "sales_partner_within_3_years" => (relation("purchase"), true),
        "sales_partner_after_3_years" => (relation("purchase"), false),
        "preferred_partner" => (relation("preferred"), false),
        "service_partner" => (relation("service"), false),
        "consultation_partner" => (relation("consultation"), false),
        "local_partner" => (relation("local"), false),
        other => panic!("the table has a new column, {other}"),
    };
    match policy.audiences[&audience].get(category) {
        None => "deny",
        Some(Condition {
            since_delivery: Some(period),
            ..
        }) if !within_three_years || period.to_string() != "P3Y" => "deny",
        Some(Condition {
            separate: None,
            channel: None,
            ..
        }) => "allow",
        Some(Condition {
            separate: Some(name),
            channel: None,
            ..
        }) if name.as_str() == category.as_str() => "separate_consent",
        Some(Condition {
            separate: None,
            channel: Some(channel),
            ..
        }) if channel.as_str() == "email" => "email_channel",
        Some(_) => "a condition that the table has no word for",
    }
}

/// T1: one yes for everything but the separate consents, or one for each thing; the facets are the same.
#[test]
fn the_two_notices_bind_the_same_facets_to_different_controls() {
    let granted = |policy: &Policy| -> Facets {
        let controls = policy.controls.values();
        controls
            .flat_map(|control| {
                let contact = control.purposes.iter().flat_map(|purpose| {
                    policy
                        .channels
                        .keys()
                        .map(|channel| Facet::Contact(purpose.clone(), channel.clone()))
                });
                contact.chain(control.facets.iter().cloned()).collect::<Vec<_>>()
            })
            .collect()
    };
    assert_eq!(granted(bundled()), bundled().facets());
    assert_eq!(granted(unbundled()), unbundled().facets());
    assert_eq!(bundled().facets(), unbundled().facets());

    assert_eq!(bundled().controls.len(), 1 + bundled().separate.len());
    assert!(
        unbundled()
            .controls
            .values()
            .all(|control| control.purposes.len() + control.facets.len() == 1)
    );
}
#[test]
fn a_hash_stands_for_one_language_of_one_document() {
    let mut hashes: Vec<&str> = all()
        .iter()
        .flat_map(|policy| policy.texts.values().map(|text| &*text.hash))
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 6);
    assert!(hashes.iter().all(|hash| hash.len() == 43));
}

#[test]
fn s44_the_linked_data_list_is_rendered_from_the_categories() {
    let list = data_list(bundled());
    assert!(list.starts_with(
        "BMW Italia S.p.A. 1\n\nK1 contact P24M\nde: Kontaktdaten\nen: Contact data\nit: Dati di contatto\n\
         fields: city, company, country, "
    ));
    assert_eq!(list.lines().filter(|line| line.starts_with('K')).count(), 14);
    assert_eq!(bundled().data_list.hash, unbundled().data_list.hash);
}
