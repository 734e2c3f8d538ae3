//! Who must be told of a record, as it stands and as the ledger says that it was told.

use std::collections::BTreeMap;

use domain::codes::RecipientId;
use domain::holding::Holding;
use domain::policy::Policies;
use domain::recipient::{Access, Recipient, RecipientKind, Role};
use domain::record::{Record, View};
use jiff::Timestamp;
use platform::queue::Errand;
use platform::store::{self, DueItem, Entry, Store, Wake};

/// A recipient that may hold something else than it acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    pub recipient: RecipientId,
    /// Whether it was never told of the subject.
    pub is_new: bool,
    /// Whether it may hold something that it no longer may.
    pub loses: bool,
}

/// The recipients that are behind a record, all taken to be authorised: the delivery looks at that itself.
pub async fn behind(store: &Store, record: &Record, now: Timestamp) -> Result<Vec<Behind>, store::Error> {
    let ledger = store.ledger(&record.subject).await?;
    Ok(if_authorised(store.policies, record, &ledger, now))
}

/// The same as they are registered, which takes one more read. Whoever is new is among them in any case, for nobody
/// finds it later who is no member yet.
pub async fn behind_as_registered(
    store: &Store,
    record: &Record,
    now: Timestamp,
) -> Result<Vec<Behind>, store::Error> {
    let ledger = store.ledger(&record.subject).await?;
    let view = record.now(store.policies, now);
    let (mut behind, known): (Vec<_>, Vec<_>) = if_authorised(store.policies, record, &ledger, now)
        .into_iter()
        .partition(|behind| behind.is_new);
    let known = known.iter().map(|behind| &behind.recipient).collect();
    for registered in store.registered(&known).await?.values() {
        behind.extend(is_behind(
            store.policies,
            &view,
            &registered.recipient,
            &ledger,
            now,
        ));
    }
    Ok(behind)
}

fn if_authorised(policies: &Policies, record: &Record, ledger: &[Entry], now: Timestamp) -> Vec<Behind> {
    let view = record.now(policies, now);
    let concerned = concerned(policies, record, ledger).into_iter();
    concerned
        .filter_map(|recipient| is_behind(policies, &view, &recipient, ledger, now))
        .collect()
}

fn is_behind(
    policies: &Policies,
    view: &View<'_>,
    recipient: &Recipient,
    ledger: &[Entry],
    now: Timestamp,
) -> Option<Behind> {
    let entry = ledger.iter().find(|entry| entry.recipient == recipient.id);
    let holding = Holding::of(view, recipient);
    let before = entry.map(|entry| entry.may_hold(policies, recipient.kind));
    let loses = before.is_some_and(|before| before.loses_to(&holding));
    differs(&holding, entry, loses, now).then(|| Behind {
        recipient: recipient.id.clone(),
        is_new: entry.is_none(),
        loses,
    })
}

/// An errand for each of them. Whoever is new is a member first, and the day by which losses must be confirmed
/// is noted first: cut off before the errands are sent, somebody is looked at in vain, and nobody is forgotten.
pub async fn errands(
    store: &Store,
    now: Timestamp,
    record: &Record,
    behind: &[Behind],
) -> Result<Vec<Errand>, store::Error> {
    let subject = &record.subject;
    let since = record.learnt_at();
    if behind.iter().any(|behind| behind.loses)
        && let Some(at) = store.policies.withdrawal_deadline(since)
    {
        let (subject, wake) = (subject.clone(), Wake::Confirmed { since });
        store.put_due(&DueItem { at, subject, wake }, now).await?;
    }
    for new in behind.iter().filter(|behind| behind.is_new) {
        store.add_member(&new.recipient, subject).await?;
    }
    let errand = |behind: &Behind| Errand::deliver(subject.clone(), behind.recipient.clone(), record.version);
    Ok(behind.iter().map(errand).collect())
}

/// Whoever may be concerned: the recipients that a notice names, the dealers of the active relations, and
/// everyone who was ever told. They are taken to be authorised.
fn concerned(policies: &Policies, record: &Record, ledger: &[Entry]) -> Vec<Recipient> {
    let mut kinds: BTreeMap<&RecipientId, RecipientKind> = BTreeMap::new();
    kinds.extend(
        ledger
            .iter()
            .map(|entry| (&entry.recipient, RecipientKind::Dealer)),
    );
    kinds.extend(
        record
            .state()
            .relations
            .keys()
            .map(|relation| (&relation.recipient, RecipientKind::Dealer)),
    );
    for policy in policies.iter() {
        kinds.extend(policy.standing.iter().map(|(id, standing)| (id, standing.kind)));
    }
    let recipient = |(id, kind): (&RecipientId, RecipientKind)| Recipient {
        id: id.clone(),
        kind,
        role: if kind == RecipientKind::Processor {
            Role::Processor
        } else {
            Role::SeparateController
        },
        history: vec![Access {
            since: Timestamp::MIN,
            authorised: true,
            sharing: true,
        }],
    };
    kinds.into_iter().map(recipient).collect()
}

/// Whether what this recipient may hold is not what it acknowledged to hold. One that is to be asked later is
/// left to the schedule, which reads the record as it is then.
fn differs(holding: &Holding, entry: Option<&Entry>, loses: bool, now: Timestamp) -> bool {
    let Some(entry) = entry else {
        return !holding.is_empty();
    };
    if entry.must_wait_until(loses, now).is_some() {
        return false;
    }
    entry.is_in_doubt() || entry.next_attempt_at.is_some() || entry.acknowledged != *holding
}
