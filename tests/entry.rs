//! Who may enter and as whom, what nobody learns at the door, and how much is let in.

#[path = "entry/callers.rs"]
mod callers;
#[path = "entry/limits.rs"]
mod limits;
#[path = "entry/nobody.rs"]
mod nobody;
#[path = "entry/scopes.rs"]
mod scopes;
