//! What an act puts an end to, deleted in the same write.
//!
//! Content and evidence are only ever written together with an act, on the condition that it is the next one.
//! So an erasure that is the next act finds all that there is: whatever else was on its way is refused, and
//! decides again on a record that is erased.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{Delete, ReturnConsumedCapacity, TransactWriteItem};
use domain::act::{Act, Version, What};
use domain::codes::Category;
use domain::record::Record;

use super::due::{DueItem, Wake};
use super::{Error, Store, keys};

/// As many items as one transaction takes, and as one page of evidence has.
const AT_ONCE: usize = 100;

impl Store {
    /// The deletions that go with an act: a contact that nobody confirmed or that nothing stands on any more,
    /// content that was kept as long as it may be, and on an erasure everything.
    pub(super) async fn erasures(
        &self,
        before: &Record,
        after: &Record,
        act: &Act,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let subject = &before.subject;
        let (kept, mut spent) = (contacts(after), contacts(before));
        spent.retain(|grant| !kept.contains(grant));
        let content: Vec<keys::Key> = match &act.what {
            What::ConfirmationLapsed { grant } => {
                spent.insert(*grant);
                Vec::new()
            }
            What::RetentionEnded { categories } => categories
                .iter()
                .map(|category| keys::profile(subject, category))
                .collect(),
            What::Erased => return self.all_that_identifies(before, act).await,
            What::Granted { .. }
            | What::Confirmed { .. }
            | What::Withdrawn { .. }
            | What::Objected
            | What::RegisterChecked { .. }
            | What::RegisterCheckOutdated { .. }
            | What::Lapsed { .. }
            | What::ReminderDue { .. }
            | What::RelationStarted { .. }
            | What::RelationEnded { .. }
            | What::DeliveryPeriodEnded { .. }
            | What::RelationCapped { .. }
            | What::ProfileUpdated { .. } => Vec::new(),
        };
        let contacts = spent.into_iter().map(|grant| keys::evidence(subject, grant));
        contacts.chain(content).map(|key| self.delete(key)).collect()
    }

    /// The evidence beside the chain, the content of every category, and what is known of the address. The
    /// evidence that is too much for one write is noted as due first: cut off in between, there is one look
    /// too many.
    async fn all_that_identifies(&self, before: &Record, act: &Act) -> Result<Vec<TransactWriteItem>, Error> {
        let subject = &before.subject;
        // Of what the notices know as well as of what the record says: an erasure relies on neither alone.
        let known = self.policies.iter().flat_map(|policy| policy.categories.keys());
        let categories: BTreeSet<&Category> = known.chain(before.state().profile.keys()).collect();

        // Beside the act itself, and the state of the address.
        let room = AT_ONCE.saturating_sub(categories.len() + 2);
        let mut evidence = self.evidence(subject, act.version, room + 1).await?;
        if evidence.len() > room {
            evidence.truncate(room);
            let (subject, at) = (subject.clone(), act.learnt_at);
            let wake = Wake::Erase;
            self.put_due(&DueItem { at, subject, wake }, at).await?;
        }
        let content = categories
            .into_iter()
            .map(|category| keys::profile(subject, category));

        let gone = evidence.into_iter().chain(content).map(|key| self.delete(key));
        let mut writes: Vec<TransactWriteItem> = gone.collect::<Result<_, _>>()?;
        writes.push(self.forget_address(subject, act.learnt_at)?);
        Ok(writes)
    }

    /// Delete the evidence of a record that was erased, as far as the erasure itself left some. The same again
    /// finds nothing.
    pub async fn erase_what_is_left(&self, record: &Record) -> Result<(), Error> {
        let Some(erased) = record.state().erased else {
            return Ok(());
        };
        let subject = &record.subject;
        loop {
            let evidence = self.evidence(subject, erased.by, AT_ONCE).await?;
            if evidence.is_empty() {
                return Ok(());
            }
            for key in evidence {
                self.client
                    .delete_item()
                    .table_name(&self.table)
                    .set_key(Some(key))
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await?;
            }
        }
    }

    /// Whether that would find something.
    pub async fn is_some_left_to_erase(&self, record: &Record) -> Result<bool, Error> {
        let Some(erased) = record.state().erased else {
            return Ok(false);
        };
        let left = self.evidence(&record.subject, erased.by, 1).await?;
        Ok(!left.is_empty())
    }

    fn delete(&self, key: keys::Key) -> Result<TransactWriteItem, Error> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key))
            .build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

/// The grants beside which a contact is kept: to ask for the confirmation, to show who gave it, and to ask again
/// when the person allows more by a link. With the last facet that stands on a grant all of that is over.
fn contacts(record: &Record) -> BTreeSet<Version> {
    let grants = record.state().grants.iter();
    let asked = grants.filter(|(_, grant)| grant.to_be_confirmed);
    asked.map(|(version, _)| *version).collect()
}
