//! What the properties expect, said in other words than the domain's.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an oracle names the few acts that count, and is wrong by a test about a new one"
)]

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::act::{Act, Grade, What};
use domain::codes::{Category, Separate};
use domain::decide::{Party, Question, decide};
use domain::facet::{Facet, Facets};
use domain::recipient::{Recipient, RecipientKind};
use domain::record::View;
use domain::state::State;
use jiff::{Timestamp, ToSpan};

use crate::asked::Asked;
use crate::cast::CAST;
use crate::history::History;

/// The golden table: its rows, each with its cells by column.
const TABLE: &str = include_str!("../entitlement-matrix.csv");

/// What each dealer has for a while after a delivery.
pub(crate) static ABOUT_DELIVERIES: LazyLock<Vec<Asked>> = LazyLock::new(|| {
    let asked = CAST.dealers.iter().map(|dealer| Asked {
        who: Some(dealer),
        question: Question {
            purpose: CAST.purposes[0].clone(),
            channel: None,
            category: Some("customer-history".parse().unwrap()),
        },
    });
    asked.collect()
});

/// Whether a facet can only be off after these acts: something took it away, and nobody agreed to it later.
pub(crate) fn is_off(facet: &Facet, acts: &[&Act]) -> bool {
    let separate = matches!(facet, Facet::Separate(_));
    let (mut withdrawn, mut objected) = (None, None);
    for act in acts {
        let at = Some(act.happened_at);
        match &act.what {
            What::Withdrawn { facets } if facets.contains(facet) => withdrawn = withdrawn.max(at),
            What::Erased => withdrawn = withdrawn.max(at),
            What::Objected if !separate => objected = objected.max(at),
            _ => {}
        }
    }
    let agreed = |after: Timestamp, with: Grade, to: &dyn Fn(&Facet) -> bool| {
        acts.iter().any(|act| match &act.what {
            What::Granted { facets, .. } => {
                act.happened_at > after && facets.iter().any(to) && proof(act, acts) >= with
            }
            _ => false,
        })
    };
    let again = |after: Timestamp| agreed(after, Grade::C, &|other| other == facet);
    // Good proof of agreeing to anything but a separate consent lifts an objection.
    let lifted = |after: Timestamp| agreed(after, Grade::B, &|other| !matches!(other, Facet::Separate(_)));
    withdrawn.is_some_and(|after| !again(after))
        || objected.is_some_and(|after| !again(after) || !lifted(after))
        || !again(Timestamp::MIN)
}

/// How good the proof of a grant is once it was confirmed.
fn proof(grant: &Act, acts: &[&Act]) -> Grade {
    let confirmed = acts
        .iter()
        .any(|act| matches!(act.what, What::Confirmed { grant: its } if its == grant.version));
    if confirmed { Grade::A } else { grant.evidence.grade }
}

/// What an allowance needs: of each set, one facet that is on.
pub(crate) fn needed(asked: &Asked) -> Vec<Facets> {
    let question = &asked.question;
    let contact = CAST.facets.iter().filter(|facet| match facet {
        Facet::Contact(purpose, channel) => {
            *purpose == question.purpose && question.channel.as_ref().is_none_or(|asked| asked == channel)
        }
        _ => false,
    });
    let mut needed: Vec<Facets> = vec![contact.cloned().collect()];
    match asked.who.map(|recipient| recipient.kind) {
        None if question.category.is_some() => needed.push(Facets::from([Facet::Profiling])),
        None | Some(RecipientKind::Processor) => {}
        Some(kind) => needed.push(Facets::from([Facet::Sharing(kind)])),
    }
    if let Some(name) = separate_for(asked) {
        needed.push(Facets::from([Facet::Separate(name.clone())]));
    }
    needed
}

/// The separate consent that the category of a question needs, whoever asks.
pub(crate) fn separate_for(asked: &Asked) -> Option<&'static Separate> {
    let category = asked.question.category.as_ref()?;
    separate_of(category)
}

fn separate_of(category: &Category) -> Option<&'static Separate> {
    let needs_it = row(category).iter().any(|(_, cell)| *cell == "separate_consent");
    CAST.separate
        .iter()
        .find(|name| needs_it && name.as_str() == category.as_str())
}

pub(crate) fn separate(facet: &Facet) -> Option<&Separate> {
    if let Facet::Separate(name) = facet {
        Some(name)
    } else {
        None
    }
}

