//! What the template says and what the code does are the same: each way that one could be changed without the
//! other fails here.

#[path = "wiring/alarms.rs"]
mod alarms;
#[path = "wiring/code.rs"]
mod code;
#[path = "wiring/edge.rs"]
mod edge;
#[path = "wiring/roles.rs"]
mod roles;
#[path = "wiring/table.rs"]
mod table;
#[path = "wiring/template.rs"]
mod template;
#[path = "wiring/times.rs"]
mod times;
#[path = "wiring/watched.rs"]
mod watched;
