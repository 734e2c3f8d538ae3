//! One delivery: claim, read now, send the difference, acknowledge.

use std::collections::BTreeMap;

use domain::act::Version;
use domain::change::{Change, changes, changes_in_doubt};
use domain::codes::RecipientId;
use domain::holding::Holding;
use domain::record::View;
use domain::subject::Subject;
use jiff::Timestamp;
use platform::courier::{self, Letter};
use platform::event::{Confirmation, Told, categories_told, letter};
use platform::metric;
use platform::queue::Errand;
use platform::store::{Breaker, Claim, Failure, Registration, Turn};
use platform::wire::{Instant, Word};

use crate::postpone::{self, Wait};
use crate::{Error, Parts};

/// What an errand says besides whom it is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// The newest act when it was written.
    pub(crate) hint: Version,
    /// Whether it does not wait for its next attempt.
    pub(crate) anew: bool,
    /// Which attempt it is there to bring back.
    pub(crate) due: Option<Timestamp>,
    /// When it is to ask how a recipient is that is in trouble, if it is there for that.
    pub(crate) probe: Option<Timestamp>,
}

impl Asked {
    pub(crate) fn errand(self, subject: Subject, recipient: RecipientId) -> Errand {
        Errand::Deliver {
            subject: Word(subject),
            recipient: Word(recipient),
            version: self.hint,
            anew: self.anew,
            due: self.due.map(|at| Word(Instant(at))),
            probe: self.probe.map(|at| Word(Instant(at))),
        }
    }
}

/// A delivery that fails is pending in the ledger, and its message is done with.
pub(crate) async fn bring_up_to_date(
    parts: &Parts,
    clock: &impl Fn() -> Timestamp,
    (subject, recipient): (Subject, RecipientId),
    asked: Asked,
) -> Result<(), Error> {
    let (store, now) = (&parts.store, clock());
    let mut claim = match store.claim(&subject, &recipient, now).await? {
        Ok(claim) => claim,
        Err(lease) => return postpone::held(parts, (subject, recipient), asked, lease, now).await,
    };
    let reading = store.reading(&subject, asked.hint, &recipient).await?;
    let Some(registration) = &reading.registration else {
        return postpone::unregistered(parts, &claim, now).await;
    };

    let view = reading.record.now(store.policies, now);
    let (holding, held_back) = may_hold(&view, registration, &claim, reading.breaker.overdue);
    let before = claim.entry.may_hold(store.policies, registration.recipient.kind);
    let changes = if claim.entry.is_in_doubt() {
        changes_in_doubt(&view, &registration.recipient, &before, &holding)
    } else {
        changes(&view, &registration.recipient, &before, &holding)
    };
    if changes.is_empty() && !claim.entry.is_in_doubt() {
        if asked.probe.is_some() && reading.breaker.is_open() && !reading.breaker.disabled {
            // Somebody else who waits must ask how it is.
            store.look_again(&recipient, now).await?;
        }
        // What is held back is looked at again when the recipient has caught up.
        let holding = if held_back {
            &claim.entry.acknowledged
        } else {
            &holding
        };
        return Ok(store.settle(&claim, holding, now).await?);
    }
    let loses = before.loses_to(&holding);
    let news = asked.anew || claim.entry.has_news(loses, reading.record.learnt_at());
    // A probe asks ahead of its place, and begins nothing anew.
    if news && !reading.breaker.disabled {
        claim.entry.take_up_again();
    }
    let delivery = postpone::Delivery {
        parts,
        claim: &claim,
        asked: &asked,
        breaker: reading.breaker,
        view: &view,
        before: &before,
        holding: &holding,
    };
    let is_ahead = asked.anew || (asked.probe.is_some() && reading.breaker.is_open());
    if let Some(at) = claim.entry.must_wait_until(loses, now)
        && !is_ahead
    {
        return delivery.postpone(Wait::Until(at), now).await;
    }
    if let Some(wait) = must_wait(parts, &claim, registration, reading.breaker, now).await? {
        return delivery.postpone(wait, now).await;
    }

    let letter = write(parts, &claim, &view, &changes, &holding, now).await?;
    let delivered = parts
        .courier
        .deliver(&registration.endpoint, &reading.secrets, &letter, now)
        .await;
    match delivered {
        Ok(()) => {
            // Cut off in between, it is told once more; the other way round, nobody might ask the recipient again.
            store.note_success(&claim, reading.breaker, now).await?;
            store.acknowledge(&claim, &holding, now).await?;
            let since_commit = now.duration_since(reading.record.learnt_at()).as_millis();
            metric::DELIVERIES.record_by("acknowledged", 1, now);
            metric::COMMIT_TO_ACKNOWLEDGEMENT.record(u64::try_from(since_commit).unwrap_or(0), now);
            Ok(())
        }
        Err(error) => {
            // Whoever hangs has us wait a while before that.
            let now = clock();
            metric::DELIVERIES.record_by("failed", 1, now);
            let breaker = store.note_failure(&recipient, failure(&error), now).await?;
            delivery
                .postpone(Wait::Failed(&error, &letter, breaker), now)
                .await
        }
    }
}

