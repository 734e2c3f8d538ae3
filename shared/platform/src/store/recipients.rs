//! Recipients: what they are, where they listen, since when they may be told, and their signing keys.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem};
use domain::codes::RecipientId;
use domain::recipient::{Access, Recipient, RecipientKind, Role};
use domain::subject::Subject;
use jiff::Timestamp;

use super::due::shard_of;
use super::row::{Item, Row, instant, number, text};
use super::{Error, Store, keys};

const KIND: &str = "a recipient";

/// Where the live signing keys are: two, so that one can be replaced without a gap.
pub(super) const SECRET_SLOTS: [&str; 2] = ["A", "B"];

/// What a recipient is registered with.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    pub kind: RecipientKind,
    pub role: Role,
    pub authorised: bool,
    pub sharing: bool,
    /// What people call it.
    pub name: Option<String>,
    /// Where it is told.
    pub endpoint: String,
    /// Whom to call when it is not reached; a desk, not a person.
    pub contact: Option<String>,
    /// The most requests that it takes a minute.
    pub rate_per_minute: Option<u32>,
}

/// A recipient as it is registered.
#[derive(Clone, PartialEq, Eq)]
pub struct Registration {
    pub recipient: Recipient,
    pub name: Option<String>,
    pub endpoint: String,
    pub contact: Option<String>,
    pub rate_per_minute: Option<u32>,
    pub version: u32,
    /// How many signing keys it was given so far.
    pub keys_given: usize,
}

crate::unprintable::unprintable!(Settings, Registration);

impl From<&Registration> for Settings {
    fn from(registered: &Registration) -> Self {
        let access = registered.recipient.access_now();
        Self {
            kind: registered.recipient.kind,
            role: registered.recipient.role,
            authorised: access.is_some_and(|access| access.authorised),
            sharing: access.is_some_and(|access| access.sharing),
            name: registered.name.clone(),
            endpoint: registered.endpoint.clone(),
            contact: registered.contact.clone(),
            rate_per_minute: registered.rate_per_minute,
        }
    }
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

    /// Those of these that are registered.
    pub async fn registered(
        &self,
        ids: &BTreeSet<&RecipientId>,
    ) -> Result<BTreeMap<RecipientId, Registration>, Error> {
        let wanted: Vec<keys::Key> = ids.iter().map(|id| keys::recipient(id)).collect();
        let mut registered = BTreeMap::new();
        for item in self.batch_get(wanted).await? {
            let row = Row {
                kind: KIND,
                item: &item,
            };
            let id = keys::recipient_of(row.text("pk")?);
            let id = id.ok_or_else(|| Error::unreadable(KIND, "the key of no recipient"))?;
            let registration = registration(&id, &item)?;
            registered.insert(id, registration);
        }
        Ok(registered)
    }

