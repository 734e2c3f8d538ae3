//! S30 to S44, through the front door: the channels, the brands, and what a profile is made of and for.

#[path = "profile/channels.rs"]
mod channels;
#[path = "profile/data_list.rs"]
mod data_list;
#[path = "profile/gate.rs"]
mod gate;
#[path = "profile/inputs.rs"]
mod inputs;
#[path = "profile/separate.rs"]
mod separate;