/// What the recipient may hold now. One that has not confirmed its losses in time gets nothing new until it
/// has; whether something is held back for that is said too.
fn may_hold(view: &View<'_>, registration: &Registration, claim: &Claim, overdue: i64) -> (Holding, bool) {
    let holding = Holding::of(view, &registration.recipient);
    if overdue <= 0 {
        return (holding, false);
    }
    let kept = holding.without_gains(&claim.entry.acknowledged);
    let held_back = kept != holding;
    (kept, held_back)
}

/// What a delivery that failed says of its recipient.
fn failure(error: &courier::Error) -> Failure {
    if error.is_gone() {
        Failure::Gone
    } else if error.slows_down() {
        let retry_after = error.retry_after();
        Failure::TooMuch { retry_after }
    } else {
        Failure::Once
    }
}

/// Whether the recipient may be asked now: it may be gone, in trouble, or at its limit.
async fn must_wait(
    parts: &Parts,
    claim: &Claim,
    registration: &Registration,
    breaker: Breaker,
    now: Timestamp,
) -> Result<Option<Wait<'static>>, Error> {
    let store = &parts.store;
    if breaker.disabled {
        return Ok(Some(Wait::Disabled));
    }
    if breaker.is_open() && !(breaker.is_probe_due(now) && store.may_probe(claim, now).await?) {
        return Ok(Some(Wait::BreakerOpen));
    }
    let Some(rate) = registration.rate_per_minute else {
        return Ok(None);
    };
    match store.turn(&registration.recipient.id, rate, now).await? {
        Turn::Now => Ok(None),
        Turn::At(at) => Ok(Some(Wait::Turn(at))),
    }
}

/// The letter, with the content that it tells: read now, and of what it tells alone.
async fn write(
    parts: &Parts,
    claim: &Claim,
    view: &View<'_>,
    changes: &[Change],
    holding: &Holding,
    now: Timestamp,
) -> Result<Letter, Error> {
    let told = categories_told(changes, holding);
    let contents = parts.store.contents(&claim.subject, told.into_iter()).await?;
    let confirmations = confirmations(parts, &claim.subject, changes).await?;
    let version = view.version;
    let told = Told {
        claim,
        view,
        version,
        changes,
        holding,
        contents: &contents,
        confirmations: &confirmations,
    };
    Ok(letter(&told, now)?)
}

/// The link and the contact for each confirmation that is to be asked for, made now and kept nowhere.
async fn confirmations(
    parts: &Parts,
    subject: &Subject,
    changes: &[Change],
) -> Result<BTreeMap<Version, Confirmation>, Error> {
    let mut confirmations = BTreeMap::new();
    for change in changes {
        if let Change::ConfirmationRequested { grant, until } = change
            && let Some(contact) = parts.store.contact(subject, *grant).await?
        {
            let link = parts.links.confirmation(subject, *grant, *until)?;
            confirmations.insert(*grant, Confirmation { link, contact });
        }
    }
    Ok(confirmations)
}
