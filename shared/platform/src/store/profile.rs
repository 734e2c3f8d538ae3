//! The content of a profile: one item a category, each field an attribute of its own, so that an update
//! merges without reading first.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, KeysAndAttributes, ReturnConsumedCapacity, TransactWriteItem, Update,
};
use domain::act::Version;
use domain::address::ADDRESS;
use domain::codes::{Category, Field};
use domain::subject::Subject;
use serde_json::Value;

use super::row::{Row, number, text};
use super::{Error, Store, keys};

/// The attributes of content begin with this; the others are the item's own.
pub(super) const FIELD: &str = "f_";

/// The content of one category, field by field.
pub type Content = BTreeMap<String, Value>;

/// What an update does to the content of one category.
#[derive(Clone)]
pub enum FieldEdits {
    Clear(Category),
    /// A field that is none is emptied.
    Write(Category, BTreeMap<Field, Option<Value>>),
}

crate::unprintable::unprintable!(FieldEdits);

impl FieldEdits {
    /// The write that goes with the act of this version.
    pub(super) fn write(
        &self,
        table: &str,
        subject: &Subject,
        version: Version,
    ) -> Result<TransactWriteItem, Error> {
        match self {
            Self::Clear(category) => {
                let key = Some(keys::profile(subject, category));
                let delete = Delete::builder().table_name(table).set_key(key).build()?;
                Ok(TransactWriteItem::builder().delete(delete).build())
            }
            Self::Write(category, fields) => {
                let mut update = Update::builder()
                    .table_name(table)
                    .set_key(Some(keys::profile(subject, category)))
                    .expression_attribute_values(":version", number(version));
                let (mut set, mut remove) = (vec!["version = :version".to_owned()], Vec::new());
                for (place, (field, value)) in fields.iter().enumerate() {
                    update =
                        update.expression_attribute_names(format!("#{place}"), format!("{FIELD}{field}"));
                    match value {
                        Some(value) => {
                            set.push(format!("#{place} = :{place}"));
                            // As JSON text: what a caller sent comes back to the letter.
                            update = update
                                .expression_attribute_values(format!(":{place}"), text(value.to_string()));
                        }
                        None => remove.push(format!("#{place}")),
                    }
                }
                let mut expression = format!("SET {}", set.join(", "));
                if !remove.is_empty() {
                    expression = format!("{expression} REMOVE {}", remove.join(", "));
                }
                let update = update.update_expression(expression).build()?;
                Ok(TransactWriteItem::builder().update(update).build())
            }
        }
    }
}

impl Store {
    /// The content of these categories: one batch read, of nothing else.
    pub async fn contents(
        &self,
        subject: &Subject,
        categories: impl Iterator<Item = &Category>,
    ) -> Result<BTreeMap<Category, Content>, Error> {
        let wanted: Vec<_> = categories
            .map(|category| keys::profile(subject, category))
            .collect();
        let mut contents = BTreeMap::new();
        for item in self.batch_get(wanted).await? {
            let row = Row {
                kind: "content",
                item: &item,
            };
            let category = row.text("pk")?.split('#').nth(1).unwrap_or_default();
            let category = category
                .parse()
                .map_err(|error| Error::unreadable("content", error))?;
            contents.insert(category, content_of(&row)?);
        }
        Ok(contents)
    }

    /// The e-mail address of the profile, as the contact that can be asked to confirm something.
    pub async fn address_on_file(&self, subject: &Subject) -> Result<Option<serde_json::Value>, Error> {
        let (category, field) = ADDRESS;
        let Ok(category) = category.parse::<Category>() else {
            return Ok(None);
        };
        let contents = self.contents(subject, [&category].into_iter()).await?;
        let email = contents.get(&category).and_then(|content| content.get(field));
        Ok(email.map(|email| serde_json::json!({ "email": email })))
    }

    /// Read items by key, strongly consistent, until none is left unprocessed.
    pub(super) async fn batch_get(&self, wanted: Vec<keys::Key>) -> Result<Vec<super::row::Item>, Error> {
        /// The most keys that one call takes.
        const KEYS_MAX: usize = 100;
        let mut items = Vec::new();
        let mut wanted: Vec<Vec<keys::Key>> = wanted.chunks(KEYS_MAX).map(<[_]>::to_vec).collect();
        while let Some(keys) = wanted.pop() {
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()?;
            let read = self
                .client
                .batch_get_item()
                .request_items(&self.table, keys)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await?;
            items.extend(
                read.responses
                    .unwrap_or_default()
                    .remove(&self.table)
                    .unwrap_or_default(),
            );
            let left = read.unprocessed_keys.unwrap_or_default().remove(&self.table);
            wanted.extend(left.map(|left| left.keys).filter(|keys| !keys.is_empty()));
        }
        Ok(items)
    }
}

fn content_of(row: &Row<'_>) -> Result<Content, Error> {
    let mut content = Content::new();
    for (name, value) in row.item {
        if let (Some(field), AttributeValue::S(json)) = (name.strip_prefix(FIELD), value) {
            let value = serde_json::from_str(json).map_err(|error| Error::unreadable("content", error))?;
            content.insert(field.to_owned(), value);
        }
    }
    Ok(content)
}
