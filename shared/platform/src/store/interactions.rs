//! What a data subject did with e-mails, as content of the profile: for each field, the last interaction with
//! each campaign. It is tracking that writes it and no act, for a click is no step of a consent.
//!
//! The last one wins whatever order they come in, so the same event twice changes nothing.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{ConditionCheck, Delete, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::act::Version;
use domain::codes::{Category, Field};
use domain::record::Record;
use domain::subject::Subject;
use jiff::Timestamp;

use super::due::{DueItem, Wake};
use super::profile::FIELD;
use super::row::{Row, instant, number, text};
use super::{Error, Store, keys};
use tracked::{Tracked, dated, first_end, remembered, tracked};

pub use tracked::Seen;

mod tracked;

const KIND: &str = "tracking content";
/// How often it was written.
const REVISION: &str = "revision";
/// The version of the record that it was last kept under.
const VERSION: &str = "version";
/// When it is noted to be looked at, because some of it is over.
const LOOK_AT: &str = "look_at";

/// What is tracked of a subject in a category, as it was read.
struct Tracking {
    subject: Subject,
    category: Category,
    tracked: Tracked,
    revision: Option<u64>,
    /// The version of the record that it was last kept under.
    under: Version,
    look_at: Option<Timestamp>,
}

impl Tracking {
    fn key(&self) -> keys::Key {
        keys::profile(&self.subject, &self.category)
    }

    /// When it is noted to be looked at, if that is soon enough for an end.
    fn noted(&self, end: Timestamp, now: Timestamp) -> Option<Timestamp> {
        self.look_at.filter(|look_at| now < *look_at && *look_at <= end)
    }

    fn look(&self, at: Timestamp) -> DueItem {
        let subject = self.subject.clone();
        let wake = Wake::Tracked;
        DueItem { at, subject, wake }
    }
}

impl Store {
    /// Keep interactions, unless the record has changed since it was read, or another report about the same
    /// subject came in between ([`Error::Stale`]): nothing is stored against a withdrawal that was faster.
    pub async fn keep(
        &self,
        record: &Record,
        category: &Category,
        seen: &[Seen],
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut before = self.tracking(&record.subject, category).await?;
        let after = remembered(before.tracked.clone(), seen, now);
        before.under = record.version;
        let Some(write) = self.rewrite(&before, &after, now).await? else {
            return Ok(());
        };
        let unchanged = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(keys::act(&record.subject, record.version + 1)))
            .condition_expression("attribute_not_exists(pk)")
            .build()?;
        let unchanged = TransactWriteItem::builder().condition_check(unchanged).build();
        self.transact(vec![unchanged, write]).await
    }

    /// Forget the interactions that were kept as long as they may be, unless a report came in between
    /// ([`Error::Stale`]).
    pub async fn forget_what_is_over(
        &self,
        subject: &Subject,
        category: &Category,
        now: Timestamp,
    ) -> Result<(), Error> {
        let before = self.tracking(subject, category).await?;
        let after = remembered(before.tracked.clone(), &[], now);
        match self.rewrite(&before, &after, now).await? {
            Some(write) => self.transact(vec![write]).await,
            None => Ok(()),
        }
    }

    /// Forget all of it: by this record the consent to it has ended. What was kept under a newer act stays, for by
    /// that there is a consent again.
    pub async fn forget_interactions(&self, record: &Record, category: &Category) -> Result<(), Error> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(keys::profile(&record.subject, category)))
            .condition_expression("attribute_not_exists(version) OR version <= :version")
            .expression_attribute_values(":version", number(record.version))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match deleted.map_err(Error::from) {
            Ok(_) | Err(Error::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Give interactions their ends anew, by the consents that this record stands on and by the policies of today,
    /// and note the first of them where nobody has. Says whether there was something to do.
    pub async fn date_interactions(
        &self,
        record: &Record,
        category: &Category,
        now: Timestamp,
        dry_run: bool,
    ) -> Result<bool, Error> {
        let before = self.tracking(&record.subject, category).await?;
        let end_of = |at| self.policies.kept_until(record.state(), category, at);
        let after = dated(before.tracked.clone(), end_of);
        let Some(end) = first_end(&after) else {
            return Ok(false);
        };
        let is_noted = match before.noted(end, now) {
            Some(at) => self.not_noted(vec![before.look(at)]).await?.is_empty(),
            None => false,
        };
        let is_dated = is_noted && after == before.tracked;
        if !is_dated && !dry_run {
            self.put_due(&before.look(end), now).await?;
            self.transact(vec![self.updated(&before, &after, end)?]).await?;
        }
        Ok(!is_dated)
    }

    async fn tracking(&self, subject: &Subject, category: &Category) -> Result<Tracking, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::profile(subject, category)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let item = &found.item.unwrap_or_default();
        let row = Row { kind: KIND, item };
        let has = |name| row.has(name).then_some(name);
        Ok(Tracking {
            subject: subject.clone(),
            category: category.clone(),
            tracked: tracked(&row)?,
            revision: has(REVISION).map(|name| row.number(name)).transpose()?,
            under: has(VERSION).map_or(Ok(0), |name| row.number(name))?,
            look_at: has(LOOK_AT).map(|name| row.instant(name)).transpose()?,
        })
    }

    /// The write after which it is so; none where nothing is to be written. When the next of it will be over is
    /// noted before.
    async fn rewrite(
        &self,
        before: &Tracking,
        after: &Tracked,
        now: Timestamp,
    ) -> Result<Option<TransactWriteItem>, Error> {
        let Some(end) = first_end(after) else {
            let was_some = !before.tracked.is_empty();
            return was_some.then(|| self.deleted(before)).transpose();
        };
        let noted = before.noted(end, now);
        if *after == before.tracked && noted.is_some() {
            return Ok(None);
        }
        if noted.is_none() {
            self.put_due(&before.look(end), now).await?;
        }
        self.updated(before, after, noted.unwrap_or(end)).map(Some)
    }

    /// The fields that are not as they were are written, unless somebody else writes first.
    fn updated(
        &self,
        before: &Tracking,
        after: &Tracked,
        look_at: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(before.key()))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":under", number(before.under))
            .expression_attribute_values(":look", instant(look_at));
        update = match before.revision {
            Some(revision) => update
                .condition_expression("revision = :before")
                .expression_attribute_values(":before", number(revision)),
            None => update.condition_expression("attribute_not_exists(revision)"),
        };
        let mut set = vec![format!("{LOOK_AT} = :look"), format!("{VERSION} = :under")];
        let mut remove = Vec::new();
        let before = &before.tracked;
        let fields: BTreeSet<&Field> = before.keys().chain(after.keys()).collect();
        let changed = fields
            .into_iter()
            .filter(|field| before.get(*field) != after.get(*field));
        for (place, field) in changed.enumerate() {
            update = update.expression_attribute_names(format!("#{place}"), format!("{FIELD}{field}"));
            match after.get(field) {
                Some(list) => {
                    let json = serde_json::to_string(list).map_err(|error| Error::unreadable(KIND, error))?;
                    set.push(format!("#{place} = :{place}"));
                    update = update.expression_attribute_values(format!(":{place}"), text(json));
                }
                None => remove.push(format!("#{place}")),
            }
        }
        let mut expression = format!("SET {} ADD {REVISION} :one", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        let update = update.update_expression(expression).build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Nothing is left of it, unless somebody else writes first.
    fn deleted(&self, before: &Tracking) -> Result<TransactWriteItem, Error> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(before.key()))
            .condition_expression("revision = :before")
            .expression_attribute_values(":before", number(before.revision.unwrap_or_default()))
            .build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<(), Error> {
        self.client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }
}
