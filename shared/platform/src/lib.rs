//! The concrete ground that the functions stand on: one DynamoDB table, one queue, HTTP problems.
//!
//! Invariant: nothing here decides what is allowed; that is the domain's. There is no storage trait: what
//! keeps a record right is a condition beside a write, and a fake would prove nothing about it.

pub mod asked;
pub mod aws;
pub mod batch;
pub mod caller;
pub mod courier;
pub mod digest;
pub mod endpoint;
pub mod event;
pub mod http;
pub mod inside;
pub mod language;
pub mod metric;
mod problem;
pub mod pseudonym;
pub mod queue;
pub mod reasons;
pub mod store;
pub mod stream;
pub mod telemetry;
pub mod token;
pub mod told;
mod unprintable;
pub mod visitor;
pub mod wire;
