//! The ledger: what each recipient was told about a subject, and what it acknowledged.
//!
//! It is the truth of delivery; the queue is only its fast path. A delivery *claims* its entry before it
//! reads what to send, so that nothing claimed after a withdrawal can carry what was withdrawn.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::act::Version;
use domain::codes::RecipientId;
use domain::holding::Holding;
use domain::policy::Policies;
use domain::recipient::{Recipient, RecipientKind};
use domain::record::{Record, View};
use domain::subject::Subject;
use jiff::Timestamp;

use super::breaker::{Breaker, breaker_of};
use super::chain::newest_of;
use super::recipients::{Registration, SECRET_SLOTS, registration, secret};
use super::row::{Item, Row, text};
use super::{Error, Store, keys};

pub use claim::{Claim, Claimed, LEASE, Lease};
pub use outcome::Postponed;

mod claim;
mod debt;
mod holding;
mod outcome;

const KIND: &str = "a ledger entry";

/// One recipient's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub recipient: RecipientId,
    /// What it acknowledged to hold.
    pub acknowledged: Holding,
    /// What may have arrived besides.
    pub doubt: Doubt,
    /// How many times this entry was claimed: orders what the recipient receives.
    pub claims: u64,
    /// The id of what was sent last, while it is not acknowledged and nothing else may have been sent since.
    pub last_letter: Option<String>,
    /// Attempts of the schedule that came to nothing since the last acknowledgement.
    pub attempts: u32,
    /// When the next one is due, while one is pending.
    pub next_attempt_at: Option<Timestamp>,
    pub acknowledged_at: Option<Timestamp>,
    /// Since when something was sent that it did not acknowledge.
    pub pending_since: Option<Timestamp>,
    /// Since when it has not confirmed a loss.
    pub loss_since: Option<Timestamp>,
    /// When that became too long.
    pub overdue_at: Option<Timestamp>,
    /// When the last attempt had failed; from then on the recipient must answer a probe, somebody ask for another,
    /// or something new be there to tell.
    pub escalated_at: Option<Timestamp>,
    /// Until when a delivery that is under way keeps others away.
    pub lease_until: Option<Timestamp>,
}

/// What a recipient may hold besides what it acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    None,
    /// This was sent, and not acknowledged.
    Sent(Holding),
    /// A delivery was cut off, or is under way: whatever it could ever have been sent.
    Unknown,
}

/// How far a recipient is with what it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    UpToDate,
    /// Told, and not acknowledged.
    Pending,
    /// A withdrawal was not acknowledged in time.
    Overdue,
    /// Given up, until somebody asks again.
    GivenUp,
}

impl Delivery {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UpToDate => "up-to-date",
            Self::Pending => "pending",
            Self::Overdue => "overdue",
            Self::GivenUp => "given-up",
        }
    }
}

impl Entry {
    /// What the recipient is: a notice names it, or it is a dealer.
    pub fn kind(&self, policies: &Policies) -> RecipientKind {
        let standing = policies
            .iter()
            .find_map(|policy| policy.standing.get(&self.recipient));
        standing.map_or(RecipientKind::Dealer, |standing| standing.kind)
    }

    /// Whether it was told anything of the subject, or is about to be. An errand may find that there is nothing
    /// to tell, or nobody who is registered; it leaves an entry all the same.
    pub fn was_told(&self) -> bool {
        self.acknowledged_at.is_some()
            || self.pending_since.is_some()
            || self.is_in_doubt()
            || !self.acknowledged.is_empty()
    }

    /// Where the delivery to this recipient stands, which is still allowed this much. Between a withdrawal and the
    /// errand that tells of it, the ledger does not know of it yet; the record does.
    pub fn delivery(&self, view: &View<'_>, allowed: &Holding) -> Delivery {
        let policies = view.policies;
        let deadline = self
            .loss_since
            .and_then(|since| policies.withdrawal_deadline(since));
        let overdue = self.overdue_at.is_some() || deadline.is_some_and(|at| at <= view.at);
        let may_hold = || self.may_hold(policies, self.kind(policies));
        if self.escalated_at.is_some() {
            Delivery::GivenUp
        } else if overdue {
            Delivery::Overdue
        } else if self.is_in_doubt() || self.next_attempt_at.is_some() || may_hold().loses_to(allowed) {
            Delivery::Pending
        } else {
            Delivery::UpToDate
        }
    }

    /// All that the recipient may hold: what it acknowledged, and what may have arrived since.
    pub fn may_hold(&self, policies: &Policies, kind: RecipientKind) -> Holding {
        let may_hold = match &self.doubt {
            Doubt::None => self.acknowledged.clone(),
            Doubt::Sent(sent) => self.acknowledged.and(sent),
            Doubt::Unknown => self.acknowledged.and(&Holding::most(policies, kind)),
        };
        let erased = match &self.doubt {
            // It was never told of the subject, and so there is nothing that it would have to erase.
            Doubt::None if self.acknowledged_at.is_none() => Version::MAX,
            Doubt::Sent(sent) if self.acknowledged_at.is_none() => sent.erased,
            Doubt::None | Doubt::Sent(_) | Doubt::Unknown => may_hold.erased,
        };
        Holding { erased, ..may_hold }
    }

    pub fn is_in_doubt(&self) -> bool {
        self.doubt != Doubt::None
    }

    /// How long a delivery that was postponed has to wait on, whatever happens to the record meanwhile. Only
    /// a loss that nobody has tried to tell yet goes out at once: it is a withdrawal, and waits as long as the
    /// others if that one try fails.
    pub fn must_wait_until(&self, loses: bool, now: Timestamp) -> Option<Timestamp> {
        self.next_attempt_at
            .filter(|at| *at > now && !self.is_new_loss(loses))
    }

