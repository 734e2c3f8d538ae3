//! The entitlement matrix, asked of the domain: what is decided for somebody in each situation that a cell
//! of the golden table speaks of.

use std::collections::BTreeSet;

use domain::act::{Evidence, Grade, Relation, Via};
use domain::codes::{Category, Channel, Separate};
use domain::decide::{Party, Question, decide};
use domain::facet::Facet;
use domain::grant::Given;
use domain::policy::{Policies, Policy};
use domain::recipient::{Access, Recipient, RecipientKind, Role};
use domain::record::Record;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};

const TABLE: &str = include_str!("../entitlement-matrix.csv");
const TODAY: Date = date(2026, 3, 2);
const RELATIONS: [&str; 5] = ["preferred", "purchase", "service", "consultation", "local"];

/// Every cell in which the policies decide otherwise than the golden table says, one after the other.
///
/// # Panics
///
/// If the table or a policy cannot be asked at all: a category, column or relation has no counterpart.
pub fn mismatches(policies: &Policies) -> impl Iterator<Item = String> {
    let cases = policies.iter().flat_map(|policy| {
        let situations = situations(policy);
        situations.into_iter().flat_map(move |situation| {
            let columns = columns(policy).into_iter();
            columns.map(move |(column, party)| (policy, situation.clone(), column, party))
        })
    });
    cases.flat_map(|(policy, situation, column, party)| {
        let record = situation.record(policies, policy, &party);
        let view = record.now(policies, noon());
        let mut wrong = Vec::new();
        for (category, cell) in cells(column) {
            for purpose in policy.purposes.keys() {
                let question = Question {
                    purpose: purpose.clone(),
                    channel: None,
                    category: Some(category.clone()),
                };
                let allowed = decide(&view, party.party(), &question).allowed;
                if allowed != situation.expects(cell, &category) {
                    wrong.push(format!(
                        "{} {}: {category} for {column} is {cell}, but {} is allowed={allowed} for {purpose}",
                        policy.notice, policy.version, situation
                    ));
                }
            }
        }
        wrong
    })
}

/// The categories of the table that a policy does not number as the table does, and the other way round.
///
/// # Panics
///
/// If a category of the table is not one that a policy can have.
pub fn misnumbered(policy: &Policy) -> BTreeSet<String> {
    let golden = rows().map(|row| format!("{} {}", row[0].replace('_', "-"), row[1]));
    let golden: BTreeSet<String> = golden.collect();
    let numbered = policy
        .categories
        .iter()
        .map(|(category, terms)| format!("{category} {}", terms.number));
    let numbered: BTreeSet<String> = numbered.collect();
    golden.symmetric_difference(&numbered).cloned().collect()
}

/// What somebody agreed to, beside profile and sharing.
#[derive(Debug, Clone)]
struct Situation {
    channels: Vec<Channel>,
    separate: Vec<Separate>,
}

/// Enough to tell every condition of a cell from every other: the e-mail channel alone and all but it, each
/// with every separate consent and with none; each separate consent alone.
fn situations(policy: &Policy) -> Vec<Situation> {
    let all: Vec<Channel> = policy.channels.keys().cloned().collect();
    let (email, others): (Vec<_>, Vec<_>) = all
        .iter()
        .cloned()
        .partition(|channel| channel.as_str() == "email");
    let separate: Vec<Separate> = policy.separate.keys().cloned().collect();

    let by_channel = [email, others].into_iter().flat_map(|channels| {
        [Vec::new(), separate.clone()].map(|separate| Situation {
            channels: channels.clone(),
            separate,
        })
    });
    let alone = separate.iter().map(|name| Situation {
        channels: all.clone(),
        separate: vec![name.clone()],
    });
    by_channel.chain(alone).collect()
}

impl Situation {
    fn expects(&self, cell: &str, category: &Category) -> bool {
        match cell {
            "allow" => true,
            "deny" => false,
            "separate_consent" => self
                .separate
                .iter()
                .any(|name| name.as_str() == category.as_str()),
            "email_channel" => self.channels.iter().any(|channel| channel.as_str() == "email"),
            other => panic!("the table has a new word, {other}"),
        }
    }

