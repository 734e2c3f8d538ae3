//! The ledger: what each recipient was told about a subject, and what it acknowledged.
//!
//! It is the truth of delivery; the queue is only its fast path. A delivery *claims* its entry before it
//! reads what to send, so that nothing claimed after a withdrawal can carry what was withdrawn.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue};
use domain::act::Version;
use domain::codes::RecipientId;
use domain::facet::Facets;
use domain::holding::{Holding, Request};
use domain::record::Record;
use domain::subject::Subject;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::acts::FacetsJson;
use super::chain::newest_of;
use super::recipients::{Registration, registration, secret};
use super::row::{Item, Row, instant, number, text};
use super::{BoxError, Error, Store, keys};

/// How long a claim keeps others away: longer than any request to a recipient may take.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);

const KIND: &str = "a ledger entry";

/// One recipient's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub recipient: RecipientId,
    /// What it acknowledged to hold.
    pub acknowledged: Holding,
    /// Something was sent, or may have been, that it did not acknowledge.
    pub in_doubt: bool,
    /// How many times this entry was claimed: orders what the recipient receives.
    pub claims: u64,
    /// Deliveries that failed since the last acknowledgement.
    pub attempts: u32,
    /// When the next one is due, while one is pending.
    pub next_attempt_at: Option<Timestamp>,
    pub acknowledged_at: Option<Timestamp>,
}

/// The right to tell one recipient about one subject, until the lease ends.
#[derive(Debug, Clone)]
pub struct Claim {
    pub subject: Subject,
    /// The entry as it was before the claim, but for the count of claims.
    pub entry: Entry,
}

/// All that a delivery needs to know, read after the claim.
#[derive(Debug, Clone)]
pub struct Reading {
    pub record: Record,
    pub registration: Option<Registration>,
    pub secrets: Vec<String>,
}

impl Store {
    /// The entries of every recipient that was ever told of a subject.
    pub async fn ledger(&self, subject: &Subject) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::ledger(subject)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for item in page?.items() {
                let recipient = Row { kind: KIND, item }.text("sk")?.parse();
                entries.push(entry(
                    recipient.map_err(|error| Error::unreadable(KIND, error))?,
                    item,
                )?);
            }
        }
        Ok(entries)
    }

    /// Whether a recipient may ever have held data of a subject.
    pub async fn was_ever_told(&self, subject: &Subject, recipient: &RecipientId) -> Result<bool, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::entry(subject, recipient)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(found.item.is_some())
    }

    /// Claim the entry of a recipient, unless another delivery holds it ([`Error::Stale`]). From here on
    /// what the recipient holds is in doubt, until it acknowledges.
    pub async fn claim(
        &self,
        subject: &Subject,
        recipient: &RecipientId,
        now: Timestamp,
    ) -> Result<Claim, Error> {
        let claimed = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::entry(subject, recipient)))
            .update_expression("SET lease_until = :until, in_doubt = :yes ADD claims :one")
            .condition_expression("attribute_not_exists(lease_until) OR lease_until <= :now")
            .expression_attribute_values(
                ":until",
                instant(now.saturating_add(LEASE).unwrap_or(Timestamp::MAX)),
            )
            .expression_attribute_values(":now", instant(now))
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let before = match claimed {
            Ok(claimed) => claimed.attributes.unwrap_or_default(),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                return Err(Error::Stale);
            }
            Err(error) => return Err(error.into()),
        };
        let mut entry = entry(recipient.clone(), &before)?;
        entry.claims += 1;
        Ok(Claim {
            subject: subject.clone(),
            entry,
        })
    }

    /// What is true now: the record, the recipient and its keys, in one strongly consistent read.
    ///
    /// The errand says which act it is about; that act is the newest unless the next one exists too, and
    /// then the newest is looked for.
    pub async fn reading(
        &self,
        subject: &Subject,
        hint: Version,
        recipient: &RecipientId,
    ) -> Result<Reading, Error> {
        let mut wanted = vec![
            keys::act(subject, hint),
            keys::act(subject, hint + 1),
            keys::recipient(recipient),
            keys::key(keys::secrets(recipient), "1"),
        ];
        if hint == 0 {
            wanted.remove(0);
        }
        let (mut registered, mut secrets) = (None, Vec::new());
        let mut acts: BTreeMap<String, Item> = BTreeMap::new();
        for item in self.batch_get(wanted).await? {
            let row = Row {
                kind: "a delivery",
                item: &item,
            };
            let pk = row.text("pk")?;
            if pk.starts_with("RECIPIENT#") {
                registered = Some(registration(recipient, &item)?);
            } else if pk.starts_with("SECRET#") {
                secrets.extend(secret(&item));
            } else {
                acts.insert(row.text("sk")?.to_owned(), item);
            }
        }
        let record = match (acts.get(&keys::version(hint)), acts.get(&keys::version(hint + 1))) {
            (Some(newest), None) => newest_of(subject, newest)?.record,
            (None | Some(_), Some(_)) | (None, None) => self.chain(subject).await?.record,
        };
        Ok(Reading {
            record,
            registration: registered,
            secrets,
        })
    }

    /// The recipient acknowledged: it holds this now, and nothing is in doubt. A claim that was lost to
    /// another delivery changes nothing; that one knows better.
    pub async fn acknowledge(&self, claim: &Claim, holding: &Holding, now: Timestamp) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::entry(&claim.subject, &claim.entry.recipient)))
            .update_expression(
                "SET holding = :holding, acknowledged_at = :now, in_doubt = :no \
                 REMOVE lease_until, attempts, next_attempt_at",
            )
            .condition_expression("claims = :mine")
            .expression_attribute_values(":holding", text(write(holding)?))
            .expression_attribute_values(":now", instant(now))
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .expression_attribute_values(":mine", number(claim.entry.claims))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        unless_lost(update)
    }

    /// There was nothing to tell: the recipient told us itself, or what changed is nothing to it.
    pub async fn settle(&self, claim: &Claim, holding: &Holding) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::entry(&claim.subject, &claim.entry.recipient)))
            .update_expression(
                "SET holding = :holding, in_doubt = :before REMOVE lease_until, next_attempt_at",
            )
            .expression_attribute_values(":holding", text(write(holding)?))
            .condition_expression("claims = :mine")
            .expression_attribute_values(":before", AttributeValue::Bool(claim.entry.in_doubt))
            .expression_attribute_values(":mine", number(claim.entry.claims))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        unless_lost(update)
    }

    /// The delivery failed, or its outcome is not known: the entry stays pending until the next attempt.
    pub async fn postpone(&self, claim: &Claim, next_attempt_at: Timestamp) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::entry(&claim.subject, &claim.entry.recipient)))
            .update_expression("SET attempts = :attempts, next_attempt_at = :at REMOVE lease_until")
            .condition_expression("claims = :mine")
            .expression_attribute_values(":attempts", number(claim.entry.attempts + 1))
            .expression_attribute_values(":at", instant(next_attempt_at))
            .expression_attribute_values(":mine", number(claim.entry.claims))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        unless_lost(update)
    }
}

