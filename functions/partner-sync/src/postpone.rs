//! A delivery that has not come to its end: when it goes on, and who must know.

use domain::holding::Holding;
use domain::record::View;
use jiff::{SignedDuration, Timestamp};
use platform::courier::{self, Letter};
use platform::digest;
use platform::http::chain;
use platform::queue::{Errand, LATER_MAX};
use platform::store::{Breaker, Claim, Doubt, DueItem, PROBE_EVERY, Postponed, Wake};

use crate::{Error, Parts};

/// When a delivery that failed is tried again: the schedule of Standard Webhooks, some 75 hours in all.
const RETRY_AFTER_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// How long one that waits for a recipient that is down is left alone, at the most.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(1);

/// Why it goes on later.
pub(crate) enum Wait<'a> {
    Failed(&'a courier::Error, &'a Letter),
    /// Its next attempt is not due before that.
    Until(Timestamp),
    BreakerOpen(Breaker),
    /// The recipient's limit has room for it in the minute that begins then.
    Turn(Timestamp),
    Disabled,
}

/// A claimed delivery.
pub(crate) struct Delivery<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) claim: &'a Claim,
    /// Which attempt the errand is there to bring back, if it is.
    pub(crate) due: Option<Timestamp>,
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
    /// Try again later. What brings it back goes first: cut off in between, there is one look too many, not one
    /// too few. That a loss is confirmed in time is looked at on a day of its own, for no attempt may be due.
    pub(crate) async fn postpone(&self, wait: Wait<'_>, now: Timestamp) -> Result<(), Error> {
        let (store, entry) = (&self.parts.store, &self.claim.entry);
        let (attempted, may_have_arrived, last_letter) = match &wait {
            Wait::Failed(error, letter) => (true, error.may_have_arrived(), Some(letter.id.clone())),
            Wait::Until(_) | Wait::BreakerOpen(_) | Wait::Turn(_) | Wait::Disabled => {
                (false, false, entry.last_letter.clone())
            }
        };
        // Whoever is not asked now keeps its place, if it has one sooner.
        let has_place = entry.next_attempt_at.filter(|at| *at > now && !attempted);
        let next_attempt_at = self.next_attempt(&wait, now).map(|at| match has_place {
            Some(place) => place.min(at),
            None => to_the_millisecond(at),
        });
        let loses = self.before.loses_to(self.holding);
        let loss_since = loses.then(|| entry.loss_since.unwrap_or(now));

        if let Some(at) = next_attempt_at
            && (has_place != Some(at) || self.due == Some(at))
        {
            self.come_back(at, now).await?;
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

    /// Have this delivery looked at again then: by the queue itself, or by the sweep if that is further away than the
    /// queue can keep a message back. There is one errand for each attempt to come: whatever else comes before that,
    /// and is no reason to ask sooner, leaves it to this one.
    async fn come_back(&self, at: Timestamp, now: Timestamp) -> Result<(), Error> {
        let recipient = self.claim.entry.recipient.clone();
        let after = at.duration_since(now);
        if after > LATER_MAX {
            return self.note(at, Wake::Deliver(recipient), now).await;
        }
        let errand = Errand::deliver_again(self.claim.subject.clone(), recipient, at);
        Ok(self.parts.errands.send_later(errand, after).await?)
    }

    async fn note(&self, at: Timestamp, wake: Wake, now: Timestamp) -> Result<(), Error> {
        let subject = self.claim.subject.clone();
        let due = DueItem { at, subject, wake };
        Ok(self.parts.store.put_due(&due, now).await?)
    }

    /// When to go on; never by itself once the schedule is at its end, or the recipient gone.
    fn next_attempt(&self, wait: &Wait<'_>, now: Timestamp) -> Option<Timestamp> {
        let attempts = self.claim.entry.attempts as usize;
        let later = |after| now.saturating_add(after).ok();
        match wait {
            Wait::Failed(error, _) if error.is_gone() => None,
            Wait::Failed(error, _) => {
                let scheduled = SignedDuration::from_secs(*RETRY_AFTER_S.get(attempts)?);
                let pause = if error.slows_down() {
                    PROBE_EVERY
                } else {
                    SignedDuration::ZERO
                };
                let wanted = error.retry_after().unwrap_or_default().max(pause);
                let at = later(self.spread(scheduled).max(wanted))?;
                // Nobody may tell it anything of the subject while it may be at work on what it was sent.
                Some(if self.is_under_way(wait) {
                    at.max(self.claim.until)
                } else {
                    at
                })
            }
            Wait::Until(at) | Wait::Turn(at) => Some(*at),
            Wait::BreakerOpen(breaker) => match breaker.next_probe_at {
                Some(at) if !breaker.is_down() => at.max(now).saturating_add(self.moment()).ok(),
                // The longer it has waited, the more seldom: when the recipient is back, everyone whom it concerns
                // is looked at anyway, and those that came last probe.
                Some(_) | None => {
                    let since = self.claim.entry.pending_since.unwrap_or(now);
                    later(self.spread(now.duration_since(since).clamp(PROBE_EVERY, WAIT_MAX)))
                }
            },
            Wait::Disabled => None,
        }
    }

    /// Whether the recipient may still be at work on what it was sent.
    fn is_under_way(&self, wait: &Wait<'_>) -> bool {
        matches!(wait, Wait::Failed(error, _) if error.may_still_arrive())
    }

    /// Up to a tenth more in whole seconds, the same for the same attempt: many that failed together do not come
    /// back together.
    fn spread(&self, after: SignedDuration) -> SignedDuration {
        SignedDuration::from_secs(after.as_secs() + after.as_secs() * i64::from(self.lot()) / 2_560)
    }

    /// Up to a minute: those who waited together for the end of a pause do not come back together.
    fn moment(&self) -> SignedDuration {
        SignedDuration::from_secs(1 + i64::from(self.lot()) * 60 / 256)
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
            Wait::Until(_) | Wait::BreakerOpen(_) | Wait::Turn(_) | Wait::Disabled => {
                tracing::debug!(%subject, %recipient, "recipient {recipient} is not asked now about {subject}");
            }
        }
    }
}

/// As the ledger keeps it, so that an errand is known by it.
fn to_the_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
