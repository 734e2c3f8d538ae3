//! S01 to S14: nothing without a consent, and who may be told of it.

mod gate;
mod recipients;
mod relations;
mod switches;
mod updates;
