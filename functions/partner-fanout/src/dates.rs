//! When a record must be looked at again, noted as what falls due.

use std::collections::BTreeSet;

use domain::act::{Act, Version, What};
use domain::due::{Due, due};
use jiff::Timestamp;
use platform::store::{self, Chain, DueItem, Store, Wake};

/// Note the dates that these acts of a record bring with them.
///
/// An act in its place brings those that name it. One that switches on what an older act granted brings that
/// one's: whether they are noted already must then be looked up.
pub(crate) async fn note(
    store: &Store,
    now: Timestamp,
    chain: &Chain,
    versions: &BTreeSet<Version>,
) -> Result<(), store::Error> {
    let dates = due(&chain.record.now(store.policies, now)).into_iter();
    let item = |due: Due| DueItem {
        at: due.at,
        subject: chain.record.subject.clone(),
        wake: Wake::Look,
    };
    let alone = chain.newest().filter(|act| versions.iter().eq([&act.version]));
    let new = if alone.is_some_and(|act| speaks_for_itself(chain, act)) {
        dates.filter(|due| versions.contains(&due.by)).map(item).collect()
    } else {
        store.not_noted(dates.map(item).collect()).await?
    };
    for item in new {
        store.put_due(&item, now).await?;
    }
    Ok(())
}

/// Whether an act comes last in order and is no confirmation: then nothing older begins with it.
fn speaks_for_itself(chain: &Chain, act: &Act) -> bool {
    let confirms = matches!(act.what, What::Confirmed { .. });
    chain.record.state().order == Some(act.order()) && !confirms
}
