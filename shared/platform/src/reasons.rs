//! The reasons of a decision in the languages of people. A reason that lacks a sentence in one of them does not
//! compile.

use domain::decide::Because;

mod de;
mod en;
mod it;

/// What callers and their logs read, and whoever speaks none of the others.
pub const ENGLISH: &str = "en";

/// Why, in one sentence without a capital or a full stop.
pub fn sentence(because: Because, language: &str) -> &'static str {
    match language {
        "de" => de::sentence(because),
        "it" => it::sentence(because),
        _ => en::sentence(because),
    }
}