fn unless_lost<T, R>(
    update: Result<T, aws_sdk_dynamodb::error::SdkError<UpdateItemError, R>>,
) -> Result<(), Error>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match update {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn entry(recipient: RecipientId, item: &Item) -> Result<Entry, Error> {
    let row = Row { kind: KIND, item };
    let acknowledged = if row.has("holding") {
        read(row.text("holding")?)?
    } else {
        Holding::default()
    };
    let optional = |name| {
        if row.has(name) {
            row.instant(name).map(Some)
        } else {
            Ok(None)
        }
    };
    Ok(Entry {
        recipient,
        acknowledged,
        in_doubt: item
            .get("in_doubt")
            .is_some_and(|value| value.as_bool() == Ok(&true)),
        claims: if row.has("claims") {
            row.number("claims")?
        } else {
            0
        },
        attempts: if row.has("attempts") {
            row.number("attempts")?
        } else {
            0
        },
        next_attempt_at: optional("next_attempt_at")?,
        acknowledged_at: optional("acknowledged_at")?,
    })
}

/// A holding as it is stored: add names, never rename them.
#[derive(Serialize, Deserialize)]
struct HoldingJson {
    c: BTreeMap<String, Option<Version>>,
    f: FacetsJson,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    r: BTreeSet<String>,
    /// The confirmations asked for: grant, and until when in ms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ask: Vec<(Version, i64)>,
    /// The ends reminded of, in ms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rem: Vec<i64>,
}

fn write(holding: &Holding) -> Result<String, Error> {
    let json = HoldingJson {
        c: holding
            .categories
            .iter()
            .map(|(category, content)| (category.to_string(), *content))
            .collect(),
        f: (&holding.facets).into(),
        r: holding.relations.iter().map(ToString::to_string).collect(),
        ask: holding
            .requests
            .iter()
            .filter_map(|request| asked(*request))
            .collect(),
        rem: holding
            .requests
            .iter()
            .filter_map(|request| reminded(*request))
            .collect(),
    };
    serde_json::to_string(&json).map_err(|error| Error::unreadable(KIND, error))
}

fn asked(request: Request) -> Option<(Version, i64)> {
    match request {
        Request::Confirmation { grant, until } => Some((grant, until.as_millisecond())),
        Request::Reminder { .. } => None,
    }
}

fn reminded(request: Request) -> Option<i64> {
    match request {
        Request::Reminder { until } => Some(until.as_millisecond()),
        Request::Confirmation { .. } => None,
    }
}

fn read(stored: &str) -> Result<Holding, Error> {
    let parsed = || -> Result<Holding, BoxError> {
        let json: HoldingJson = serde_json::from_str(stored)?;
        let facets: Facets = json.f.read()?;
        let mut holding = Holding {
            facets,
            ..Holding::default()
        };
        for (category, content) in json.c {
            holding.categories.insert(category.parse()?, content);
        }
        for (grant, until) in json.ask {
            let until = Timestamp::from_millisecond(until)?;
            holding.requests.insert(Request::Confirmation { grant, until });
        }
        for until in json.rem {
            holding.requests.insert(Request::Reminder {
                until: Timestamp::from_millisecond(until)?,
            });
        }
        for kind in json.r {
            holding.relations.insert(kind.parse()?);
        }
        Ok(holding)
    };
    parsed().map_err(|error| Error::unreadable(KIND, error))
}
