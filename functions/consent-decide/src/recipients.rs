//! `GET /v1/subjects/{subject}/recipients`: who may hold what, and who has confirmed a withdrawal (GDPR 15, 19).

use domain::holding::{Holding, Request as Asked};
use domain::record::View;
use jiff::Timestamp;
use platform::http::{self, Answer, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::{Entry, Store};
use platform::wire::Instant;
use serde::Serialize;

#[derive(Serialize)]
struct Told {
    subject: String,
    version: u32,
    recipients: Vec<EntryTold>,
}

#[derive(Serialize)]
struct EntryTold {
    recipient: String,
    /// All that it may hold: what it acknowledged, and what may have arrived since.
    may_hold: HoldingTold,
    /// Up to date; told and not acknowledged, or still to be told of a loss; overdue with a withdrawal; or given up
    /// until asked again.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_at: Option<String>,
    /// Since when it was told something that it did not acknowledge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_since: Option<String>,
    /// Since when it has not confirmed a withdrawal or another loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawal_unconfirmed_since: Option<String>,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
}

#[derive(Serialize)]
struct HoldingTold {
    categories: Vec<String>,
    facets: Vec<String>,
    /// What it is asked to send, and so has an address for.
    requests: Vec<&'static str>,
}

pub(crate) async fn answer(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    http::only_query(&request, &[])?;
    let record = store.chain(&subject).await?.record;
    let mut ledger = store.ledger(&subject).await?;
    ledger.retain(Entry::was_told);
    let ids = ledger.iter().map(|entry| &entry.recipient).collect();
    let registered = store.registered(&ids).await?;

    let view = record.now(store.policies, now);
    let recipients = ledger.iter().map(|entry| {
        let registration = registered.get(&entry.recipient);
        let allowed = registration.map(|registration| Holding::of(&view, &registration.recipient));
        told(&view, entry, &allowed.unwrap_or_default())
    });
    let recipients = recipients.collect();
    let told = Told {
        subject: subject.to_string(),
        version: record.version,
        recipients,
    };
    http::json(Status::OK, &told)
}

/// How a recipient stands, which is still allowed this much.
fn told(view: &View<'_>, entry: &Entry, allowed: &Holding) -> EntryTold {
    let may_hold = entry.may_hold(view.policies, entry.kind(view.policies));
    let instant = |at: Option<Timestamp>| at.map(|at| Instant(at).to_string());
    EntryTold {
        recipient: entry.recipient.to_string(),
        may_hold: HoldingTold {
            categories: may_hold.categories.keys().map(ToString::to_string).collect(),
            facets: may_hold.facets.iter().map(ToString::to_string).collect(),
            requests: may_hold.requests.iter().map(requested).collect(),
        },
        state: entry.delivery(view, allowed).as_str(),
        acknowledged_at: instant(entry.acknowledged_at),
        pending_since: instant(entry.pending_since),
        withdrawal_unconfirmed_since: instant(entry.loss_since),
        attempts: entry.attempts,
        next_attempt_at: instant(entry.next_attempt_at),
    }
}

fn requested(asked: &Asked) -> &'static str {
    match asked {
        Asked::Confirmation { .. } => "confirmation",
        Asked::Reminder { .. } => "reminder",
    }
}
