//! A data subject's record as a chain of immutable items: one act, one item, one write.
//!
//! Each item holds the act, the state after it, the hash of the item before it, and the idempotency keys so
//! far. A conditional write of the next version commits; whoever loses the race reads and decides again.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::act::{Act, Version};
use domain::record::Record;
use domain::refusal::Refusal;
use domain::subject::Subject;
use jiff::SignedDuration;

use super::profile::FieldEdits;
use super::row::{Item, Row, text};
use super::{Error, Store, acts, keys, written};
use crate::digest;
use remembered::Remembered;

mod append;
mod remembered;

/// How often a step is decided anew when others keep getting there first.
const TRIES_MAX: usize = 8;
/// So many acts of one subject in an hour: a person with several devices makes a dozen, and a program that
/// repeats itself must not fill a record that is kept for good.
const ACTS_PER_HOUR_MAX: Version = 120;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A record as it was read, and what the next act is chained to.
#[derive(Debug, Clone)]
pub struct Chain {
    pub record: Record,
    /// The hash of the newest item; empty before the first.
    hash: Vec<u8>,
    keys: Remembered,
    /// The newest act with the request that led to it; none before the first, or after an act was appended.
    newest: Option<acts::StoredAct>,
}

/// The hashes of an idempotency key and of the request that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    pub key: String,
    pub body: String,
}

/// What the caller says about the state that it wants changed.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    pub asked: Option<Fingerprint>,
    /// The key is one that a website sent, as anybody can.
    pub by_site: bool,
    /// Only if this is the newest version (`If-Match`); looked at after the key.
    pub only_at: Option<Version>,
    /// Only if nothing is known of the subject (`If-None-Match: *`): saves the read.
    pub only_new: bool,
}

/// What is written together with an act.
#[derive(Clone, Default)]
pub enum Beside {
    #[default]
    Nothing,
    /// Evidence that identifies, as JSON: it lies beside the chain, which holds its salted hash.
    Evidence(String),
    /// The content of a profile update.
    Profile(Vec<FieldEdits>),
}

crate::unprintable::unprintable!(Beside);

/// What became of a step.
#[derive(Debug, Clone)]
pub struct Change {
    /// The record after it.
    pub record: Record,
    /// The act that was added, now or by the same request before; none where there was nothing to add.
    pub act: Option<Act>,
}

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the idempotency key came with another request before")]
    KeyReused,
    #[error("the record is not at the version that the caller named")]
    OtherVersion,
    #[error("something is known of the subject already")]
    NotNew,
    #[error("this many keyed requests are the most that a record takes")]
    TooManyKeys,
    #[error("more than {ACTS_PER_HOUR_MAX} acts of one subject in an hour")]
    TooManyActs { free_in: SignedDuration },
    #[error(transparent)]
    Store(#[from] Error),
}

