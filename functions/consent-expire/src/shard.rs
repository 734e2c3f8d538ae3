//! One shard of what falls due, item by item, in order.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::interaction;
use domain::record::Record;
use domain::subject::Subject;
use jiff::{SignedDuration, Timestamp};
use platform::http::chain;
use platform::queue::{Errand, Queue};
use platform::store::{self, DueItem, Mark, Moved, NotTaken, Store, Wake};

use crate::Error;

/// How old a mark may grow while there is nothing to do; it saves a write a minute.
const MARK_AGE_MAX: SignedDuration = SignedDuration::from_hours(1);
/// When a record that cannot be worked on is looked at again: it must not hold up all that come after it.
const PUT_OFF: SignedDuration = SignedDuration::from_hours(1);

pub(crate) struct Shard<'a> {
    pub(crate) store: &'a Store,
    pub(crate) queue: &'a Queue,
    pub(crate) now: Timestamp,
    pub(crate) number: u32,
    /// Set when the run must end.
    pub(crate) out_of_time: &'a AtomicBool,
    /// Where the mark stands; nowhere before the first sweep.
    pub(crate) mark: Option<Mark>,
}

/// How far a run came in a shard, and what it did.
pub(crate) struct Swept {
    pub(crate) reached: Mark,
    pub(crate) looked_at: usize,
    pub(crate) announced: usize,
    pub(crate) sent_again: usize,
    pub(crate) overdue: usize,
    pub(crate) put_off: usize,
}

impl Shard<'_> {
    /// Sweep up to now. A shard that fails keeps its mark, and the next run goes on from there.
    pub(crate) async fn sweep(mut self) -> (Swept, Option<Error>) {
        let mut swept = Swept {
            reached: self.mark.clone().unwrap_or_else(|| Mark::first(self.now)),
            looked_at: 0,
            announced: 0,
            sent_again: 0,
            overdue: 0,
            put_off: 0,
        };
        let failed = self.sweep_on(&mut swept).await.err();
        (swept, failed)
    }

    /// Page by page. The mark follows each page that held something, so whoever is cut off repeats one page
    /// at the most, and leaves the shard to a run that is ahead in it.
    async fn sweep_on(&mut self, swept: &mut Swept) -> Result<(), Error> {
        let end = Mark::after(self.now);
        while swept.reached < end && !self.is_out_of_time() {
            let mut due = self.store.due(self.number, &swept.reached, self.now).await?;

            let mut errands = Vec::new();
            for (before, item) in &due.items {
                if self.is_out_of_time() {
                    due.reached = before.clone();
                    break;
                }
                errands.extend(self.look(item, swept).await?);
            }
            self.queue.send(&errands).await?;
            swept.reached = due.reached;

            if !due.items.is_empty() || (swept.reached >= end && self.mark_is_old()) {
                let to = &swept.reached;
                match self.store.move_mark(self.number, self.mark.as_ref(), to).await? {
                    Moved::Here => self.mark = Some(to.clone()),
                    Moved::ByAnother => return Ok(()),
                }
            }
        }
        Ok(())
    }

    /// What has fallen due is looked at; the errand that it leads to, if to any.
    async fn look(&self, item: &DueItem, swept: &mut Swept) -> Result<Option<Errand>, Error> {
        swept.looked_at += 1;
        match &item.wake {
            Wake::Look => {
                self.fall_due(&item.subject, swept).await?;
                Ok(None)
            }
            Wake::Tracked => {
                self.forget_interactions(&item.subject, swept).await?;
                Ok(None)
            }
            Wake::Deliver(recipient) => {
                swept.sent_again += 1;
                let subject = item.subject.clone();
                Ok(Some(Errand::deliver_again(subject, recipient.clone(), item.at)))
            }
            Wake::Confirmed { since } => {
                self.look_for_debts(&item.subject, *since, swept).await?;
                Ok(None)
            }
            Wake::Erase => {
                self.erase_what_is_left(&item.subject, swept).await?;
                Ok(None)
            }
        }
    }

    /// Write into the chain what time has done, as often as there is something; a second run finds nothing.
    async fn fall_due(&self, subject: &Subject, swept: &mut Swept) -> Result<(), Error> {
        let step = |record: &Record| record.fall_due(self.store.policies, self.now);
        match self.store.amend_until_done(subject, step).await {
            Ok(added) => swept.announced += added,
            Err(error @ NotTaken::Store(store::Error::Unavailable(_))) => return Err(Error::Step(error)),
            Err(
                error @ (NotTaken::Store(
                    store::Error::Stale | store::Error::Unreadable { .. } | store::Error::Unfit(_),
                )
                | NotTaken::Refused(_)
                | NotTaken::KeyReused
                | NotTaken::OtherVersion
                | NotTaken::NotNew
                | NotTaken::TooManyKeys
                | NotTaken::TooManyActs { .. }),
            ) => {
                self.put_off(subject, Wake::Look, chain(&error), swept).await?;
            }
        }
        Ok(())
    }

    /// Go on with an erasure that was too much for one write.
    async fn erase_what_is_left(&self, subject: &Subject, swept: &mut Swept) -> Result<(), Error> {
        let erase = async || {
            let record = self.store.chain(subject).await?.record;
            self.store.erase_what_is_left(&record).await
        };
        self.or_put_off(erase().await, subject, Wake::Erase, swept).await
    }

    /// Delete the interactions that were kept as long as they may be.
    async fn forget_interactions(&self, subject: &Subject, swept: &mut Swept) -> Result<(), Error> {
        let forget = async || {
            for category in interaction::tracking(self.store.policies) {
                self.store
                    .forget_what_is_over(subject, category, self.now)
                    .await?;
            }
            Ok(())
        };
        self.or_put_off(forget().await, subject, Wake::Tracked, swept)
            .await
    }

    /// What was done, unless the record cannot be worked on: then it is put off. A table that does not answer ends
    /// the run.
    pub(crate) async fn or_put_off<T: Default>(
        &self,
        done: Result<T, store::Error>,
        subject: &Subject,
        wake: Wake,
        swept: &mut Swept,
    ) -> Result<T, Error> {
        match done {
            Ok(done) => Ok(done),
            Err(error @ store::Error::Unavailable(_)) => Err(error.into()),
            Err(error @ (store::Error::Stale | store::Error::Unreadable { .. } | store::Error::Unfit(_))) => {
                self.put_off(subject, wake, chain(&error), swept).await?;
                Ok(T::default())
            }
        }
    }

    /// What cannot be worked on is looked at again later.
    pub(crate) async fn put_off(
        &self,
        subject: &Subject,
        wake: Wake,
        cause: String,
        swept: &mut Swept,
    ) -> Result<(), Error> {
        tracing::error!(%subject, cause, "what fell due for {subject} is put off");
        let at = self.now.saturating_add(PUT_OFF).unwrap_or(Timestamp::MAX);
        self.note(at, subject, wake).await?;
        swept.put_off += 1;
        Ok(())
    }

    pub(crate) async fn note(&self, at: Timestamp, subject: &Subject, wake: Wake) -> Result<(), Error> {
        let subject = subject.clone();
        let due = DueItem { at, subject, wake };
        Ok(self.store.put_due(&due, self.now).await?)
    }

    fn mark_is_old(&self) -> bool {
        let age = |mark: &Mark| self.now.duration_since(mark.at());
        self.mark.as_ref().is_none_or(|mark| age(mark) > MARK_AGE_MAX)
    }

    fn is_out_of_time(&self) -> bool {
        self.out_of_time.load(Ordering::Relaxed)
    }
}