    fn record(&self, policies: &Policies, policy: &Policy, asking: &Asking) -> Record {
        let contact = policy.purposes.keys().flat_map(|purpose| {
            let over = |channel: &Channel| Facet::Contact(purpose.clone(), channel.clone());
            self.channels.iter().map(over)
        });
        let sharing = [RecipientKind::GroupCompany, RecipientKind::Dealer].map(Facet::Sharing);
        let separate = self.separate.iter().cloned().map(Facet::Separate);
        let given = Given {
            notice: policy.notice.clone(),
            version: policy.version,
            language: policy.texts.keys().next().expect("a language").clone(),
            brand: policy.brands.keys().next().expect("a brand").clone(),
            via: Via::Form,
            grade: Grade::A,
            controls: Vec::new(),
            channels: Vec::new(),
            facets: contact
                .chain(sharing)
                .chain(separate)
                .chain([Facet::Profiling])
                .collect(),
            happened_at: None,
            to_be_confirmed: false,
        };
        let somebody = "sub_0123456789abcdefghijkl".parse().expect("a subject");
        let record = Record::empty(somebody);
        let act = record.grant(policies, &given, noon()).expect("a grant");
        let record = record.after(policies, &act);
        asking.related(policies, record)
    }
}

impl std::fmt::Display for Situation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} with {:?}", self.channels, self.separate)
    }
}

/// Who asks, and what ties the person to it.
#[derive(Debug, Clone)]
struct Asking {
    recipient: Option<Recipient>,
    relation: Option<(&'static str, Option<Date>)>,
}

/// Every party that stands in a column of the table: at the edge of the period, where there is one.
fn columns(policy: &Policy) -> Vec<(&'static str, Asking)> {
    let standing = |kind: RecipientKind, column: &'static str| {
        let of_it = policy
            .standing
            .iter()
            .filter(move |(_, standing)| standing.kind == kind);
        of_it.map(move |(id, _)| {
            let asking = Asking {
                recipient: Some(recipient(id.as_str(), kind)),
                relation: None,
            };
            (column, asking)
        })
    };
    let dealer = |column: &'static str, kind: &'static str, delivered_on: Option<Date>| {
        let asking = Asking {
            recipient: Some(recipient("dealer", RecipientKind::Dealer)),
            relation: Some((kind, delivered_on)),
        };
        (column, asking)
    };
    let controller = Asking {
        recipient: None,
        relation: None,
    };
    let anniversary = TODAY - 3.years();
    let mut columns = vec![
        ("controller_profile", controller),
        dealer("preferred_partner", RELATIONS[0], None),
        dealer("sales_partner_within_3_years", RELATIONS[1], Some(TODAY)),
        dealer("sales_partner_within_3_years", RELATIONS[1], Some(anniversary)),
        dealer(
            "sales_partner_after_3_years",
            RELATIONS[1],
            Some(anniversary - 1.day()),
        ),
        // T9: ordered and not delivered.
        dealer("sales_partner_after_3_years", RELATIONS[1], None),
        dealer("service_partner", RELATIONS[2], None),
        dealer("consultation_partner", RELATIONS[3], None),
        dealer("local_partner", RELATIONS[4], None),
    ];
    columns.extend(standing(RecipientKind::GroupCompany, "group_company"));
    columns.extend(standing(RecipientKind::Processor, "processor"));
    columns
}

impl Asking {
    fn party(&self) -> Party<'_> {
        self.recipient
            .as_ref()
            .map_or(Party::Controller, Party::Recipient)
    }

    fn related(&self, policies: &Policies, record: Record) -> Record {
        let Some(((kind, delivered_on), dealer)) = self.relation.zip(self.recipient.as_ref()) else {
            return record;
        };
        let relation = Relation {
            recipient: dealer.id.clone(),
            kind: kind.parse().expect("a kind of relation"),
            id: "vehicle".parse().expect("an id"),
        };
        let evidence = Evidence::of_the_system();
        let act = record
            .relate(
                policies,
                Some(dealer),
                &relation,
                (None, delivered_on),
                evidence,
                noon(),
            )
            .expect("a relation that is allowed")
            .expect("a relation that is new");
        record.after(policies, &act)
    }
}

fn recipient(id: &str, kind: RecipientKind) -> Recipient {
    let access = Access {
        since: noon() - SignedDuration::from_hours(24),
        authorised: true,
        sharing: true,
    };
    Recipient {
        id: id.parse().expect("a recipient's id"),
        kind,
        role: Role::SeparateController,
        history: vec![access],
    }
}

fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().expect("an instant")
}

fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    TABLE.lines().skip(1).map(|line| line.split(',').collect())
}

/// A column of the table, by category.
fn cells(column: &str) -> Vec<(Category, &'static str)> {
    let mut header = TABLE.lines().next().unwrap_or_default().split(',');
    let place = header.position(|name| name == column).expect("a column");
    let category = |name: &str| name.replace('_', "-").parse().expect("a category");
    rows().map(|row| (category(row[0]), row[place])).collect()
}
