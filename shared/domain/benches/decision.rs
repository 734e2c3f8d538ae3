//! One decision, as often as it is told to: reading the question, deciding it from the newest state, or
//! from the hundred acts that led there, which are put in order and folded each time.
//!
//! `decision WHAT WHOSE TIMES` does it and prints nothing. Whoever counts instructions runs it twice, and the
//! difference is what the additional times cost; `.ci/decision-cost` does.
#![expect(clippy::unwrap_used, reason = "a benchmark may stop where it stands")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hint::black_box;
use std::str::FromStr;

use consent_decide::asked::Asked;
use domain::act::{Act, Evidence, Grade, Relation, Via};
use domain::codes::Category;
use domain::decide::{Decision, Party, decide};
use domain::grant::Given;
use domain::policy::Policies;
use domain::profile::{Edit, Teller};
use domain::recipient::{Access, Recipient, RecipientKind, Role};
use domain::record::{Record, When};
use domain::withdraw::Selection;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const ACTS: usize = 100;
const RELATIONS: usize = 5;

/// Who asks, and for what: the questions that take the shortest and the longest way through the rules.
const QUESTIONS: [(&str, &str); 3] = [
    (
        "controller",
        r#"{"questions":[{"subject":"customer-4711","who":"controller","purpose":"marketing","channel":"email"}]}"#,
    ),
    (
        "dealer",
        r#"{"questions":[{"subject":"customer-4711","who":"dealer-1","purpose":"marketing","channel":"phone","category":"contact"}]}"#,
    ),
    (
        "delivery",
        r#"{"questions":[{"subject":"customer-4711","who":"dealer-1","purpose":"marketing","channel":"phone","category":"customer-history"}]}"#,
    ),
];

fn main() {
    // Cargo adds an argument of its own.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [what, whose, times] = &args[..] else {
        eprintln!("decision read|newest|fold controller|dealer|delivery TIMES");
        std::process::exit(2);
    };
    let (who, json) = QUESTIONS.into_iter().find(|(name, _)| name == whose).unwrap();
    let times: usize = times.parse().unwrap();

    let policies = policies::all();
    let dealer = recipient("dealer-1", RecipientKind::Dealer);
    let party = if who == "controller" {
        Party::Controller
    } else {
        Party::Recipient(&dealer)
    };
    let record = record(policies);
    let newest = Record::newest(
        record.subject.clone(),
        record.version,
        record.learnt_at(),
        record.state().clone(),
    );
    let now = record.learnt_at();
    let past = When::At {
        at: now,
        known_at: now,
    };
    let asked: Asked = json.parse().unwrap();
    let question = asked.questions[0].question();
    let decided = |record: &Record, when| -> Decision {
        let view = record.view(policies, when).unwrap();
        decide(&view, party, &question)
    };
    assert_eq!(record.acts().unwrap().len(), ACTS);
    assert_eq!(record.state().relations.len(), RELATIONS);
    assert!(decided(&record, past).allowed && decided(&newest, When::Now(now)).allowed);

    for _ in 0..times {
        match what.as_str() {
            "read" => drop(black_box(black_box(json).parse::<Asked>().unwrap())),
            "newest" => drop(black_box(decided(black_box(&newest), When::Now(now)))),
            "fold" => drop(black_box(decided(black_box(&record), past))),
            other => panic!("{other} is nothing to count"),
        }
    }
}

/// A hundred acts of every kind over some years, some of them learnt of late.
fn record(policies: &Policies) -> Record {
    let mut life = Life {
        policies,
        now: "2024-03-02T12:00:00Z".parse().unwrap(),
        record: Record::empty("sub_0123456789abcdefghijkl".parse().unwrap()),
    };
    for round in 0..ACTS / 20 {
        life.round(round);
    }
    life.record
}

struct Life<'a> {
    policies: &'a Policies,
    now: Timestamp,
    record: Record,
}

