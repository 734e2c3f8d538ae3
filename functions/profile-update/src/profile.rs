//! `PATCH /v1/subjects/{subject}/profile`: a JSON Merge Patch, one object a category, all or nothing.
//!
//! The content goes beside the chain, which says only which categories were written. A name that is not
//! ours is never repeated, for it may be personal data in the wrong place.

use std::collections::{BTreeMap, BTreeSet};

use domain::act::{Evidence, Grade};
use domain::codes::{Category, Field, Source};
use domain::policy::Policies;
use domain::profile::{Edit, Teller};
use domain::recipient::Recipient;
use domain::record::Record;
use domain::refusal::Refusal;
use jiff::Timestamp;
use platform::caller::{self, Caller};
use platform::http::{self, Answer, Problem, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::{Beside, FieldEdits, Store};
use platform::told;
use serde_json::{Map, Value};

const TEXT_LEN_MAX: usize = 1_000;
const LIST_LEN_MAX: usize = 50;
/// Of a whole list as JSON: a category with all of its fields is one item of the table, which takes 400 KB.
const LIST_LETTERS_MAX: usize = 4_000;

pub(crate) async fn update(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    take(store, pseudonyms, None, now, request).await
}

/// A recipient tells what it learnt; it reaches the others that may hold that category (S12, S13).
pub(crate) async fn update_from_a_recipient(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    request: Request,
) -> Answer {
    let id = caller::recipient_itself(&request)?;
    let registered = store.recipient(&id).await?;
    let recipient = registered
        .map(|registration| registration.recipient)
        .ok_or(Refusal::UnknownRecipient)?;
    let subject = http::subject(&request, pseudonyms)?;
    let record = store.chain(&subject).await?.record;
    if !store.may_know(&record, &recipient, now).await? {
        return Err(caller::not_concerned());
    }
    take(store, pseudonyms, Some(recipient), now, request).await
}

async fn take(
    store: &Store,
    pseudonyms: &Pseudonyms,
    from: Option<Recipient>,
    now: Timestamp,
    request: Request,
) -> Answer {
    let subject = http::subject(&request, pseudonyms)?;
    http::only_query(&request, &["source"])?;
    let source: Option<Source> = http::query(&request, "source")?;
    let source =
        source.ok_or_else(|| Problem::bad("malformed", "query source", "say where the data comes from"))?;
    let caller = Caller::of(&request)?;
    let teller = teller(&caller, from.as_ref()).ok_or(Refusal::NotYourSource)?;
    let guard = http::guard(&request)?;
    let patch: Map<String, Value> = http::merge_patch(&request)?;
    let edits = edits(store.policies, patch)?;
    let named: BTreeMap<Category, Edit> = edits.iter().map(named).collect();
    let evidence = Evidence {
        told_by: from.as_ref().map(|recipient| recipient.id.clone()),
        ..Evidence::of(caller.via(None), Grade::D)
    };

    let step = |record: &Record| {
        record.update_profile(store.policies, &named, (&source, teller), evidence.clone(), now)
    };
    let change = store
        .amend(&subject, &guard, &Beside::Profile(edits), step)
        .await?;

    told::changed(Status::OK, &change, store.policies, now)
}

/// As what the caller tells of data; as nothing where it may only read.
fn teller<'a>(caller: &Caller, from: Option<&'a Recipient>) -> Option<Teller<'a>> {
    match caller {
        Caller::Subject(_) => Some(Teller::Subject),
        Caller::Staff => Some(Teller::Staff),
        Caller::Service => Some(Teller::Service),
        Caller::Partner(_) => from.map(Teller::Recipient),
        Caller::Site | Caller::Statistics | Caller::Auditor => None,
    }
}

/// What the patch does to each category.
fn edits(policies: &Policies, patch: Map<String, Value>) -> Result<Vec<FieldEdits>, Problem> {
    let edits = patch.into_iter().map(|(name, value)| {
        let category: Category = name
            .parse()
            .map_err(|_| Problem::unprocessable("unknown-category", "/?", "not a category"))?;
        match value {
            Value::Null => Ok(FieldEdits::Clear(category)),
            Value::Object(fields) => {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| field(policies, &category, &name, value));
                let fields: BTreeMap<Field, Option<Value>> = fields.collect::<Result<_, Problem>>()?;
                Ok(FieldEdits::Write(category, fields))
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Err(Problem::bad(
                "malformed",
                "/?",
                "a category is an object of fields, or null to clear it",
            )),
        }
    });
    // A category without a single field says nothing.
    let says_something = |edit: &Result<FieldEdits, Problem>| !matches!(edit, Ok(FieldEdits::Write(_, fields)) if fields.is_empty());
    edits.filter(says_something).collect()
}

fn field(
    policies: &Policies,
    category: &Category,
    name: &str,
    value: Value,
) -> Result<(Field, Option<Value>), Problem> {
    let unknown = || {
        let field = place(policies, category, None);
        Problem::unprocessable("unknown-field", field, "not a field of this category")
    };
    let field: Field = name.parse().map_err(|_| unknown())?;
    if value.is_null() {
        return Ok((field, None));
    }
    let fits = match &value {
        // An object would have to be merged field by field; the fields of a category are flat.
        Value::Object(_) => false,
        Value::Array(list) => {
            list.len() <= LIST_LEN_MAX
                && list.iter().all(|value| fits(value, true))
                && value.to_string().chars().count() <= LIST_LETTERS_MAX
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => fits(&value, false),
    };
    if !fits {
        let detail = format!(
            "a value is a text of at most {TEXT_LEN_MAX} letters, a number, a truth value, or a list of at most \
             {LIST_LEN_MAX} of these or of flat objects that has at most {LIST_LETTERS_MAX} letters as JSON"
        );
        let field = place(policies, category, Some(&field));
        return Err(Problem::unprocessable("unfit-value", field, detail));
    }
    Ok((field, Some(value)))
}

/// Where something is wrong, in the words of the notices: any other may be personal data in the wrong place.
fn place(policies: &Policies, category: &Category, field: Option<&Field>) -> String {
    let terms = policies
        .iter()
        .filter_map(|policy| policy.categories.get(category));
    let mut known = terms.peekable();
    if known.peek().is_none() {
        return "/?".to_owned();
    }
    let field = field.filter(|field| known.any(|terms| terms.fields.contains(*field)));
    format!("/{category}/{}", field.map_or("?", Field::as_str))
}

fn fits(value: &Value, in_a_list: bool) -> bool {
    match value {
        Value::String(text) => text.chars().count() <= TEXT_LEN_MAX,
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::Array(_) => false,
        Value::Object(fields) => {
            in_a_list && fields.len() <= LIST_LEN_MAX && fields.values().all(|value| fits(value, false))
        }
    }
}

/// The same edit without its values, which the domain does not need.
fn named(edit: &FieldEdits) -> (Category, Edit) {
    match edit {
        FieldEdits::Clear(category) => (category.clone(), Edit::Clear),
        FieldEdits::Write(category, fields) => {
            let fields: BTreeSet<Field> = fields.keys().cloned().collect();
            (category.clone(), Edit::Write(fields))
        }
    }
}
