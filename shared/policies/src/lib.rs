//! The notices that are shipped: the documents in `notices/`, one for each version, as `build.rs` read them.

use std::sync::LazyLock;

use documents::compact;
use domain::policy::Policies;
use jiff::tz::TimeZone;

pub use documents::{Finding, data_list, load};

include!(concat!(env!("OUT_DIR"), "/notices.rs"));

/// Every policy that is shipped.
pub fn all() -> &'static Policies {
    static ALL: LazyLock<Policies> = LazyLock::new(|| {
        let mut all = Policies::default();
        for text in NOTICES {
            let head = compact::head(text).expect("what the build wrote");
            let read = || compact::read(text, zone).expect("what the build wrote");
            all.keep(head.notice, head.version, head.supersedes, read);
        }
        all
    });
    &ALL
}

#[cfg(test)]
mod tests;
