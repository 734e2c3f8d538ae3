//! A delivery that has not come to its end: when it goes on, and who must know.

use domain::holding::Holding;
use domain::record::View;
use jiff::{SignedDuration, Timestamp};
use platform::courier::{self, Letter};
use platform::digest;
use platform::http::chain;
use platform::store::{Claim, Doubt, DueItem, Postponed, SOONEST, Wake};

use crate::{Error, Parts};

/// When a delivery that failed is tried again: the schedule of Standard Webhooks, some 75 hours in all, but for its
/// first two steps, which are as soon as anything can fall due. That is longer than any lease.
const RETRY_AFTER_S: [i64; 9] = [SOON, SOON, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
const SOON: i64 = SOONEST.as_secs();
/// How long one that only has to wait is left alone, at the most.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(1);

/// Why it goes on later.
pub(crate) enum Wait<'a> {
    Failed(&'a courier::Error, &'a Letter),
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
        last_letter: entry.last_letter.clone(),
        loss_since: entry.loss_since,
        under_way: false,
    };
    Ok(parts.store.postpone(claim, &postponed, now).await?)
}

impl Delivery<'_> {
    /// Try again later. What falls due goes first: cut off in between, there is one look too many, not one
    /// too few. That a loss is confirmed in time is looked at on a day of its own, for no attempt may be due.
    pub(crate) async fn postpone(&self, wait: Wait<'_>, now: Timestamp) -> Result<(), Error> {
        let (store, entry) = (&self.parts.store, &self.claim.entry);
        let (attempted, may_have_arrived, last_letter) = match &wait {
            Wait::Failed(error, letter) => (true, error.may_have_arrived(), Some(letter.id.clone())),
            Wait::Until(_) | Wait::BreakerOpen | Wait::RateReached | Wait::Disabled => {
                (false, false, entry.last_letter.clone())
            }
        };
        let next_attempt_at = self.next_attempt(&wait, now);
        let loses = self.before.loses_to(self.holding);
        let loss_since = loses.then(|| entry.loss_since.unwrap_or(now));

        if let Some(at) = next_attempt_at {
            self.note(at, Wake::Deliver(entry.recipient.clone()), now).await?;
        }
        if let (Some(since), None) = (loss_since, entry.loss_since)
            && let Some(deadline) = self.view.policies.withdrawal_deadline(since)
        {
            self.note(deadline, Wake::Confirmed { since }, now).await?;
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
            last_letter,
            loss_since,
            under_way: self.is_under_way(&wait),
        };
        store.postpone(self.claim, &postponed, now).await?;
        self.log(&wait, next_attempt_at.is_none());
        Ok(())
    }

    async fn note(&self, at: Timestamp, wake: Wake, now: Timestamp) -> Result<(), Error> {
        let subject = self.claim.subject.clone();
        let due = DueItem { at, subject, wake };
        Ok(self.parts.store.put_due(&due, now).await?)
    }

    /// When to go on; never by itself once the schedule is at its end, or the recipient gone.
    fn next_attempt(&self, wait: &Wait<'_>, now: Timestamp) -> Option<Timestamp> {
        let attempts = self.claim.entry.attempts as usize;
        let after = match wait {
            Wait::Failed(error, _) if error.is_gone() => return None,
            Wait::Failed(error, _) => {
                let scheduled = SignedDuration::from_secs(*RETRY_AFTER_S.get(attempts)?);
                let wanted = error.retry_after().unwrap_or(SignedDuration::ZERO);
                self.spread(scheduled).max(wanted)
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
                self.spread(waited.unwrap_or(SOONEST).clamp(SOONEST, WAIT_MAX))
            }
            Wait::RateReached => SignedDuration::from_mins(self.minutes_until_a_turn()),
            Wait::Disabled => return None,
        };
        now.saturating_add(after).ok()
    }

    /// Whether the recipient may still be at work on what it was sent.
    fn is_under_way(&self, wait: &Wait<'_>) -> bool {
        matches!(wait, Wait::Failed(error, _) if error.may_still_arrive())
    }

    /// Up to a tenth more, the same for the same attempt: many that failed together do not come back
    /// together.
    fn spread(&self, after: SignedDuration) -> SignedDuration {
        after + after * i32::from(self.lot()) / 2_560
    }

    /// Those for whom a recipient's limit had no room come back some each minute, so that it is made use of.
    fn minutes_until_a_turn(&self) -> i64 {
        6 + i64::from(self.lot() % 6)
    }

    /// Even, and the same for the same attempt.
    fn lot(&self) -> u8 {
        let entry = &self.claim.entry;
        let parts = [self.claim.subject.as_str(), entry.recipient.as_str()].map(str::as_bytes);
        digest::sha256(&[parts[0], parts[1], &entry.claims.to_be_bytes()])[0]
    }

    fn log(&self, wait: &Wait<'_>, given_up: bool) {
        let (subject, recipient) = (&self.claim.subject, &self.claim.entry.recipient);
        let attempt = self.claim.entry.attempts + 1;
        match wait {
            Wait::Failed(error, _) if given_up => {
                let cause = chain(*error);
                tracing::error!(%subject, %recipient, attempt, cause, "recipient {recipient} was given up for {subject}");
            }
            Wait::Failed(error, _) => {
                let cause = chain(*error);
                tracing::warn!(%subject, %recipient, attempt, cause, "recipient {recipient} was not told of {subject}");
            }
            Wait::Until(_) | Wait::BreakerOpen | Wait::RateReached | Wait::Disabled => {
                tracing::debug!(%subject, %recipient, "recipient {recipient} is not asked now about {subject}");
            }
        }
    }
}
