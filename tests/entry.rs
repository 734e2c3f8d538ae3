//! Who may enter, and as whom: the gateway's part by the table below, the functions' part by name.

#[path = "entry/callers.rs"]
mod callers;
#[path = "entry/scopes.rs"]
mod scopes;
