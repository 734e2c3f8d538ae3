//! S15 to S28: which data each recipient may have, until when, and what for.

mod categories;
mod delivery;
mod local_partner;
mod purposes;
