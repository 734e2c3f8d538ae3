//! `POST /v1/decisions`: 1 to 100 questions in one call.

use std::collections::{BTreeMap, BTreeSet};

use domain::codes::RecipientId;
use domain::decide::{Party, decide};
use domain::record::Record;
use domain::subject::Subject;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use platform::caller::Caller;
use platform::http::{self, Answer, Problem, Request};
use platform::metric;
use platform::pseudonym::Pseudonyms;
use platform::store::{Registration, Store};
use platform::told::DecisionTold;
use serde::Serialize;

use crate::asked::{Asked, QuestionAsked};

const QUESTIONS_MAX: usize = 100;
/// How long a caller may go on using an answer. Deliveries bring what changed sooner; whoever misses one is
/// wrong for a minute at most (S55).
const MAX_AGE_S: u32 = 60;
/// How the controller itself is named among the recipients.
const CONTROLLER: &str = "controller";

#[derive(Serialize)]
struct Told {
    answers: Vec<AnswerTold>,
}

#[derive(Serialize)]
struct AnswerTold {
    #[serde(flatten)]
    decision: DecisionTold,
    /// The newest act of the record: an answer to a later version supersedes this one.
    version: u32,
    max_age_s: u32,
    /// Why mail is held back although it is allowed: a state of the address, not of the consent (S50).
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<&'static str>,
}

pub(crate) async fn answer(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    http::only_query(&request, &[])?;
    let asked: Asked = http::body(&request)?;
    let caller = Caller::of(&request)?;
    let subjects = checked(&asked.questions, &caller, pseudonyms, now)?;
    let (records, recipients) = read(store, &asked.questions, &subjects).await?;
    let records = known(store, &caller, records, &recipients, now).await?;

    let mut answers = Vec::new();
    let mut mailed = Vec::new();
    for (question, subject) in asked.questions.iter().zip(&subjects) {
        let record = &records[subject];
        let view = record
            .view(store.policies, question.when(now))
            .unwrap_or_else(|| record.now(store.policies, now));
        let party = match recipients.get(&question.who.0) {
            _ if question.who.0.as_str() == CONTROLLER => Party::Controller,
            Some(registration) => Party::Recipient(&registration.recipient),
            None => Party::Unknown,
        };
        let decision = decide(&view, party, &question.question());
        mailed.push((decision.allowed && question.is_about_mail_now(party)).then_some(subject));
        answers.push(AnswerTold {
            decision: (&decision).into(),
            version: record.version,
            max_age_s: MAX_AGE_S,
            suppressed: None,
        });
    }
    let suppressed = suppressed(store, mailed.iter().flatten().copied(), now).await?;

    for (answer, subject) in answers.iter_mut().zip(mailed) {
        answer.suppressed = subject.and_then(|subject| suppressed.get(subject).copied());
    }
    count(&answers, now);
    crate::ok(&Told { answers })
}

fn count(answers: &[AnswerTold], now: Timestamp) {
    let allowed = answers.iter().filter(|answer| answer.decision.allowed).count();
    for (outcome, number) in [("allowed", allowed), ("denied", answers.len() - allowed)] {
        if number > 0 {
            metric::DECISIONS.record_by(outcome, number as u64, now);
        }
    }
}

/// Whose address is known not to be reached; read only for those who may be mailed.
async fn suppressed<'s>(
    store: &Store,
    subjects: impl Iterator<Item = &'s Subject>,
    now: Timestamp,
) -> Result<BTreeMap<&'s Subject, &'static str>, Problem> {
    let subjects: BTreeSet<&Subject> = subjects.collect();
    let states = subjects.into_iter().map(async |subject| {
        let address = store.suppressed(subject, now).await?;
        Ok::<_, platform::store::Error>(address.map(|address| (subject, address.as_str())))
    });
    Ok(try_join_all(states).await?.into_iter().flatten().collect())
}

/// The subjects of the questions, once each question makes sense and is this caller's to ask.
fn checked(
    questions: &[QuestionAsked],
    caller: &Caller,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
) -> Result<Vec<Subject>, Problem> {
    if questions.is_empty() || questions.len() > QUESTIONS_MAX {
        let detail = format!("ask 1 to {QUESTIONS_MAX} questions");
        return Err(Problem::bad("malformed", "/questions", detail));
    }
    let subjects = questions.iter().enumerate().map(|(place, question)| {
        if question.channel.is_none() && question.category.is_none() {
            let detail = "name a channel, a category, or both";
            return Err(Problem::unprocessable(
                "nothing-asked",
                format!("/questions/{place}"),
                detail,
            ));
        }
        for (name, instant) in [("at", &question.at), ("known_at", &question.known_at)] {
            let instant = instant.as_ref().map(|instant| instant.0.0);
            crate::not_ahead(instant, now, || format!("/questions/{place}/{name}"))?;
        }
        let field = format!("/questions/{place}/subject");
        let subject = caller.subject(&question.subject, pseudonyms, field)?;
        caller
            .may_ask_as(&question.who.0)
            .map_err(|problem| problem.with_field(format!("/questions/{place}/who")))?;
        Ok(subject)
    });
    subjects.collect()
}

type Records = BTreeMap<Subject, Record>;
type Recipients = BTreeMap<RecipientId, Registration>;

/// Each record and each recipient once, side by side; the whole chain only for questions about the past.
async fn read(
    store: &Store,
    questions: &[QuestionAsked],
    subjects: &[Subject],
) -> Result<(Records, Recipients), Problem> {
    let mut wanted: BTreeMap<&Subject, bool> = BTreeMap::new();
    for (question, subject) in questions.iter().zip(subjects) {
        *wanted.entry(subject).or_default() |= question.is_about_the_past();
    }
    let records = wanted.into_iter().map(async |(subject, whole)| {
        let chain = if whole {
            store.whole_chain(subject).await
        } else {
            store.chain(subject).await
        };
        chain.map(|chain| (subject.clone(), chain.record))
    });
    let ids: BTreeSet<&RecipientId> = questions
        .iter()
        .map(|question| &question.who.0)
        .filter(|who| who.as_str() != CONTROLLER)
        .collect();
    let recipients = ids.into_iter().map(async |id| {
        let registered = store.recipient(id).await?;
        Ok::<_, platform::store::Error>(registered.map(|registration| (id.clone(), registration)))
    });
    let records = try_join_all(records).await?.into_iter().collect();
    let recipients = try_join_all(recipients).await?.into_iter().flatten().collect();
    Ok((records, recipients))
}

/// The records as this caller may know them. A recipient asks for itself, so it is the one that was read.
async fn known(
    store: &Store,
    caller: &Caller,
    records: Records,
    recipients: &Recipients,
    now: Timestamp,
) -> Result<Records, Problem> {
    if !matches!(caller, Caller::Partner(_)) {
        return Ok(records);
    }
    let asking = recipients
        .values()
        .next()
        .map(|registration| &registration.recipient);
    let known = records.into_values().map(async |record| {
        let record = crate::as_known_to(store, caller, asking, record, now).await?;
        Ok::<_, platform::store::Error>((record.subject.clone(), record))
    });
    Ok(try_join_all(known).await?.into_iter().collect())
}