    /// Register a recipient, or change its settings, unless somebody else did in between
    /// ([`Error::Stale`]). A new signing key takes the place of the older of two. Every version is kept.
    pub async fn register(
        &self,
        id: &RecipientId,
        before: Option<Registration>,
        settings: &Settings,
        new_secret: Option<&str>,
        now: Timestamp,
    ) -> Result<Registration, Error> {
        let (version, keys_given, mut history) = before.map_or((0, 0, Vec::new()), |before| {
            (before.version, before.keys_given, before.recipient.history)
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
        let registered = Registration {
            recipient: Recipient {
                id: id.clone(),
                kind: settings.kind,
                role: settings.role,
                history,
            },
            name: settings.name.clone(),
            endpoint: settings.endpoint.clone(),
            contact: settings.contact.clone(),
            rate_per_minute: settings.rate_per_minute,
            version: version + 1,
            keys_given: keys_given + usize::from(new_secret.is_some()),
        };
        let mut attributes = attributes(&registered)?;
        // For `reconcile`, which looks for what changed while nothing followed from changes.
        attributes.push(("at", instant(now)));
        let kept = keys::key(keys::recipients(id), keys::version(version + 1));
        let mut items = vec![with(kept, &attributes)];
        if let Some(secret) = new_secret {
            let slot = keys::key(keys::secrets(id), SECRET_SLOTS[keys_given % SECRET_SLOTS.len()]);
            items.push(with(slot, &[("secret", text(secret)), ("since", instant(now))]));
        }
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(with(keys::recipient(id), &attributes)));
        let put = if version == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("version = :version")
                .expression_attribute_values(":version", number(version))
        };
        let mut writes = vec![TransactWriteItem::builder().put(put.build()?).build()];
        for item in items {
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item))
                .build()?;
            writes.push(TransactWriteItem::builder().put(put).build());
        }
        self.client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(registered)
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

    /// A page of the subjects in one shard that may ever concern a recipient, after one of them. It must be the
    /// newest: somebody who is missing was told by the settings before, and would be told no more.
    pub async fn members(
        &self,
        recipient: &RecipientId,
        shard: u32,
        after: Option<&Subject>,
        page_size: i32,
    ) -> Result<Vec<Subject>, Error> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", text(keys::members(recipient, shard)))
            .expression_attribute_values(":after", text(after.map_or(" ", Subject::as_str)))
            .consistent_read(true)
            .limit(page_size)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let subject = |item: &Item| {
            let row = Row {
                kind: "a member",
                item,
            };
            row.text("sk")?
                .parse()
                .map_err(|error| Error::unreadable("a member", error))
        };
        page.items().iter().map(subject).collect()
    }
}

/// What is stored of a registration besides its keys.
fn attributes(registered: &Registration) -> Result<Vec<(&'static str, AttributeValue)>, Error> {
    let recipient = &registered.recipient;
    let history = recipient
        .history
        .iter()
        .map(|at| (at.since.as_millisecond(), at.authorised, at.sharing));
    let history: Vec<(i64, bool, bool)> = history.collect();
    let history = serde_json::to_string(&history).map_err(|error| Error::unreadable(KIND, error))?;
    let mut attributes = vec![
        ("kind", text(recipient.kind.as_str())),
        ("role", text(recipient.role.as_str())),
        ("endpoint", text(&registered.endpoint)),
        ("history", text(history)),
        ("version", number(registered.version)),
        ("keys_given", number(registered.keys_given)),
    ];
    attributes.extend(registered.name.as_ref().map(|name| ("name", text(name))));
    attributes.extend(
        registered
            .contact
            .as_ref()
            .map(|contact| ("contact", text(contact))),
    );
    attributes.extend(
        registered
            .rate_per_minute
            .map(|rate| ("rate_per_minute", number(rate))),
    );
    Ok(attributes)
}

fn with(mut key: keys::Key, attributes: &[(&str, AttributeValue)]) -> Item {
    key.extend(
        attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    key
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
    let optional = |name| {
        if row.has(name) {
            row.text(name).map(|text| Some(text.to_owned()))
        } else {
            Ok(None)
        }
    };
    let recipient = Recipient {
        id: id.clone(),
        kind: row.text("kind")?.parse().map_err(unreadable)?,
        role: row.text("role")?.parse().map_err(unreadable)?,
        history: history.collect::<Result<_, Error>>()?,
    };
    Ok(Registration {
        recipient,
        name: optional("name")?,
        endpoint: row.text("endpoint")?.to_owned(),
        contact: optional("contact")?,
        rate_per_minute: if row.has("rate_per_minute") {
            Some(row.number("rate_per_minute")?)
        } else {
            None
        },
        version: row.number("version")?,
        keys_given: row.number("keys_given")?,
    })
}

/// The signing secret in an item of `SECRET#`.
pub(super) fn secret(item: &Item) -> Option<String> {
    match item.get("secret") {
        Some(AttributeValue::S(secret)) => Some(secret.clone()),
        Some(_) | None => None,
    }
}
