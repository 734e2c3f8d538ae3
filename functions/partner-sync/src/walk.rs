//! A recipient changed: everyone in one shard whom it concerns is looked at again, page by page.
//!
//! Where the walk is stands in its message, so that one that is cut off goes on from there.

use domain::codes::RecipientId;
use domain::subject::Subject;
use platform::queue::Errand;
use platform::wire::Word;

use crate::{Error, Parts};

/// So many subjects a page: ten batches of errands.
const PAGE: i32 = 100;

pub(crate) async fn one_page(
    parts: &Parts,
    recipient: RecipientId,
    shard: u32,
    after: Option<Subject>,
) -> Result<(), Error> {
    let members = parts
        .store
        .members(&recipient, shard, after.as_ref(), PAGE)
        .await?;
    let last = members.last().cloned();

    let mut errands: Vec<Errand> = members
        .into_iter()
        .map(|subject| Errand::deliver_anew(subject, recipient.clone()))
        .collect();
    if errands.len() as i32 == PAGE {
        errands.push(Errand::Walk {
            recipient: Word(recipient),
            shard,
            after: last.map(Word),
        });
    }
    Ok(parts.errands.send(&errands).await?)
}
