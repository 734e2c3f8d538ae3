//! A delivery that has not come to its end: when it goes on, and who must know.

use domain::codes::RecipientId;
use domain::holding::Holding;
use domain::record::View;
use domain::subject::Subject;
use jiff::{SignedDuration, Timestamp};
use platform::courier::{self, Letter};
use platform::digest;
use platform::http::chain;
use platform::metric;
use platform::queue::{Errand, LATER_MAX};
use platform::store::{Breaker, Claim, Doubt, DueItem, Lease, PROBE_EVERY, Postponed, Wake};

use crate::deliver::Asked;
use crate::{Error, Parts};

/// When a delivery that failed is tried again: the schedule of Standard Webhooks, some 75 hours in all.
const RETRY_AFTER_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Why it goes on later.
pub(crate) enum Wait<'a> {
    /// With how the recipient fares after that.
    Failed(&'a courier::Error, &'a Letter, Breaker),
    /// Its next attempt is not due before that.
    Until(Timestamp),
    BreakerOpen,
    /// The recipient's limit has room for it in the minute that begins then.
    Turn(Timestamp),
    Disabled,
}

/// A claimed delivery.
pub(crate) struct Delivery<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) claim: &'a Claim,
    pub(crate) asked: &'a Asked,
    /// How the recipient fared when the delivery began.
    pub(crate) breaker: Breaker,
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
        attempts: entry.attempts,
        escalated_at: entry.escalated_at.or(Some(now)),
        doubt,
        last_letter: entry.last_letter.clone(),
        loss_since: entry.loss_since,
        under_way: false,
    };
    Ok(parts.store.postpone(claim, &postponed, now).await?)
}

/// Another delivery keeps this one away: come again when its lease ends. Nothing is left to do for one that was to
/// come before that delivery claimed, once that has come to its end: it told what there was to tell by then, and has
/// left an errand of its own for what is to follow.
pub(crate) async fn held(
    parts: &Parts,
    (subject, recipient): (Subject, RecipientId),
    asked: Asked,
    lease: Lease,
    now: Timestamp,
) -> Result<(), Error> {
    let was_to_come = asked.due.or(asked.probe);
    if lease.was_hung_up && was_to_come.is_some_and(|at| at <= lease.claimed_at) {
        return Ok(());
    }
    let again = Asked {
        due: was_to_come.map_or(Some(lease.until), |_| asked.due),
        ..asked
    };
    let after = lease.until.duration_since(now).min(LATER_MAX);
    Ok(parts
        .errands
        .send_later(again.errand(subject, recipient), after)
        .await?)
}

