//! What is incomplete is refused where it is wrong, and what is read is written and read again as it was.

use jiff::tz::TimeZone;

use crate::{Finding, compact, gather, load};

const NAME: &str = "bmw-italia-promotional.1.toml";
const GOOD: &str = include_str!("../../policies/notices/bmw-italia-promotional.1.toml");
const UNBUNDLED: &str = include_str!("../../policies/notices/bmw-italia-promotional-unbundled.1.toml");

#[test]
fn a_rule_that_changes_changes_the_hash_of_every_language() {
    let good = load(NAME, GOOD).unwrap();
    let stricter = edited("validity = \"P24M\"", "validity = \"P12M\"");
    let stricter = load("stricter.toml", &stricter).unwrap();
    for (language, text) in &good.texts {
        assert_ne!(
            stricter.texts[language].hash, text.hash,
            "a rule changed and the hash did not"
        );
    }
}

#[test]
fn what_is_read_from_its_compact_form_is_what_was_written() {
    let richer = UNBUNDLED
        .replace(
            "version = 1\n",
            "version = 2\nsupersedes = { versions = [1], from = \"2027-01-31\" }\n",
        )
        .replace("exclusive = true\n", "exclusive = true\ncap = \"P5Y6M2W3D\"\n")
        .replace(
            "class = \"traditional\"",
            "class = \"traditional\"\nregister_check_days = 30",
        )
        .replace(
            "needed = \"C\"",
            "needed = \"C\"\nby_facet = { \"care/phone\" = \"A\" }",
        );
    let documents = [("richer.toml", richer.as_str()), (NAME, GOOD)];
    let policies = gather(documents).unwrap_or_else(|findings| panic!("{findings:#?}"));

    let zone = |name: &str| TimeZone::get(name).ok();
    for policy in policies.iter() {
        let text = compact::write(policy);
        let again = compact::read(&text, zone).unwrap();
        assert_eq!(format!("{again:#?}"), format!("{policy:#?}"));
        let head = compact::Head {
            notice: policy.notice.clone(),
            version: policy.version,
            supersedes: policy.version == 2,
        };
        assert_eq!(compact::head(&text), Some(head));

        assert!(compact::read(&text[..text.len() - 1], zone).is_none());
        assert!(compact::read(&format!("{text}more"), zone).is_none());
        assert!(compact::read(&text, |_| None).is_none());
    }
}

#[test]
fn two_documents_for_one_version_are_refused() {
    let findings = gather([(NAME, GOOD), ("again.toml", GOOD)]).unwrap_err();
    let told: Vec<String> = findings.iter().map(Finding::to_string).collect();
    let line = line_of(GOOD, "version = 1");
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
    let source = &GOOD[..GOOD.find("[texts.it]").unwrap()];
    let findings = load("bad.toml", source).unwrap_err();
    assert!(
        findings
            .iter()
            .any(|finding| finding.sentence.contains("`texts` needs at least one"))
    );

    let body = GOOD.find("body = \"\"\"").unwrap();
    let source = format!(
        "{}body = \"\"\n{}",
        &GOOD[..body],
        &GOOD[GOOD.find("\n[texts.en]").unwrap()..]
    );
    let findings = load("bad.toml", &source).unwrap_err();
    assert_eq!(findings[0].sentence, "the body in `it` is empty");
    assert_eq!(findings[0].line, line_of(&source, "[texts.it]"));
}

#[test]
fn a_notice_without_a_way_to_withdraw_is_refused() {
    let (start, end) = (
        GOOD.find("[terms.withdrawal_method]").unwrap(),
        GOOD.find("# ---- Under whose").unwrap(),
    );
    let source = format!("{}{}", &GOOD[..start], &GOOD[end..]);
    let findings = load("bad.toml", &source).unwrap_err();
    assert_eq!(
        findings[0].sentence,
        "the terms have no withdrawal method (T4, GDPR 7(3))"
    );
    assert_eq!(findings[0].line, line_of(&source, "[terms]"));
}

/// The good document with its first `good` turned into `bad`.
fn edited(good: &str, bad: &str) -> String {
    assert!(GOOD.contains(good), "the document has no {good:?}");
    GOOD.replacen(good, bad, 1)
}

fn line_of(source: &str, text: &str) -> usize {
    source[..source.find(text).unwrap()].matches('\n').count() + 1
}