/// The facets that an act names, itself or by the grant that it is about.
pub(crate) fn named(act: &Act, acts: &[Act]) -> Facets {
    match &act.what {
        What::Granted { facets, .. } | What::Withdrawn { facets } | What::Lapsed { facets } => facets.clone(),
        What::Confirmed { grant } | What::ConfirmationLapsed { grant } => {
            let grant = acts.iter().find(|act| act.version == *grant);
            grant.map(|grant| named(grant, &[])).unwrap_or_default()
        }
        What::Erased => CAST.facets.iter().cloned().collect(),
        _ => Facets::new(),
    }
}

/// Whether an act gives or takes consent by naming facets.
pub(crate) fn is_consent(act: &Act) -> bool {
    matches!(
        act.what,
        What::Granted { .. } | What::Withdrawn { .. } | What::Confirmed { .. } | What::Lapsed { .. }
    )
}

/// The record as if a dealer had but one of its relations, once for each; the others are another dealer's.
pub(crate) fn by_each_relation<'a>(history: &'a History, dealer: &Recipient) -> Vec<View<'a>> {
    let now = history.now();
    let its = now
        .state
        .relations
        .keys()
        .filter(|relation| relation.recipient == dealer.id);
    its.map(|kept| {
        let mut state: State = now.state.clone().into_owned();
        state.relations = state
            .relations
            .into_iter()
            .map(|(mut relation, tie)| {
                if relation.recipient == dealer.id && relation != *kept {
                    relation.recipient = "elsewhere".parse().unwrap();
                }
                (relation, tie)
            })
            .collect();
        View {
            state: Cow::Owned(state),
            ..now.clone()
        }
    })
    .collect()
}

pub(crate) fn for_some_purpose(view: &View<'_>, recipient: &Recipient, category: &Category) -> bool {
    CAST.purposes.iter().any(|purpose| {
        let question = Question {
            purpose: purpose.clone(),
            channel: None,
            category: Some(category.clone()),
        };
        decide(view, Party::Recipient(recipient), &question).allowed
    })
}

/// Whether the golden table lets a recipient have a category as anything that it is.
pub(crate) fn the_table_lets(view: &View<'_>, recipient: &Recipient, category: &Category) -> bool {
    let row = row(category);
    let active = |facet: &Facet| view.state.is_active(facet, view.at);
    columns(view, recipient).into_iter().any(|column| {
        match row.iter().find(|(name, _)| *name == column).unwrap().1 {
            "allow" => true,
            "deny" => false,
            "separate_consent" => active(&Facet::Separate(separate_of(category).unwrap().clone())),
            "email_channel" => CAST
                .purposes
                .iter()
                .any(|purpose| active(&Facet::Contact(purpose.clone(), "email".parse().unwrap()))),
            other => panic!("the table has a new word, {other}"),
        }
    })
}

/// The columns of the table that a recipient stands in.
fn columns(view: &View<'_>, recipient: &Recipient) -> BTreeSet<&'static str> {
    let relations = &view.state.relations;
    match recipient.kind {
        RecipientKind::GroupCompany => ["group_company"].into(),
        RecipientKind::Processor => ["processor"].into(),
        RecipientKind::Dealer => {
            let today = CAST.notices[0].day(view.at);
            let its = relations
                .iter()
                .filter(|(relation, _)| relation.recipient == recipient.id);
            its.filter_map(|(relation, tie)| match relation.kind.as_str() {
                "preferred" => Some("preferred_partner"),
                "service" => Some("service_partner"),
                "consultation" => Some("consultation_partner"),
                "purchase" if tie.delivered_on.is_some_and(|day| today <= day + 3.years()) => {
                    Some("sales_partner_within_3_years")
                }
                "purchase" => Some("sales_partner_after_3_years"),
                "local" => relations
                    .keys()
                    .all(|other| other.kind.as_str() == "local")
                    .then_some("local_partner"),
                other => panic!("the notices have a new relation, {other}"),
            })
            .collect()
        }
    }
}

fn row(category: &Category) -> Vec<(&'static str, &'static str)> {
    let mut lines = TABLE.lines();
    let header = lines.next().unwrap().split(',');
    let line = lines.find(|line| {
        let name = line.split(',').next().unwrap();
        name.replace('_', "-") == category.as_str()
    });
    header.zip(line.unwrap().split(',')).collect()
}
