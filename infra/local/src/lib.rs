//! The whole system in one process: what AWS does around the functions, on loopback.
//!
//! ```text
//!   HTTP ──▶ gateway ──▶ functions ──▶ engine (DynamoDB) ──▶ stream ──▶ functions
//!                            │                                              │
//!              schedule ─────┘           sqs ◀──────────────────────────────┘
//!                                         └──▶ queue ──▶ functions ──▶ demo recipients
//! ```
//!
//! Which function hangs on what is read from `infra/aws/template.yaml`, so wiring exists once.
//!
//! Invariants: the functions are called with the JSON that Lambda would send and cannot tell the
//! difference; nothing that is deployed depends on this crate; everything binds to 127.0.0.1; every
//! part takes its time from one [`clock::Clock`].

pub mod clock;
pub mod command;
pub mod demo;
mod docs;
pub mod engine;
pub mod functions;
pub mod gateway;
pub mod invoke;
pub mod issuer;
pub mod live;
pub mod partner_check;
pub mod policy_check;
pub mod queue;
pub mod recompute;
pub mod reconcile;
pub mod scan;
pub mod schedule;
pub mod sdk;
pub mod sqs;
mod state_file;
pub mod stream;
pub mod system;
pub mod template;
pub mod token;
