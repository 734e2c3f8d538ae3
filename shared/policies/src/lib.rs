//! The notices that are shipped: the documents in `notices/`, one for each version, as `build.rs` read them.

use std::sync::LazyLock;

use domain::policy::Policies;
use jiff::tz::TimeZone;

pub use documents::{Finding, data_list, load};

include!(concat!(env!("OUT_DIR"), "/zones.rs"));

const NOTICES: &str = include_str!(concat!(env!("OUT_DIR"), "/notices"));

/// Every policy that is shipped.
pub fn all() -> &'static Policies {
    static ALL: LazyLock<Policies> =
        LazyLock::new(|| documents::compact::read(NOTICES, zone).expect("what the build wrote"));
    &ALL
}

#[cfg(test)]
mod tests;