impl Store {
    /// The record as its newest act left it: one strongly consistent read.
    pub async fn chain(&self, subject: &Subject) -> Result<Chain, Error> {
        let newest = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::chain(subject)))
            .scan_index_forward(false)
            .limit(1)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        match newest.items().first() {
            Some(item) => newest_of(subject, item),
            None => Ok(Chain::empty(subject)),
        }
    }

    /// The record with every act: what questions about the past need.
    pub async fn whole_chain(&self, subject: &Subject) -> Result<Chain, Error> {
        let mut chain = Chain::empty(subject);
        let mut acts = Vec::new();
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::chain(subject)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page?;
            for item in page.items() {
                acts.push(act_of(item)?.act);
            }
            if let Some(last) = page.items().last() {
                chain = newest_of(subject, last)?;
            }
        }
        chain.record = chain.record.with_acts(acts);
        Ok(chain)
    }

    /// Take a step: read, decide, append; and again, if somebody else appended in between.
    ///
    /// The same request again is the same act and the same answer. A step that adds nothing writes nothing.
    pub async fn amend(
        &self,
        subject: &Subject,
        guard: &Guard,
        beside: &Beside,
        decide: impl Fn(&Record) -> Result<Option<Act>, Refusal>,
    ) -> Result<Change, NotTaken> {
        let mut chain = if guard.only_new {
            Chain::empty(subject)
        } else {
            self.chain(subject).await?
        };
        for _ in 0..TRIES_MAX {
            if let Some(change) = self.asked_before(&chain, guard).await? {
                return Ok(change);
            }
            guard.admits(chain.record.version)?;
            let Some(act) = decide(&chain.record)? else {
                return Ok(Change {
                    record: chain.record,
                    act: None,
                });
            };
            if chain.keys.is_full_for(guard) {
                return Err(NotTaken::TooManyKeys);
            }
            self.not_too_many(&chain.record, &act).await?;
            if !chain.record.can_take(&act) {
                chain = self.whole_chain(subject).await?;
                continue;
            }
            match self.append(chain, &act, guard, beside).await {
                Ok(Chain { record, .. }) => {
                    return Ok(Change {
                        record,
                        act: Some(act),
                    });
                }
                Err(Error::Stale) => chain = self.chain(subject).await?,
                Err(error @ (Error::Unreadable { .. } | Error::Unfit(_) | Error::Unavailable(_))) => {
                    return Err(error.into());
                }
            }
        }
        Err(Error::Stale.into())
    }

    /// Refuse an act while as many as a subject may have in an hour are younger than that: read from the one
    /// that would be the oldest of them. Taking something back is never refused for it.
    async fn not_too_many(&self, record: &Record, act: &Act) -> Result<(), NotTaken> {
        let Some(oldest) = record
            .version
            .checked_sub(ACTS_PER_HOUR_MAX - 1)
            .filter(|version| *version > 0)
        else {
            return Ok(());
        };
        if act.what.takes_back() {
            return Ok(());
        }
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::act(&record.subject, oldest)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(Error::from)?;
        let Some(item) = found.item else { return Ok(()) };
        let age = act.learnt_at.duration_since(act_of(&item)?.act.learnt_at);
        if age < HOUR {
            return Err(NotTaken::TooManyActs { free_in: HOUR - age });
        }
        Ok(())
    }

    /// Take a step as often as it adds something: one read, and one write an act. Says how many were added.
    pub async fn amend_until_done(
        &self,
        subject: &Subject,
        decide: impl Fn(&Record) -> Result<Option<Act>, Refusal>,
    ) -> Result<usize, NotTaken> {
        let (mut added, mut overtaken) = (0, 0);
        let mut chain = self.chain(subject).await?;
        while let Some(act) = decide(&chain.record)? {
            if !chain.record.can_take(&act) {
                chain = self.whole_chain(subject).await?;
                continue;
            }
            match self
                .append(chain, &act, &Guard::default(), &Beside::Nothing)
                .await
            {
                Ok(after) => {
                    chain = after;
                    added += 1;
                }
                Err(Error::Stale) if overtaken < TRIES_MAX => {
                    chain = self.chain(subject).await?;
                    overtaken += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(added)
    }

    /// What the same request led to before, if it came before.
    async fn asked_before(&self, chain: &Chain, guard: &Guard) -> Result<Option<Change>, NotTaken> {
        let Some(asked) = &guard.asked else {
            return Ok(None);
        };
        let subject = &chain.record.subject;
        let Some(version) = chain.keys.led_to(asked) else {
            return Ok(None);
        };
        let (record, stored) = match &chain.newest {
            // As most often: whoever asks again does so at once.
            Some(newest) if newest.act.version == version => (chain.record.clone(), newest.clone()),
            Some(_) | None => self.act(subject, version).await?,
        };
        match stored.asked {
            Some(before) if before == *asked => Ok(Some(Change {
                record,
                act: Some(stored.act),
            })),
            Some(before) if before.key == asked.key => Err(NotTaken::KeyReused),
            // Another key with the same 64 bits.
            Some(_) | None => Ok(None),
        }
    }

    /// An act that others have followed, and the record as it left it.
    async fn act(&self, subject: &Subject, version: Version) -> Result<(Record, acts::StoredAct), Error> {
        // It is immutable and older than what was just read, so an eventual read finds it.
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::act(subject, version)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let item = found
            .item
            .ok_or_else(|| Error::unreadable(ROW, "a listed key leads to no act"))?;
        Ok((newest_of(subject, &item)?.record, act_of(&item)?))
    }
}

impl Guard {
    /// Whether the caller wants what is at this version changed; 0 is the version of what is not there.
    pub fn admits(&self, version: Version) -> Result<(), NotTaken> {
        if self.only_at.is_some_and(|only_at| only_at != version) {
            Err(NotTaken::OtherVersion)
        } else if self.only_new && version > 0 {
            Err(NotTaken::NotNew)
        } else {
            Ok(())
        }
    }
}

impl Chain {
    fn empty(subject: &Subject) -> Self {
        Self {
            record: Record::empty(subject.clone()),
            hash: Vec::new(),
            keys: Remembered::default(),
            newest: None,
        }
    }

    /// The newest act; none before the first, or after an act was appended.
    pub fn newest(&self) -> Option<&Act> {
        self.newest.as_ref().map(|newest| &newest.act)
    }
}

const ROW: &str = "an act";

pub(super) fn newest_of(subject: &Subject, item: &Item) -> Result<Chain, Error> {
    let row = Row { kind: ROW, item };
    let version = version_of(&row)?;
    let (stored, record) = written::stored(subject, version, [row.text("act")?, row.text("after")?])?;
    Ok(Chain {
        record,
        hash: hash(item)?,
        keys: Remembered::read(keys_of(item)),
        newest: Some(stored),
    })
}

fn act_of(item: &Item) -> Result<acts::StoredAct, Error> {
    let row = Row { kind: ROW, item };
    acts::read(version_of(&row)?, row.text("act")?)
}

fn version_of(row: &Row<'_>) -> Result<Version, Error> {
    row.text("sk")?
        .parse()
        .map_err(|error| Error::unreadable(ROW, error))
}

fn keys_of(item: &HashMap<String, AttributeValue>) -> &[u8] {
    Row { kind: ROW, item }.bytes("keys").unwrap_or_default()
}

/// The hash of an item, which the next one holds: over all of its attributes, the hash before included.
fn hash(item: &Item) -> Result<Vec<u8>, Error> {
    let row = Row { kind: ROW, item };
    let prev = row.bytes("prev").unwrap_or_default();
    let parts = [
        row.text("pk")?,
        row.text("sk")?,
        row.text("act")?,
        row.text("after")?,
    ]
    .map(str::as_bytes);
    let [pk, sk, act, after] = parts;
    Ok(digest::sha256(&[pk, sk, prev, act, after, keys_of(item)]).to_vec())
}
