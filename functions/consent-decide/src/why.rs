//! `GET /v1/subjects/{subject}/why`: why somebody got a message (S54).

use std::collections::BTreeSet;

use domain::act::{Act, Version};
use domain::codes::{Category, Channel, Language, Purpose, RecipientId};
use domain::decide::{Party, Question, decide, for_any_purpose};
use domain::policy::{Policies, Policy, Words};
use domain::record::{Record, View, When};
use jiff::Timestamp;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::language;
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::told::{ActTold, DecisionTold};
use serde::Serialize;

#[derive(Serialize)]
struct Told<'a> {
    purpose: Named<'a>,
    channel: Named<'a>,
    decision: DecisionTold,
    /// The categories that may have been used to choose and address the message.
    categories: Vec<Named<'a>>,
    /// The acts that it rests on, as evidence.
    acts: Vec<ActTold>,
    /// The notice that was shown, in the language asked for, or the browser's, or that it was shown in.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<NoticeTold<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    code: String,
    title: &'a str,
}

#[derive(Serialize)]
struct NoticeTold<'a> {
    id: &'a str,
    version: u32,
    language: &'a str,
    title: &'a str,
    body: &'a str,
    hash: &'a str,
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

    let relied_on = decision.acts();
    let acts = record
        .acts()
        .unwrap_or_default()
        .iter()
        .filter(|act| relied_on.contains(&act.version));
    let notice = notice(store.policies, &record, &relied_on, &request);
    let language = match &notice {
        Some(notice) => notice.language,
        None => without_notice(store.policies, &request),
    };
    let categories = if decision.allowed {
        used(&view, party)
    } else {
        Vec::new()
    };
    let policies = store.policies;
    let titled = |category: &Category| {
        named(
            policies,
            category.as_str(),
            |policy| Some(&policy.categories.get(category)?.title),
            language,
        )
    };
    let told = Told {
        purpose: named(
            policies,
            purpose.as_str(),
            |policy| Some(&policy.purposes.get(&purpose)?.title),
            language,
        ),
        channel: named(
            policies,
            channel.as_str(),
            |policy| Some(&policy.channels.get(&channel)?.title),
            language,
        ),
        decision: (&decision).into(),
        categories: categories.into_iter().map(titled).collect(),
        acts: acts.map(|act| ActTold::of(store.policies, act)).collect(),
        notice,
    };
    language::spoken_in(http::json(Status::OK, &told), language)
}

fn required<T: std::str::FromStr<Err = domain::codes::NotACode>>(
    request: &Request,
    name: &str,
) -> Result<T, Problem> {
    let missing = || Problem::bad("malformed", format!("query {name}"), "it is missing");
    http::query(request, name)?.ok_or_else(missing)
}

/// The categories with content that this party may use.
fn used<'a>(view: &'a View<'_>, party: Party<'_>) -> Vec<&'a Category> {
    let may_use = |category: &&Category| for_any_purpose(view, party, category).allowed;
    view.state.profile.keys().filter(may_use).collect()
}

/// The words of the first notice that the answer rests on.
fn notice<'a>(
    policies: &'a Policies,
    record: &Record,
    acts: &BTreeSet<Version>,
    request: &Request,
) -> Option<NoticeTold<'a>> {
    let granted = record.acts()?.iter().filter(|act| acts.contains(&act.version));
    let shown = granted.filter_map(Act::shown).next()?;
    let policy = policies.find(&shown.notice, shown.version)?;
    let spoken = language::choose(request, &policy.languages(), shown.language.as_str());
    let (language, text) = policy.texts.get_key_value(spoken.language)?;
    Some(NoticeTold {
        id: policy.notice.as_str(),
        version: policy.version,
        language: language.as_str(),
        title: &text.title,
        body: &text.body,
        hash: &text.hash,
    })
}

/// The language of an answer that rests on no notice.
fn without_notice<'a>(policies: &'a Policies, request: &Request) -> &'a str {
    let first = policies.iter().next();
    first.map_or("", |policy| {
        language::choose(request, &policy.languages(), policy.language.as_str()).language
    })
}

/// A word of the notices, and what it is called in a language.
fn named<'a>(
    policies: &'a Policies,
    code: &str,
    title: impl Fn(&'a Policy) -> Option<&'a Words>,
    language: &str,
) -> Named<'a> {
    let title = policies.iter().find_map(|policy| title(policy)?.get(language));
    Named {
        code: code.to_owned(),
        title: title.map(String::as_str).unwrap_or_default(),
    }
}
