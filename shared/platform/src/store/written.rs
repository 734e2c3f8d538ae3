//! What an act leaves in the table, as two texts: the act, and the state after it.

use domain::act::{Act, Version};
use domain::record::Record;
use domain::state::State;
use domain::subject::Subject;

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
pub fn read(subject: &Subject, version: Version, [act, after]: [&str; 2]) -> Result<(Act, Record), Error> {
    let act = acts::read(version, act)?.act;
    let record = Record::newest(subject.clone(), version, act.learnt_at, snapshot::read(after)?);
    Ok((act, record))
}
