//! `cargo run -p local -- policy check FILE`: whether a policy document would be taken, and why not.

use std::path::Path;
use std::process::ExitCode;

use domain::policy::{Audience, Policy};

/// Say what there is to say about a document: a summary, or all that is wrong with it.
pub fn run(file: &Path) -> ExitCode {
    let name = file.display().to_string();
    let source = match std::fs::read_to_string(file) {
        Ok(source) => source,
        Err(error) => {
            eprintln!("{name} cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    match policies::load(&name, &source) {
        Ok(policy) => {
            print!("{}", summary(&policy));
            ExitCode::SUCCESS
        }
        Err(findings) => {
            for finding in findings {
                println!("{finding}");
            }
            ExitCode::FAILURE
        }
    }
}

fn summary(policy: &Policy) -> String {
    let terms = &policy.terms;
    let mut told = format!(
        "{} {} is complete\n\
         languages: {}\n\
         purposes:  {}\n\
         channels:  {}\n\
         terms:     valid for {}, reminder {} before the end, to be confirmed within {}\n\
         audiences:\n",
        policy.notice,
        policy.version,
        listed(policy.texts.keys()),
        listed(policy.purposes.keys()),
        listed(policy.channels.keys()),
        terms.validity,
        terms.reminder,
        terms.confirmation,
    );
    for (audience, cells) in &policy.audiences {
        let who = match audience {
            Audience::Profile => "profile".to_owned(),
            Audience::GroupCompany => "group-company".to_owned(),
            Audience::Processor => "processor".to_owned(),
            Audience::Relation(kind) => format!("relation {kind}"),
        };
        let of = policy.categories.len();
        told += &format!("  {who}: {} of {of} categories\n", cells.len());
    }
    told
}

fn listed(codes: impl Iterator<Item = impl ToString>) -> String {
    let codes: Vec<String> = codes.map(|code| code.to_string()).collect();
    codes.join(", ")
}
