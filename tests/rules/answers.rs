//! S47, S49, S53 to S55 and what the law adds, through the front door: who is told what, and why.

#[path = "answers/brands.rs"]
mod brands;
#[path = "answers/coherence.rs"]
mod coherence;
#[path = "answers/evidence.rs"]
mod evidence;
#[path = "answers/forms.rs"]
mod forms;
#[path = "answers/processors.rs"]
mod processors;
#[path = "answers/register.rs"]
mod register;
#[path = "answers/retention.rs"]
mod retention;
#[path = "answers/times.rs"]
mod times;
#[path = "answers/why.rs"]
mod why;
