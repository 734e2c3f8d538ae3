//! What an act leaves in the table, as two texts: the act, and the state after it.

use domain::act::{Act, Version};
use domain::record::Record;
use domain::state::State;
use domain::subject::Subject;

use super::acts::StoredAct;
use super::chain::Fingerprint;
use super::{Error, acts, snapshot};

/// The texts of an act and of the state after it. The evidence that lies elsewhere leaves its salted hash.
pub fn write(
    act: &Act,
    asked: Option<&Fingerprint>,
    sealed: Option<String>,
    after: &State,
) -> Result<[String; 2], Error> {
    Ok([acts::write(act, asked, sealed)?, snapshot::write(after)?])
}

/// The act that they say, and the record as it left it.
pub fn read(subject: &Subject, version: Version, texts: [&str; 2]) -> Result<(Act, Record), Error> {
    let (stored, record) = stored(subject, version, texts)?;
    Ok((stored.act, record))
}

/// The same with the request that led to it.
pub(super) fn stored(
    subject: &Subject,
    version: Version,
    [act, after]: [&str; 2],
) -> Result<(StoredAct, Record), Error> {
    let stored = acts::read(version, act)?;
    let state = snapshot::read(after)?;
    let record = Record::newest(subject.clone(), version, stored.act.learnt_at, state);
    Ok((stored, record))
}