impl Life<'_> {
    /// Twenty acts, ten days apart.
    fn round(&mut self, round: usize) {
        let (vehicle, preferred) = (
            ["vehicle-1", "vehicle-2"][round.min(1)],
            ["dealer-2", "dealer-3"][round % 2],
        );
        self.grant(&["promotional"], &["email", "phone", "sms", "post"], &[]);
        self.update("contact", false);
        self.relate(["dealer-1", "purchase", vehicle], None, Some(40));
        self.relate([preferred, "preferred", "account"], None, None);
        self.update("customer-history", false);
        self.grant(&["vehicle-usage"], &[], &[]);
        self.withdraw(&["phone"], &[]);
        self.update("campaigns", false);
        // Told of when it had been so for three weeks, and so an act out of order.
        self.relate(["dealer-4", "service", "vehicle-1"], Some(21), None);
        self.grant(&[], &[], &["marketing/phone", "care/phone"]);
        self.check_register("phone");
        self.update("preferences", false);
        self.withdraw(&[], &["research"]);
        self.update("preferences", true);
        self.part(["dealer-4", "service", "vehicle-1"]);
        self.grant(&["promotional"], &["email", "phone", "messaging"], &[]);
        self.relate(["dealer-4", "service", "vehicle-1"], None, None);
        self.update("programme-participation", false);
        self.withdraw(&["sms"], &[]);
        self.relate(["dealer-1", "consultation", "visit"], Some(35), None);
    }

    fn grant(&mut self, controls: &[&str], channels: &[&str], facets: &[&str]) {
        let given = Given {
            notice: code("bmw-italia-promotional"),
            version: 1,
            language: code("it"),
            brand: code("bmw"),
            via: Via::Form,
            grade: Grade::B,
            controls: codes(controls),
            channels: codes(channels),
            facets: codes(facets),
            happened_at: None,
            to_be_confirmed: false,
        };
        let act = self.record.grant(self.policies, &given, self.now).unwrap();
        self.add(Some(act));
    }

    fn withdraw(&mut self, channels: &[&str], purposes: &[&str]) {
        let selection = Selection::Named {
            purposes: codes(purposes),
            channels: codes(channels),
            facets: Vec::new(),
        };
        let act = self
            .record
            .withdraw(self.policies, &selection, None, evidence(), self.now);
        self.add(act.unwrap());
    }

    fn relate(&mut self, relation: [&str; 3], days_since: Option<i64>, days_delivered: Option<i64>) {
        let ago = |days: i64| {
            (self.now - SignedDuration::from_hours(24 * days))
                .to_zoned(TimeZone::UTC)
                .date()
        };
        let days = (days_since.map(ago), days_delivered.map(ago));
        let [dealer, ..] = relation;
        let dealer = recipient(dealer, RecipientKind::Dealer);
        let relation = self::relation(relation);
        let act = self.record.relate(
            self.policies,
            Some(&dealer),
            &relation,
            days,
            evidence(),
            self.now,
        );
        self.add(act.unwrap());
    }

    fn part(&mut self, relation: [&str; 3]) {
        let act = self.record.part(&self::relation(relation), evidence(), self.now);
        self.add(act.unwrap());
    }

    fn update(&mut self, category: &str, clear: bool) {
        let category: Category = code(category);
        let fields = || {
            self.policies.iter().next().unwrap().categories[&category]
                .fields
                .clone()
        };
        let edit = if clear { Edit::Clear } else { Edit::Write(fields()) };
        let edits = BTreeMap::from([(category.clone(), edit)]);
        let source = code("subject");
        let act = self.record.update_profile(
            self.policies,
            &edits,
            (&source, Teller::Service),
            evidence(),
            self.now,
        );
        self.add(act.unwrap());
    }

    fn check_register(&mut self, channel: &str) {
        let told = (None, evidence());
        let act = self
            .record
            .check_register(self.policies, &code(channel), false, told, self.now);
        self.add(Some(act.unwrap()));
    }

    fn add(&mut self, act: Option<Act>) {
        self.record = self.record.clone().after(self.policies, &act.unwrap());
        self.now += SignedDuration::from_hours(10 * 24);
    }
}

fn relation([recipient, kind, id]: [&str; 3]) -> Relation {
    Relation {
        recipient: code(recipient),
        kind: code(kind),
        id: code(id),
    }
}

fn evidence() -> Evidence {
    Evidence::of(Via::Staff, Grade::C)
}

fn code<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn codes<T: FromStr<Err: Debug>>(texts: &[&str]) -> Vec<T> {
    texts.iter().map(|text| code(text)).collect()
}

fn recipient(id: &str, kind: RecipientKind) -> Recipient {
    let access = Access {
        since: Timestamp::MIN,
        authorised: true,
        sharing: true,
    };
    Recipient {
        id: id.parse().unwrap(),
        kind,
        role: Role::SeparateController,
        history: vec![access],
    }
}
