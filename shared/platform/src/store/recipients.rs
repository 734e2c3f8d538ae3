//! Recipients: what they are, where they listen, since when they may be told, and their signing keys.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem};
use domain::codes::RecipientId;
use domain::recipient::{Access, Recipient, RecipientKind, Role};
use domain::subject::Subject;
use jiff::Timestamp;

use super::due::{SHARDS, shard_of};
use super::row::{Item, Row, number, text};
use super::{Error, Store, keys};

const KIND: &str = "a recipient";

/// What a recipient is registered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub kind: RecipientKind,
    pub role: Role,
    pub authorised: bool,
    pub sharing: bool,
    /// Where it is told; without one it is never told anything, and shows as pending.
    pub endpoint: String,
}

/// A recipient as it is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub recipient: Recipient,
    pub endpoint: String,
    pub version: u32,
}

impl Store {
    pub async fn recipient(&self, id: &RecipientId) -> Result<Option<Registration>, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::recipient(id)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        found.item.map(|item| registration(id, &item)).transpose()
    }

    /// Register a recipient, or change its settings, unless somebody else did in between
    /// ([`Error::Stale`]). A first signing key is stored with the first registration.
    pub async fn register(
        &self,
        id: &RecipientId,
        before: Option<Registration>,
        settings: &Settings,
        first_secret: Option<&str>,
        now: Timestamp,
    ) -> Result<Registration, Error> {
        let (version, mut history) = before.map_or((0, Vec::new()), |before| {
            (before.version, before.recipient.history)
        });
        let since = now.max(history.last().map_or(Timestamp::MIN, |last| last.since));
        let access = Access {
            since,
            authorised: settings.authorised,
            sharing: settings.sharing,
        };
        let same = |last: &Access| last.authorised == access.authorised && last.sharing == access.sharing;
        if !history.last().is_some_and(same) {
            history.push(access);
        }
        let mut item = keys::recipient(id);
        let stored: Vec<(i64, bool, bool)> = history
            .iter()
            .map(|at| (at.since.as_millisecond(), at.authorised, at.sharing))
            .collect();
        let stored = serde_json::to_string(&stored).map_err(|error| Error::unreadable(KIND, error))?;
        item.extend([
            ("kind".to_owned(), text(settings.kind.as_str())),
            ("role".to_owned(), text(settings.role.as_str())),
            ("endpoint".to_owned(), text(&settings.endpoint)),
            ("history".to_owned(), text(stored)),
            ("version".to_owned(), number(version + 1)),
        ]);
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = if version == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("version = :version")
                .expression_attribute_values(":version", number(version))
        };
        let mut writes = vec![TransactWriteItem::builder().put(put.build()?).build()];
        if let Some(secret) = first_secret {
            let mut item = keys::key(keys::secrets(id), "1");
            item.insert("secret".to_owned(), text(secret));
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item))
                .build()?;
            writes.push(TransactWriteItem::builder().put(put).build());
        }
        let written = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match written {
            Ok(_) => {
                let recipient = Recipient {
                    id: id.clone(),
                    kind: settings.kind,
                    role: settings.role,
                    history,
                };
                Ok(Registration {
                    recipient,
                    endpoint: settings.endpoint.clone(),
                    version: version + 1,
                })
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(TransactWriteItemsError::is_transaction_canceled_exception) =>
            {
                Err(Error::Stale)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Remember that a subject may ever concern a recipient, so that it is found without a scan.
    pub async fn add_member(&self, recipient: &RecipientId, subject: &Subject) -> Result<(), Error> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(keys::key(
                keys::members(recipient, shard_of(subject)),
                subject,
            )))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }

    /// Every subject that may ever concern a recipient, page by page.
    pub async fn members(&self, recipient: &RecipientId) -> Result<Vec<Subject>, Error> {
        let mut members = Vec::new();
        for shard in 0..SHARDS {
            let mut pages = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", text(keys::members(recipient, shard)))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                for item in page?.items() {
                    let subject = Row {
                        kind: "a member",
                        item,
                    }
                    .text("sk")?
                    .parse();
                    members.push(subject.map_err(|error| Error::unreadable("a member", error))?);
                }
            }
        }
        Ok(members)
    }
}

pub(super) fn registration(id: &RecipientId, item: &Item) -> Result<Registration, Error> {
    let row = Row { kind: KIND, item };
    let unreadable = |error: domain::recipient::NotARecipient| Error::unreadable(KIND, error);
    let stored: Vec<(i64, bool, bool)> =
        serde_json::from_str(row.text("history")?).map_err(|error| Error::unreadable(KIND, error))?;
    let history = stored.into_iter().map(|(since, authorised, sharing)| {
        let since = Timestamp::from_millisecond(since).map_err(|error| Error::unreadable(KIND, error))?;
        Ok(Access {
            since,
            authorised,
            sharing,
        })
    });
    let recipient = Recipient {
        id: id.clone(),
        kind: row.text("kind")?.parse().map_err(unreadable)?,
        role: row.text("role")?.parse().map_err(unreadable)?,
        history: history.collect::<Result<_, Error>>()?,
    };
    Ok(Registration {
        recipient,
        endpoint: row.text("endpoint")?.to_owned(),
        version: row.number("version")?,
    })
}

/// The signing secret in an item of `SECRET#`.
pub(super) fn secret(item: &Item) -> Option<String> {
    match item.get("secret") {
        Some(AttributeValue::S(secret)) => Some(secret.clone()),
        Some(_) | None => None,
    }
}
