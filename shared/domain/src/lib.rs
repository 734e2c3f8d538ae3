//! What a consent is, what it allows, and who must be told.
//!
//! Invariant: nothing here does I/O, reads a clock, draws a random number or knows a wire format.
//! Time is an argument. The rules are data, in a [`policy::Policy`].

pub mod act;
pub mod address;
pub mod campaign;
pub mod change;
pub mod codes;
mod confirm;
pub mod dates;
pub mod decide;
pub mod due;
mod erase;
pub mod facet;
pub mod grant;
pub mod holding;
pub mod interaction;
mod lapse;
pub mod policy;
pub mod profile;
pub mod recipient;
pub mod record;
pub mod refusal;
mod relate;
pub mod small_map;
pub mod small_set;
pub mod state;
pub mod subject;
pub mod withdraw;