impl Delivery<'_> {
    /// Try again later. What brings it back goes first: cut off in between, there is one look too many, not one
    /// too few. That a loss is confirmed in time is looked at on a day of its own, for no attempt may be due.
    pub(crate) async fn postpone(&self, wait: Wait<'_>, now: Timestamp) -> Result<(), Error> {
        let (store, entry) = (&self.parts.store, &self.claim.entry);
        let (may_have_arrived, last_letter) = match &wait {
            Wait::Failed(error, letter, _) => (error.may_have_arrived(), Some(letter.id.clone())),
            Wait::Until(_) | Wait::BreakerOpen | Wait::Turn(_) | Wait::Disabled => {
                (false, entry.last_letter.clone())
            }
        };
        // Whoever is asked, or waits, ahead of its place keeps it, and that is no attempt of the schedule.
        let place = entry.next_attempt_at.filter(|at| *at > now);
        let next_attempt_at = self.next_attempt(&wait, place, now);
        let loses = self.before.loses_to(self.holding);
        let loss_since = loses.then(|| entry.loss_since.unwrap_or(now));

        if let Some(at) = self.next_probe(&wait, now) {
            self.probe(at, now).await?;
        }
        if let Some(at) = next_attempt_at
            && (place != Some(at) || self.asked.due == Some(at))
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
        let is_given_up = next_attempt_at.is_none() && entry.escalated_at.is_none();
        let counts = place.is_none() && entry.escalated_at.is_none() && self.is_attempt(&wait);
        let postponed = Postponed {
            next_attempt_at,
            attempts: entry.attempts + u32::from(counts),
            escalated_at: if is_given_up {
                Some(now)
            } else {
                entry.escalated_at
            },
            doubt,
            last_letter,
            loss_since,
            under_way: self.is_under_way(&wait),
        };
        store.postpone(self.claim, &postponed, now).await?;
        if is_given_up {
            metric::GIVEN_UP.record(1, now);
        }
        self.log(&wait, is_given_up);
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

    /// Have the recipient asked by this delivery how it is, if nobody else has until then.
    async fn probe(&self, at: Timestamp, now: Timestamp) -> Result<(), Error> {
        let at = to_the_millisecond(at);
        let errand = Errand::probe(self.claim.subject.clone(), self.claim.entry.recipient.clone(), at);
        let after = at.duration_since(now).min(LATER_MAX);
        Ok(self.parts.errands.send_later(errand, after).await?)
    }

    async fn note(&self, at: Timestamp, wake: Wake, now: Timestamp) -> Result<(), Error> {
        let subject = self.claim.subject.clone();
        let due = DueItem { at, subject, wake };
        Ok(self.parts.store.put_due(&due, now).await?)
    }

    /// When to go on; never by itself once the schedule is at its end, or the recipient gone.
    fn next_attempt(&self, wait: &Wait<'_>, place: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let scheduled = || place.or_else(|| self.scheduled(now));
        let at = match wait {
            Wait::Failed(error, ..) if error.is_gone() => return None,
            Wait::Failed(error, ..) => {
                let pause = if error.slows_down() {
                    PROBE_EVERY
                } else {
                    SignedDuration::ZERO
                };
                let wanted = error.retry_after().unwrap_or_default().max(pause);
                self.past_lease(wait, scheduled()?.max(later(now, wanted)))
            }
            Wait::Until(at) => *at,
            // Whoever asks how it is asks for everyone.
            Wait::BreakerOpen if self.breaker.is_down() => scheduled()?,
            Wait::BreakerOpen => {
                let pause_ends = self.breaker.next_probe_at.unwrap_or(now).max(now);
                let at = later(pause_ends, self.moment());
                place.map_or(at, |place| place.min(at))
            }
            Wait::Turn(at) => place.map_or(*at, |place| place.min(*at)),
            Wait::Disabled => return None,
        };
        Some(to_the_millisecond(at))
    }

    /// When the schedule has the next attempt, if there is one more.
    fn scheduled(&self, now: Timestamp) -> Option<Timestamp> {
        let after = RETRY_AFTER_S.get(self.claim.entry.attempts as usize)?;
        Some(later(now, self.spread(SignedDuration::from_secs(*after))))
    }

    /// When this delivery is to ask how the recipient is, if it is the one to do so: it has just found it in
    /// trouble, or came to ask before it was time.
    fn next_probe(&self, wait: &Wait<'_>, now: Timestamp) -> Option<Timestamp> {
        let in_a_minute = later(now, PROBE_EVERY);
        match wait {
            Wait::Failed(_, _, breaker) if !breaker.is_open() || breaker.disabled => None,
            Wait::Failed(_, _, breaker) => {
                Some(self.past_lease(wait, breaker.next_probe_at.unwrap_or(in_a_minute)))
            }
            // It would have asked, but for the limit.
            Wait::Turn(_) if self.breaker.is_open() => Some(in_a_minute),
            // If another has asked since, that one asks again.
            Wait::BreakerOpen if self.asked.probe == self.breaker.next_probe_at => {
                self.asked.probe.filter(|at| *at > now)
            }
            Wait::Turn(_) | Wait::BreakerOpen | Wait::Until(_) | Wait::Disabled => None,
        }
    }

    /// Whether the recipient was asked, or is known to be down without asking.
    fn is_attempt(&self, wait: &Wait<'_>) -> bool {
        match wait {
            Wait::Failed(..) => true,
            Wait::BreakerOpen => self.breaker.is_down(),
            Wait::Until(_) | Wait::Turn(_) | Wait::Disabled => false,
        }
    }

    /// Whether the recipient may still be at work on what it was sent.
    fn is_under_way(&self, wait: &Wait<'_>) -> bool {
        matches!(wait, Wait::Failed(error, ..) if error.may_still_arrive())
    }

    /// Nobody may tell it anything of the subject while it may be at work on what it was sent.
    fn past_lease(&self, wait: &Wait<'_>, at: Timestamp) -> Timestamp {
        if self.is_under_way(wait) {
            at.max(self.claim.until)
        } else {
            at
        }
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
        let cause = match wait {
            Wait::Failed(error, ..) => chain(*error),
            Wait::BreakerOpen => "it is in trouble".to_owned(),
            Wait::Until(_) | Wait::Turn(_) => "it is not time".to_owned(),
            Wait::Disabled => "it is gone".to_owned(),
        };
        if given_up && self.is_attempt(wait) {
            tracing::error!(%subject, %recipient, attempt, cause, "recipient {recipient} was given up for {subject}");
        } else if matches!(wait, Wait::Failed(..)) {
            tracing::warn!(%subject, %recipient, attempt, cause, "recipient {recipient} was not told of {subject}");
        } else {
            tracing::debug!(%subject, %recipient, cause, "recipient {recipient} is not asked now about {subject}");
        }
    }
}

fn later(now: Timestamp, after: SignedDuration) -> Timestamp {
    now.saturating_add(after).unwrap_or(Timestamp::MAX)
}

/// As the ledger keeps it, so that an errand is known by it.
fn to_the_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