    fn is_new_loss(&self, loses: bool) -> bool {
        loses && self.loss_since.is_none()
    }

    /// Whether there is something to tell that is newer than what it was given up with.
    pub fn has_news(&self, loses: bool, learnt_at: Timestamp) -> bool {
        self.is_new_loss(loses) || self.escalated_at.is_some_and(|given_up| given_up < learnt_at)
    }

    /// If it was given up, its schedule begins anew.
    pub fn take_up_again(&mut self) {
        if self.escalated_at.take().is_some() {
            self.attempts = 0;
        }
    }

    /// Whether it has not confirmed since then what it may have lost; whether it did lose anything, the record
    /// must say.
    pub fn may_owe(&self, since: Timestamp) -> bool {
        let unconfirmed = self.loss_since.is_some_and(|loss| loss <= since);
        self.overdue_at.is_none() && (unconfirmed || self.acknowledged_at.is_none_or(|at| at < since))
    }
}

/// All that a delivery needs to know, read after the claim.
#[derive(Clone)]
pub struct Reading {
    pub record: Record,
    pub registration: Option<Registration>,
    /// Its live signing keys, of which there are two while one is being replaced.
    pub secrets: Vec<String>,
    pub breaker: Breaker,
}

crate::unprintable::unprintable!(Reading);

impl Store {
    /// The entries of every recipient that anybody ever meant to tell of a subject.
    pub async fn ledger(&self, subject: &Subject) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::ledger(subject)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for item in page?.items() {
                let recipient = Row { kind: KIND, item }.text("sk")?.parse();
                entries.push(entry(
                    recipient.map_err(|error| Error::unreadable(KIND, error))?,
                    item,
                )?);
            }
        }
        Ok(entries)
    }

    /// Whether a recipient may ever have held data of a subject.
    pub async fn was_ever_told(&self, subject: &Subject, recipient: &RecipientId) -> Result<bool, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::entry(subject, recipient)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let entry = found
            .item
            .map(|item| entry(recipient.clone(), &item))
            .transpose()?;
        Ok(entry.is_some_and(|entry| entry.was_told()))
    }

    /// Whether a recipient may know that there is this subject: it may hold something of it now, or was told
    /// of it before. To one that may not, a subject is as good as one of whom nothing is known.
    pub async fn may_know(
        &self,
        record: &Record,
        recipient: &Recipient,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let holds = !Holding::of(&record.now(self.policies, now), recipient).is_empty();
        Ok(holds || self.was_ever_told(&record.subject, &recipient.id).await?)
    }

    /// What is true now: the record, the recipient and its keys, in one strongly consistent read.
    ///
    /// The errand says which act it is about; that act is the newest unless the next one exists too, and
    /// then the newest is looked for.
    pub async fn reading(
        &self,
        subject: &Subject,
        hint: Version,
        recipient: &RecipientId,
    ) -> Result<Reading, Error> {
        // There is a number after it, whatever an errand says.
        let hint = hint.min(Version::MAX - 1);
        let mut wanted = vec![
            keys::act(subject, hint),
            keys::act(subject, hint + 1),
            keys::recipient(recipient),
            keys::breaker(recipient),
            keys::key(keys::secrets(recipient), SECRET_SLOTS[0]),
            keys::key(keys::secrets(recipient), SECRET_SLOTS[1]),
        ];
        if hint == 0 {
            wanted.remove(0);
        }
        let (mut registered, mut secrets, mut breaker) = (None, Vec::new(), Breaker::default());
        let mut acts: BTreeMap<String, Item> = BTreeMap::new();
        for item in self.batch_get(wanted).await? {
            let row = Row {
                kind: "a delivery",
                item: &item,
            };
            let pk = row.text("pk")?;
            if pk.starts_with(keys::RECIPIENT) {
                registered = Some(registration(recipient, &item)?);
            } else if pk.starts_with(keys::BREAKER) {
                breaker = breaker_of(&item)?;
            } else if pk.starts_with(keys::SECRET) {
                secrets.extend(secret(&item));
            } else {
                acts.insert(row.text("sk")?.to_owned(), item);
            }
        }
        let record = match (acts.get(&keys::version(hint)), acts.get(&keys::version(hint + 1))) {
            (Some(newest), None) => newest_of(subject, newest)?.record,
            (None | Some(_), Some(_)) | (None, None) => self.chain(subject).await?.record,
        };
        Ok(Reading {
            record,
            registration: registered,
            secrets,
            breaker,
        })
    }
}

fn entry(recipient: RecipientId, item: &Item) -> Result<Entry, Error> {
    let row = Row { kind: KIND, item };
    let acknowledged = if row.has("holding") {
        holding::read(row.text("holding")?)?
    } else {
        Holding::default()
    };
    let doubt = if row.has("in_flight") {
        Doubt::Unknown
    } else if row.has("sent") {
        Doubt::Sent(holding::read(row.text("sent")?)?)
    } else {
        Doubt::None
    };
    let optional = |name| {
        if row.has(name) {
            row.instant(name).map(Some)
        } else {
            Ok(None)
        }
    };
    Ok(Entry {
        recipient,
        acknowledged,
        doubt,
        claims: if row.has("claims") {
            row.number("claims")?
        } else {
            0
        },
        last_letter: row.text_of("letter").map(str::to_owned),
        attempts: if row.has("attempts") {
            row.number("attempts")?
        } else {
            0
        },
        next_attempt_at: optional("next_attempt_at")?,
        acknowledged_at: optional("acknowledged_at")?,
        pending_since: optional("pending_since")?,
        loss_since: optional("loss_since")?,
        overdue_at: optional("overdue_at")?,
        escalated_at: optional("escalated_at")?,
        lease_until: optional("lease_until")?,
    })
}
