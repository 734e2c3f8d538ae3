//! Queue: bring one recipient up to date on one subject.

use std::collections::BTreeMap;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::act::Version;
use domain::change::{Change, changes, changes_from_doubt};
use domain::holding::Holding;
use domain::subject::Subject;
use jiff::{SignedDuration, Timestamp};
use platform::batch::{self, Failure};
use platform::courier::{self, Courier};
use platform::event::{Confirmation, Told, categories_told, letter};
use platform::http::chain;
use platform::queue::Errand;
use platform::store::{self, Claim, DueItem, Store, Wake};
use platform::token::{BadToken, Links};

/// When a delivery that failed is tried again: the schedule of Standard Webhooks.
const RETRY_AFTER_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Why an errand was not run to its end.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("another delivery to this recipient about this subject is under way")]
    Held,
    #[error(transparent)]
    Store(store::Error),
    #[error("the event could not be written")]
    Unwritable(#[from] serde_json::Error),
    #[error("a link could not be made")]
    Link(#[from] BadToken),
}

/// Bring each recipient up to date with what the record says *now*, not with what it said when the message
/// was written: messages may arrive late, twice or out of order.
pub async fn handle(
    store: &Store,
    courier: &Courier,
    links: &Links,
    now: Timestamp,
    event: SqsEvent,
) -> SqsBatchResponse {
    batch::each(event, |errand: Errand| {
        bring_up_to_date(store, courier, links, now, errand)
    })
    .await
}

/// Claim, read, send the difference, acknowledge. A failed delivery waits in the ledger, not in the queue.
async fn bring_up_to_date(
    store: &Store,
    courier: &Courier,
    links: &Links,
    now: Timestamp,
    errand: Errand,
) -> Result<(), Error> {
    let (subject, recipient) = (errand.subject.0, errand.recipient.0);
    let claim = store.claim(&subject, &recipient, now).await?;
    let reading = store.reading(&subject, errand.version, &recipient).await?;
    let Some(registration) = reading.registration else {
        return Ok(store.settle(&claim, &claim.entry.acknowledged).await?);
    };

    let view = reading.record.now(store.policies, now);
    let holding = Holding::of(&view, &registration.recipient);
    let changes = if claim.entry.in_doubt {
        changes_from_doubt(&view, &registration.recipient, &holding)
    } else {
        changes(
            &view,
            &registration.recipient,
            &claim.entry.acknowledged,
            &holding,
        )
    };
    if changes.is_empty() && !claim.entry.in_doubt {
        return Ok(store.settle(&claim, &holding).await?);
    }

    let contents = store
        .contents(&subject, categories_told(&changes, &holding).into_iter())
        .await?;
    let confirmations = confirmations(store, links, &subject, &changes).await?;
    let told = Told {
        claim: &claim,
        view: &view,
        version: reading.record.version,
        changes: &changes,
        holding: &holding,
        contents: &contents,
        confirmations: &confirmations,
    };
    let letter = letter(&told, now)?;
    match courier
        .deliver(&registration.endpoint, &reading.secrets, &letter, now)
        .await
    {
        Ok(()) => Ok(store.acknowledge(&claim, &holding, now).await?),
        Err(error) => postpone(store, &claim, &error, now).await,
    }
}

/// The link and the contact for each confirmation that is to be asked for, made now and kept nowhere.
async fn confirmations(
    store: &Store,
    links: &Links,
    subject: &Subject,
    changes: &[Change],
) -> Result<BTreeMap<Version, Confirmation>, Error> {
    let mut confirmations = BTreeMap::new();
    for change in changes {
        if let Change::ConfirmationRequested { grant, until } = change
            && let Some(contact) = store.contact(subject, *grant).await?
        {
            let link = links.confirmation(subject, *grant, *until)?;
            confirmations.insert(*grant, Confirmation { link, contact });
        }
    }
    Ok(confirmations)
}

/// Try again later. The due item goes first: cut off in between, there is one look too many, not one too few.
async fn postpone(store: &Store, claim: &Claim, error: &courier::Error, now: Timestamp) -> Result<(), Error> {
    let recipient = &claim.entry.recipient;
    let attempt = claim.entry.attempts as usize;
    let wait_s = RETRY_AFTER_S
        .get(attempt)
        .or(RETRY_AFTER_S.last())
        .copied()
        .unwrap_or_default();
    let at = now
        .saturating_add(SignedDuration::from_secs(wait_s))
        .unwrap_or(Timestamp::MAX);
    tracing::warn!(
        subject = %claim.subject,
        %recipient,
        attempt,
        cause = chain(error),
        "recipient {recipient} has not acknowledged what changed for {}",
        claim.subject,
    );
    let wake = Wake::Deliver(recipient.clone());
    store
        .put_due(
            &DueItem {
                at,
                subject: claim.subject.clone(),
                wake,
            },
            now,
        )
        .await?;
    Ok(store.postpone(claim, at).await?)
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Stale => Self::Held,
            store::Error::Unreadable { .. } | store::Error::Unavailable(_) => Self::Store(error),
        }
    }
}

impl Failure for Error {
    fn may_pass(&self) -> bool {
        match self {
            Self::Held | Self::Store(store::Error::Stale | store::Error::Unavailable(_)) => true,
            Self::Store(store::Error::Unreadable { .. }) | Self::Unwritable(_) | Self::Link(_) => false,
        }
    }
}
