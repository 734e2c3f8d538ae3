//! What is shipped says what the rules say, and what is incomplete is refused where it is wrong.

use domain::codes::Category;
use domain::facet::{Facet, Facets};
use domain::policy::{Audience, Condition, Policy};

use crate::{Finding, SHIPPED, all, data_list, gather, load, shipped};

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
fn every_shipped_policy_loads_and_is_called_what_its_file_is_called() {
    let policies = shipped().unwrap_or_else(|findings| panic!("{findings:#?}"));
    let named: Vec<String> = policies
        .iter()
        .map(|policy| format!("{}.{}.toml", policy.notice, policy.version))
        .collect();
    let files: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
    assert_eq!(named, files);
}

#[test]
fn every_document_in_the_folder_is_shipped() {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/notices")).unwrap();
    let documents = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for document in documents.filter(|name| name.ends_with(".toml")) {
        assert!(
            SHIPPED.iter().any(|(name, _)| *name == document),
            "{document} is not shipped"
        );
    }
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

    let stricter = edited("validity = \"P24M\"", "validity = \"P12M\"");
    let stricter = load("stricter.toml", &stricter).unwrap();
    for (language, text) in &bundled().texts {
        assert_ne!(
            stricter.texts[language].hash, text.hash,
            "a rule changed and the hash did not"
        );
    }
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

#[test]
fn two_documents_for_one_version_are_refused() {
    let (name, source) = SHIPPED[0];
    let findings = gather(&[(name, source), ("again.toml", source)]).unwrap_err();
    let told: Vec<String> = findings.iter().map(Finding::to_string).collect();
    let line = line_of(source, "version = 1");
    assert_eq!(
        told,
        [format!(
            "again.toml:{line}:11: version 1 of `bmw-italia-promotional` has a document already"
        )]
    );
}

#[test]
fn all_that_is_wrong_is_told_at_once_and_in_order() {
    let source = edited("zone = \"Europe/Rome\"", "zone = \"Europe/Atlantis\"")
        .replace("needed = \"C\"", "needed = \"E\"")
        .replacen("retention = \"P24M\"\n", "", 1);
    let findings = load("bad.toml", &source).unwrap_err();
    let lines: Vec<usize> = findings.iter().map(|finding| finding.line).collect();
    let expected =
        ["Europe/Atlantis", "[categories.contact]", "needed = \"E\""].map(|at| line_of(&source, at));
    assert_eq!(lines, expected, "{findings:#?}");
}

/// What is changed in the good document, on which line it must be found, and what must be said.
#[rustfmt::skip]
const REFUSED: &[(&str, &str, &str, &str)] = &[
    ("version = 1\n", "version = 1\ncolour = 2\n", "colour", "unknown field `colour`"),
    ("class = \"automated\"", "class = \"automatic\"", "\"automatic\"", "unknown variant `automatic`"),
    ("version = 1\n", "version = \n", "version = \n", "string values must be quoted"),
    ("[\"news\", ", "[\"News\", ", "\"News\"", "`News` is not a code"),
    ("name = \"BMW\"\n", "name = \"BMW\"\nname = \"Mini\"\n", "\"Mini\"", "duplicate key"),
    ("notice = \"bmw", "notice = \"BMW", "notice =", "is not a code"),
    ("language = \"it\"", "language = \"fr\"", "language =", "the notice is not written in `fr`"),
    ("language = \"it\"\n", "", "# The promotional", "missing field `language`"),
    ("Europe/Rome", "Europe/Atlantis", "Europe/Atlantis", "`Europe/Atlantis` is no zone"),

    ("[controller]\nname = \"BMW Italia S.p.A.\"\naddress = \"Via della Unione Europea 1, San Donato Milanese (MI)\"\n", "", "# The promotional", "the controller is missing"),
    ("address = \"Via della Unione Europea 1, San Donato Milanese (MI)\"\n", "", "[controller]", "the controller has no address (S02)"),
    ("name = \"BMW Italia S.p.A.\"", "name = \" \"", "[controller]", "the controller has no name (S02)"),
    ("address = \"Petuelring 130, 80788 München\"\n", "", "[standing.bmw-ag]", "`bmw-ag` has no address"),

    ("retention = \"P24M\"", "retention = \"until withdrawn\"", "until withdrawn", "is no retention: data are kept for a period of their own (T4)"),
    ("retention = \"P24M\"\n", "", "[categories.contact]", "`contact` has no retention (T4)"),
    ("retention = \"P24M\"", "retention = \"2 years\"", "\"2 years\"", "is no period in years, months, weeks or days"),
    ("retention = \"P24M\"", "retention = \"PT48H\"", "\"PT48H\"", "is no period in years, months, weeks or days"),
    ("retention = \"P24M\"", "retention = \"P0D\"", "\"P0D\"", "is not positive"),
    ("retention = \"P24M\"", "retention = \"-P24M\"", "\"-P24M\"", "is not positive"),
    ("validity = \"P24M\"\n", "", "[terms]", "no validity"),
    ("reminder = \"P30D\"", "reminder = \"P24M\"", "reminder =", "before the consent is given"),
    ("rights = [\"A7-3\", \"A15\", \"A16\", \"A17\", \"A18\", \"A19\", \"A20\", \"A21\", \"A77\"]", "rights = []", "[terms]", "no rights"),
    ("\"A7-3\"", "\"7(3)\"", "rights =", "no article"),

    ("title = { it = \"SMS\", en = \"Text message\", de = \"SMS\" }", "title = { it = \"SMS\", en = \"Text message\" }", "it = \"SMS\"", "there are no words in `de`"),
    ("de = \"SMS\"", "de = \"\"", "it = \"SMS\"", "there are no words in `de`"),
    ("de = \"SMS\"", "de = \"SMS\", fr = \"SMS\"", "it = \"SMS\"", "the notice is not written in `fr`"),

    ("purposes = [\"marketing\", \"care\", \"research\"]", "purposes = [\"marketing\", \"care\"]", "[purposes.research]", "no control grants `research`"),
    ("[purposes.research]", "[purposes.sharing]", "[purposes.sharing]", "a purpose cannot be called `sharing`"),
    ("purposes = [\"marketing\", ", "purposes = [\"marketing\", \"credit\", ", "\"credit\"", "there is no purpose `credit`"),
    ("facets = [\"profiling\", ", "facets = [\"profiling\", \"marketing/fax\", ", "marketing/fax", "the notice offers no facet `marketing/fax`"),
    ("facets = [\"profiling\", ", "facets = [\"profiling\", \"sharing/processor\", ", "sharing/processor", "the notice offers no facet"),
    ("facets = [\"profiling\", ", "facets = [\"profiles\", ", "\"profiles\"", "`profiles` is not a facet"),
    ("facets = [\"profiling\", ", "facets = [\"separate/vehicle-usage\", \"profiling\", ", "[controls.promotional]", "(S41)"),
    ("facets = [\"separate/vehicle-usage\"]", "facets = []", "[controls.vehicle-usage]", "`vehicle-usage` grants nothing"),
    ("facets = [\"separate/vehicle-usage\"]", "facets = []", "vehicle-usage = { it", "no control grants the separate consent"),

    ("[audiences.profile]\n", "[audiences.profile]\nshoe-size = {}\n", "shoe-size", "there is no category `shoe-size`"),
    ("{ separate = \"vehicle-usage\" }", "{ separate = \"vehicle-use\" }", "\"vehicle-use\"", "there is no separate consent `vehicle-use`"),
    ("{ channel = \"email\" }", "{ channel = \"fax\" }", "\"fax\"", "there is no channel `fax`"),
    ("customer-history = {}", "customer-history = { since_delivery = \"P3Y\" }", "customer-history = {", "no delivery to count from"),
    ("delivery = true\n", "", "customer-history = { since", "no delivery to count from"),
    ("[audiences.relation.service]", "[audiences.relation.servicing]", "[audiences.relation.servicing]", "there is no relation `servicing`"),
    ("cooperation-partner = { separate = \"cooperation-partner\" }\n", "", "[categories.cooperation-partner]", "no audience may have `cooperation-partner`"),
    ("fields = [\"mileage\", \"range\", \"battery-state\"]", "fields = []", "[categories.vehicle-usage]", "has no fields"),
    ("kind = \"group-company\"\nrole = \"separate-controller\"", "kind = \"processor\"\nrole = \"processor\"", "[audiences.group-company]", "no standing recipient"),
    ("kind = \"group-company\"", "kind = \"dealer\"", "kind = \"dealer\"", "a dealer is no standing recipient"),
    ("role = \"separate-controller\"", "role = \"friend\"", "\"friend\"", "`friend` is not a role of recipient: separate-controller"),
    ("only_without = [\"preferred\", ", "only_without = [\"favourite\", ", "\"favourite\"", "there is no relation `favourite`"),
    ("only_without = [\"preferred\", ", "only_without = [\"local\", ", "only_without", "excludes itself"),

    ("exclusive = true\n", "exclusive = true\ncap = \"5 years\"\n", "5 years", "is no period"),
    ("[brands.", "[supersedes]\nversions = []\nfrom = \"2027-01-01\"\n\n[brands.", "from =", "`supersedes` names no version"),
    ("[brands.", "[supersedes]\nversions = [1]\nfrom = \"2027-01-01\"\n\n[brands.", "versions = [1]", "version 1 is not earlier than this one"),
    ("version = 1\n", "version = 2\nsupersedes = { versions = [1], from = \"soon\" }\n", "\"soon\"", "`soon` is no day"),

    ("subject = [\"subject\"]", "subjects = [\"subject\"]", "subjects =", "`subjects` is nobody who tells of data"),
    ("subject = [\"subject\"]", "site = [\"subject\"]", "site =", "`site` is nobody who tells of data"),
    ("subject = [\"subject\"]", "subject = [\"hearsay\"]", "hearsay", "there is no source `hearsay`"),
    ("subject = [\"subject\"]", "subject = []", "subject = []", "`subject` may name no source"),
    ("group-company = [\"group-company-update\"]\n", "", "group-company-update =", "nobody may name `group-company-update`"),
    ("kind = \"group-company\"\nrole = \"separate-controller\"", "kind = \"processor\"\nrole = \"processor\"", "group-company = [", "no standing recipient is a `group-company`"),

    ("needed = \"C\"", "needed = \"E\"", "needed = \"E\"", "`E` is no grade"),
    ("needed = \"C\"", "needed = \"C\"\nby_facet = { \"care/fax\" = \"A\" }", "by_facet =", "no facet `care/fax`"),
    ("sites = [\"https://www.bmw.it\"]", "sites = [\"https://www.bmw.it/\"]", "sites =", "is no site"),
    ("\"/v1/notices/", "\"v1/notices/", "\"v1/notices/", "is no link"),
];

#[test]
fn an_incomplete_document_is_refused_where_it_is_wrong() {
    for (good, bad, at, sentence) in REFUSED {
        let source = edited(good, bad);
        let findings = load("bad.toml", &source).expect_err(bad);
        let line = line_of(&source, at);
        assert!(
            findings
                .iter()
                .any(|finding| finding.line == line && finding.sentence.contains(sentence)),
            "{good:?} -> {bad:?}: expected {sentence:?} on line {line}, but found {findings:#?}"
        );
    }
}

#[test]
fn a_notice_without_words_is_refused() {
    let (_, good) = SHIPPED[0];
    let source = &good[..good.find("[texts.it]").unwrap()];
    let findings = load("bad.toml", source).unwrap_err();
    assert!(
        findings
            .iter()
            .any(|finding| finding.sentence.contains("`texts` needs at least one"))
    );

    let body = good.find("body = \"\"\"").unwrap();
    let source = format!(
        "{}body = \"\"\n{}",
        &good[..body],
        &good[good.find("\n[texts.en]").unwrap()..]
    );
    let findings = load("bad.toml", &source).unwrap_err();
    assert_eq!(findings[0].sentence, "the body in `it` is empty");
    assert_eq!(findings[0].line, line_of(&source, "[texts.it]"));
}

#[test]
fn a_notice_without_a_way_to_withdraw_is_refused() {
    let (_, good) = SHIPPED[0];
    let (start, end) = (
        good.find("[terms.withdrawal_method]").unwrap(),
        good.find("# ---- Under whose").unwrap(),
    );
    let source = format!("{}{}", &good[..start], &good[end..]);
    let findings = load("bad.toml", &source).unwrap_err();
    assert_eq!(
        findings[0].sentence,
        "the terms have no withdrawal method (T4, GDPR 7(3))"
    );
    assert_eq!(findings[0].line, line_of(&source, "[terms]"));
}

/// The good document with its first `good` turned into `bad`.
fn edited(good: &str, bad: &str) -> String {
    let (_, source) = SHIPPED[0];
    assert!(source.contains(good), "the document has no {good:?}");
    source.replacen(good, bad, 1)
}

fn line_of(source: &str, text: &str) -> usize {
    source[..source.find(text).unwrap()].matches('\n').count() + 1
}
