//! The pages of a person, through the front door: as a browser uses them that has no script.

#[path = "pages/bad_links.rs"]
mod bad_links;
#[path = "pages/confirmation.rs"]
mod confirmation;
#[path = "pages/form.rs"]
mod form;
#[path = "pages/holders.rs"]
mod holders;
#[path = "pages/language.rs"]
mod language;
#[path = "pages/preferences.rs"]
mod preferences;
#[path = "pages/security.rs"]
mod security;
#[path = "pages/unsubscribe.rs"]
mod unsubscribe;
