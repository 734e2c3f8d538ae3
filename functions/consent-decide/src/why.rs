//! `GET /v1/subjects/{subject}/why`: why somebody got a message (S54).

use std::collections::BTreeSet;

use domain::act::Act;
use domain::codes::{Category, Channel, Language, Purpose, RecipientId};
use domain::decide::{Party, Question, decide, for_any_purpose};
use domain::policy::Origin;
use domain::record::{View, When};
use jiff::Timestamp;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::language;
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::told::{ActTold, DecisionTold};
use serde::Serialize;

use words::{Named, NoticeTold, Words};

mod words;

#[derive(Serialize)]
struct Told<'a> {
    purpose: Named<'a>,
    channel: Named<'a>,
    decision: DecisionTold,
    /// The categories that may have been used to choose and address the message.
    categories: Vec<Named<'a>>,
    /// The acts that it rests on, as evidence.
    acts: Vec<ActTold>,
    /// The notice that was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<NoticeTold<'a>>,
}

/// Who contacted for what, over which channel: the consent, its evidence and the words that were shown.
pub(crate) async fn answer(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    http::only_query(&request, &["purpose", "channel", "who", "at", "language"])?;
    let purpose: Purpose = required(&request, "purpose")?;
    let channel: Channel = required(&request, "channel")?;
    let who: Option<RecipientId> = http::query(&request, "who")?;
    let at = http::query_instant(&request, "at")?;
    crate::not_ahead(at, now, || "query at".to_owned())?;
    let _: Option<Language> = http::query(&request, "language")?;

    let registered = match &who {
        Some(id) => Some(store.recipient(id).await?),
        None => None,
    };
    let record = store.whole_chain(&subject).await?.record;
    let when = at.map_or(When::Now(now), |at| When::At {
        at,
        known_at: Timestamp::MAX,
    });
    let view = record
        .view(store.policies, when)
        .unwrap_or_else(|| record.now(store.policies, now));
    let party = match &registered {
        None => Party::Controller,
        Some(Some(registration)) => Party::Recipient(&registration.recipient),
        Some(None) => Party::Unknown,
    };
    let question = Question {
        purpose: purpose.clone(),
        channel: Some(channel.clone()),
        category: None,
    };
    let decision = decide(&view, party, &question);

    // Whoever confirmed it by then gave the better proof.
    let acts = record.acts().unwrap_or_default();
    let relied_on = decision.acts();
    let confirms = |act: &Act| {
        act.happened_at <= view.at && act.confirms().is_some_and(|grant| relied_on.contains(&grant))
    };
    let relied_on = acts
        .iter()
        .filter(|act| relied_on.contains(&act.version) || confirms(act));
    let shown = relied_on.clone().find_map(Act::shown);
    let seen_last = acts.iter().rev().find_map(Act::shown);
    let words = Words::of(store.policies, shown.or(seen_last), &request);
    let categories = match decision.allowed {
        true => used(&view, party),
        false => BTreeSet::new(),
    };
    let told = Told {
        purpose: words.purpose(&purpose),
        channel: words.channel(&channel),
        decision: DecisionTold::to_people(&decision, words.language),
        categories: categories
            .into_iter()
            .map(|category| words.category(category))
            .collect(),
        acts: relied_on.map(|act| ActTold::of(store.policies, act)).collect(),
        notice: shown.and_then(|shown| words.notice(shown)),
    };
    language::spoken_in(http::json(Status::OK, &told), words.language)
}

fn required<T: std::str::FromStr<Err = domain::codes::NotACode>>(
    request: &Request,
    name: &str,
) -> Result<T, Problem> {
    let missing = || Problem::bad("malformed", format!("query {name}"), "it is missing");
    http::query(request, name)?.ok_or_else(missing)
}

/// The categories with content that this party may use. What is tracked is named without a look at its content: none
/// is read here, and some that was used then may be deleted by now.
fn used<'a>(view: &'a View<'_>, party: Party<'_>) -> BTreeSet<&'a Category> {
    let categories = view.policies.iter().flat_map(|policy| &policy.categories);
    let tracked = categories.filter(|(_, category)| category.origin == Origin::Tracking);
    let tracked = tracked.map(|(category, _)| category);
    let may_use = |category: &&Category| for_any_purpose(view, party, category).allowed;
    let content = view.content().map(|(category, _)| category);
    content.chain(tracked).filter(may_use).collect()
}
