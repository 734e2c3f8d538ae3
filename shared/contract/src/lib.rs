//! The contract: what callers may send and are answered, and what recipients are told.
//!
//! It is written by hand in `api/`, for people; `build.rs` makes one document of it. Nothing is derived from
//! the code: the tests hold each to the other.

/// The whole of it, as an OpenAPI 3.1 document.
pub const OPENAPI: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));
