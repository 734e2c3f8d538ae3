//! The notices that are shipped: the documents in `notices/`, one for each version, as `build.rs` read them.

use std::sync::LazyLock;

use domain::policy::Policies;

pub use documents::{Finding, data_list, load};

static READ: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/notices"));

/// Every policy that is shipped.
pub fn all() -> &'static Policies {
    static ALL: LazyLock<Policies> =
        LazyLock::new(|| documents::compact::read(READ).expect("what the build wrote"));
    &ALL
}

#[cfg(test)]
mod tests;
