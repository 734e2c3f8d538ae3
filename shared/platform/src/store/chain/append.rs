//! The write of an act: the next item of the chain, and whatever must be written or deleted with it.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem};
use domain::act::Act;
use domain::record::Record;

use super::{Beside, Chain, Guard, hash};
use crate::store::row::{Item, text};
use crate::store::{Error, Store, evidence, keys, written};

impl Store {
    /// Append the act as the next version, unless another act got there first ([`Error::Stale`]). Returns
    /// what the act after it is chained to.
    pub(super) async fn append(
        &self,
        chain: Chain,
        act: &Act,
        guard: &Guard,
        beside: &Beside,
    ) -> Result<Chain, Error> {
        let Chain {
            record,
            hash: prev,
            mut keys,
            newest: _,
        } = chain;
        let subject = record.subject.clone();
        let before = record.clone();
        let record = record.after(self.policies, act);
        let (mut beside, sealed) = self.beside(&before, act, beside)?;
        beside.extend(self.erasures(&before, &record, act).await?);
        keys.add(guard, act.version);
        let mut item = keys::act(&subject, act.version);
        let [written, after] = written::write(act, guard.asked.as_ref(), sealed, record.state())?;
        item.insert("act".to_owned(), text(written));
        item.insert("after".to_owned(), text(after));
        if !prev.is_empty() {
            item.insert("prev".to_owned(), AttributeValue::B(Blob::new(prev)));
        }
        if !keys.bytes().is_empty() {
            let keys = Blob::new(keys.bytes());
            item.insert("keys".to_owned(), AttributeValue::B(keys));
        }
        let hash = hash(&item)?;
        if beside.is_empty() {
            self.put_next(item).await?
        } else {
            self.put_next_with(item, beside).await?
        }
        Ok(Chain {
            record,
            hash,
            keys,
            newest: None,
        })
    }

    async fn put_next(&self, item: Item) -> Result<(), Error> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }

    async fn put_next_with(&self, item: Item, beside: Vec<TransactWriteItem>) -> Result<(), Error> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .build()?;
        self.client
            .transact_write_items()
            .set_transact_items(Some(
                [vec![TransactWriteItem::builder().put(put).build()], beside].concat(),
            ))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }

    /// The writes beside an act, and the salted hash that the chain keeps of evidence.
    fn beside(
        &self,
        record: &Record,
        act: &Act,
        beside: &Beside,
    ) -> Result<(Vec<TransactWriteItem>, Option<String>), Error> {
        let subject = &record.subject;
        let (mut writes, mut sealed) = (Vec::new(), None);
        match beside {
            Beside::Nothing => {}
            Beside::Evidence(evidence) => {
                let (item, hash) = evidence::seal(subject, act.version, evidence)?;
                sealed = Some(hash);
                // Of what happened before an erasure, and is learnt of after it, the hash alone is kept.
                let erased = record.state().erased;
                if erased.is_some_and(|erased| act.happened_at <= erased.at) {
                    return Ok((writes, sealed));
                }
                let put = Put::builder()
                    .table_name(&self.table)
                    .set_item(Some(item))
                    .build()?;
                writes.push(TransactWriteItem::builder().put(put).build());
            }
            Beside::Profile(edits) => {
                for edit in edits {
                    writes.push(edit.write(&self.table, subject, act.version)?);
                }
                writes.extend(self.new_address(subject, edits, act.learnt_at)?);
            }
        }
        Ok((writes, sealed))
    }
}
