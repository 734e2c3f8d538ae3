//! What recipients lost and have not confirmed by the policy's deadline: escalated, whatever becomes of the
//! deliveries themselves.

use domain::holding::Holding;
use domain::subject::Subject;
use jiff::Timestamp;
use platform::http::chain;
use platform::metric;
use platform::store::{self, Wake};

use crate::Error;
use crate::shard::{Shard, Swept};

impl Shard<'_> {
    /// Mark the recipients that were to confirm a loss since then and have not. Where all have, this is one
    /// read.
    pub(crate) async fn look_for_debts(
        &self,
        subject: &Subject,
        since: Timestamp,
        swept: &mut Swept,
    ) -> Result<(), Error> {
        let wake = Wake::Confirmed { since };
        match self.mark_debts(subject, since, swept).await {
            Ok(true) => Ok(()),
            // A delivery is under way, which may settle it.
            Ok(false) => self.note(self.now, subject, wake).await,
            Err(error @ store::Error::Unavailable(_)) => Err(error.into()),
            Err(error @ (store::Error::Stale | store::Error::Unreadable { .. } | store::Error::Unfit(_))) => {
                self.put_off(subject, wake, chain(&error), swept).await
            }
        }
    }

    /// Says whether it could be said of every recipient.
    async fn mark_debts(
        &self,
        subject: &Subject,
        since: Timestamp,
        swept: &mut Swept,
    ) -> Result<bool, store::Error> {
        let mut suspects = self.store.ledger(subject).await?;
        suspects.retain(|entry| entry.may_owe(since));
        if suspects.is_empty() {
            return Ok(true);
        }
        let record = self.store.chain(subject).await?.record;
        let view = record.now(self.store.policies, self.now);

        let mut all_are_told = true;
        for entry in &suspects {
            let recipient = &entry.recipient;
            let Some(registered) = self.store.recipient(recipient).await? else {
                continue;
            };
            let registered = registered.recipient;
            let before = entry.may_hold(self.store.policies, registered.kind);
            if !before.loses_to(&Holding::of(&view, &registered)) {
                continue;
            }
            if self.store.mark_overdue(subject, entry, self.now).await? {
                swept.overdue += 1;
                metric::OVERDUE_WITHDRAWALS.record(1, self.now);
                tracing::error!(%subject, %recipient, "recipient {recipient} has not confirmed a withdrawal in time");
            } else {
                all_are_told = false;
            }
        }
        Ok(all_are_told)
    }
}
