//! `cargo run -p local -- token`: a token of the runner's own issuer.

use std::collections::BTreeSet;

use crate::clock::Clock;
use crate::issuer::{self, Bearer};
use crate::template::Template;

type BoxError = Box<dyn std::error::Error>;

pub const HELP: &str = "\
Print a token that the runner takes, for the next twelve hours

    cargo run -q -p local -- token --scope SCOPE [--recipient R] [--subject S]

    --scope SCOPE   site, service, staff, partner, subject, statistics or auditor
    --recipient R   which recipient a partner is
    --subject S     which data subject a subject is
";

/// Print what was asked for.
pub fn run(words: impl Iterator<Item = String>) -> Result<(), BoxError> {
    match asked(words)? {
        None => print!("{HELP}"),
        Some(bearer) => println!("{}", issuer::token(&bearer, Clock::system().now())?),
    }
    Ok(())
}

/// What was asked for, or nothing if it was for help.
fn asked(mut words: impl Iterator<Item = String>) -> Result<Option<Bearer>, BoxError> {
    let mut bearer = Bearer::default();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} wants a value"));
        match word.as_str() {
            "--help" | "-h" => return Ok(None),
            "--scope" => bearer.scope = value()?,
            "--recipient" => bearer.recipient = Some(value()?),
            "--subject" => bearer.subject = Some(value()?),
            other => return Err(format!("{other} is not known here").into()),
        }
    }
    let known = scopes()?;
    match bearer.scope.as_str() {
        "" => Err("--scope is missing".into()),
        scope if !known.contains(scope) => {
            let known: Vec<_> = known.into_iter().collect();
            Err(format!("--scope wants one of {}", known.join(", ")).into())
        }
        "partner" if bearer.recipient.is_none() => Err("a partner wants --recipient".into()),
        "subject" if bearer.subject.is_none() => Err("a subject wants --subject".into()),
        _ => Ok(Some(bearer)),
    }
}

/// Every scope that some route of the template takes.
fn scopes() -> Result<BTreeSet<String>, BoxError> {
    let routes = Template::deployed()?.routes;
    Ok(routes
        .into_iter()
        .flat_map(|route| route.token.unwrap_or_default())
        .collect())
}
