//! A delivery that has not come to its end: when it goes on, and who must know.

use domain::holding::Holding;
use domain::record::View;
use jiff::{SignedDuration, Timestamp};
use platform::courier;
use platform::digest;
use platform::http::chain;
use platform::metric;
use platform::store::{Claim, Doubt, DueItem, Postponed, Wake};

use crate::{Error, Parts};

/// When a delivery that failed is tried again: the schedule of Standard Webhooks, some 75 hours in all.
const RETRY_AFTER_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// How soon one that only has to wait is looked at again, at first and at the most.
const WAIT: SignedDuration = SignedDuration::from_mins(1);
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(1);

/// Why it goes on later.
pub(crate) enum Wait<'a> {
    Failed(&'a courier::Error),
    /// Its next attempt is not due before that.
    Until(Timestamp),
    BreakerOpen,
    RateReached,
    Disabled,
}

/// A claimed delivery.
pub(crate) struct Delivery<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) claim: &'a Claim,
    pub(crate) view: &'a View<'a>,
    /// What the recipient may hold so far.
    pub(crate) before: &'a Holding,
    /// What it may hold from now on.
    pub(crate) holding: &'a Holding,
}

/// Nobody is registered under this name (yet): the entry is as it was before the claim, until a registration
/// has everyone looked at again.
pub(crate) async fn unregistered(parts: &Parts, claim: &Claim, now: Timestamp) -> Result<(), Error> {
    let entry = &claim.entry;
    if !entry.is_in_doubt() {
        return Ok(parts.store.settle(claim, &entry.acknowledged, now).await?);
    }
    let doubt = entry.doubt.clone();
    let postponed = Postponed {
        next_attempt_at: None,
        attempted: false,
        doubt,
        loss_since: entry.loss_since,
        under_way: false,
    };
    Ok(parts.store.postpone(claim, &postponed, now).await?)
}

impl Delivery<'_> {
    /// Try again later. The due item goes first: cut off in between, there is one look too many, not one
    /// too few.
    pub(crate) async fn postpone(&self, wait: Wait<'_>, now: Timestamp) -> Result<(), Error> {
        let (store, entry) = (&self.parts.store, &self.claim.entry);
        let (attempted, may_have_arrived) = match &wait {
            Wait::Failed(error) => (true, error.may_have_arrived()),
            Wait::Until(_) | Wait::BreakerOpen | Wait::RateReached | Wait::Disabled => (false, false),
        };
        let next_attempt_at = self.next_attempt(&wait, now);
        let loses = self.before.loses_to(self.holding);
        let loss_since = loses.then(|| entry.loss_since.unwrap_or(now));
        let deadline = loss_since.and_then(|since| self.view.policies.withdrawal_deadline(since));

        let due = next_attempt_at
            .into_iter()
            .chain(deadline.filter(|at| *at > now && entry.loss_since.is_none()));
        for at in due {
            let wake = Wake::Deliver(entry.recipient.clone());
            store
                .put_due(
                    &DueItem {
                        at,
                        subject: self.claim.subject.clone(),
                        wake,
                    },
                    now,
                )
                .await?;
        }
        if deadline.is_some_and(|at| at <= now) && entry.overdue_at.is_none() {
            store.mark_overdue(self.claim, now).await?;
            metric::OVERDUE_WITHDRAWALS.record(1, now);
            tracing::error!(
                subject = %self.claim.subject,
                recipient = %entry.recipient,
                "recipient {} has not confirmed a withdrawal in time",
                entry.recipient,
            );
        }
        let doubt = match &entry.doubt {
            doubt if !may_have_arrived => doubt.clone(),
            Doubt::None => Doubt::Sent(self.holding.clone()),
            Doubt::Sent(sent) => Doubt::Sent(sent.and(self.holding)),
            Doubt::Unknown => Doubt::Unknown,
        };
        let postponed = Postponed {
            next_attempt_at,
            attempted,
            doubt,
            loss_since,
            under_way: self.is_under_way(&wait),
        };
        store.postpone(self.claim, &postponed, now).await?;
        self.log(&wait, next_attempt_at.is_none());
        Ok(())
    }

    /// When to go on; never by itself once the schedule is at its end, or the recipient gone.
    fn next_attempt(&self, wait: &Wait<'_>, now: Timestamp) -> Option<Timestamp> {
        let attempts = self.claim.entry.attempts as usize;
        let after = match wait {
            Wait::Failed(error) if error.is_gone() => return None,
            Wait::Failed(error) => {
                let scheduled = SignedDuration::from_secs(*RETRY_AFTER_S.get(attempts)?);
                let wanted = error.retry_after().unwrap_or(SignedDuration::ZERO);
                let lease = if self.is_under_way(wait) {
                    self.claim.until.duration_since(now)
                } else {
                    SignedDuration::ZERO
                };
                self.spread(scheduled).max(wanted).max(lease)
            }
            Wait::Until(at) => return Some(*at),
            // The longer it has waited, the more seldom: when the recipient is back, everyone whom it concerns
            // is looked at anyway, and those that came last probe.
            Wait::BreakerOpen => {
                let waited = self
                    .claim
                    .entry
                    .pending_since
                    .map(|since| now.duration_since(since));
                self.spread(waited.unwrap_or(WAIT).clamp(WAIT, WAIT_MAX))
            }
            Wait::RateReached => WAIT,
            Wait::Disabled => return None,
        };
        now.saturating_add(after).ok()
    }

    /// Whether the recipient may still be at work on what it was sent.
    fn is_under_way(&self, wait: &Wait<'_>) -> bool {
        matches!(wait, Wait::Failed(error) if error.may_still_arrive())
    }

    /// Up to a tenth more, the same for the same attempt: many that failed together do not come back
    /// together.
    fn spread(&self, after: SignedDuration) -> SignedDuration {
        let entry = &self.claim.entry;
        let parts = [self.claim.subject.as_str(), entry.recipient.as_str()].map(str::as_bytes);
        let hash = digest::sha256(&[parts[0], parts[1], &entry.claims.to_be_bytes()]);
        after + after * i32::from(hash[0]) / 2_560
    }

    fn log(&self, wait: &Wait<'_>, given_up: bool) {
        let (subject, recipient) = (&self.claim.subject, &self.claim.entry.recipient);
        let attempt = self.claim.entry.attempts + 1;
        match wait {
            Wait::Failed(error) if given_up => {
                let cause = chain(*error);
                tracing::error!(%subject, %recipient, attempt, cause, "recipient {recipient} was given up for {subject}");
            }
            Wait::Failed(error) => {
                let cause = chain(*error);
                tracing::warn!(%subject, %recipient, attempt, cause, "recipient {recipient} was not told of {subject}");
            }
            Wait::Until(_) | Wait::BreakerOpen | Wait::RateReached | Wait::Disabled => {
                tracing::debug!(%subject, %recipient, "recipient {recipient} is not asked now about {subject}");
            }
        }
    }
}
