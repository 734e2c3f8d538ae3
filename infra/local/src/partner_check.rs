//! `cargo run -p local -- partner-check URL --secret whsec_...`: plays events at a partner's endpoint, as they
//! may come and as they must not, and says line by line what it got right.
//!
//! What the endpoint makes of an event is not to be seen from outside; what it must hold in the end is said.

mod plays;

use std::process::ExitCode;

use jiff::Timestamp;
use platform::endpoint;
use reqwest::{Client, Url};

pub use plays::plays;
use plays::{Must, Play, SUBJECT};

type BoxError = Box<dyn std::error::Error>;

const HELP: &str = "\
Play events at a partner's endpoint, and say what it got right

    cargo run -p local -- partner-check URL --secret whsec_...

    URL            https, or http on this computer
    --secret S     the signing secret that the endpoint knows: whsec_ and base64

It tells of one made-up subject, and ends with a failure if anything was not as it must be.
";

/// What became of one play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub what: &'static str,
    pub right: bool,
    /// The status that was answered, or why none was.
    pub answered: String,
}

/// Why an endpoint has not answered.
enum Silence {
    /// Nothing listens there, and nothing will for the next play.
    NotReached(String),
    NoAnswer(String),
}

/// Run the command.
pub async fn run(words: impl Iterator<Item = String>, now: Timestamp) -> Result<ExitCode, BoxError> {
    let Some((url, secret)) = asked(words)? else {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let (findings, all) = check(&url, &secret, now).await?;
    for finding in &findings {
        let mark = if finding.right { "ok   " } else { "WRONG" };
        println!("{mark}  {}: {}", finding.what, finding.answered);
    }
    let right = findings.iter().filter(|finding| finding.right).count();
    println!("\n{right} of {all} as they must be.");
    if findings.len() < all {
        println!("The endpoint was not reached, so the others were not played.");
    }
    if right < all {
        return Ok(ExitCode::FAILURE);
    }
    println!("Of {SUBJECT} the endpoint must hold nothing now, and must have taken each event in once.");
    Ok(ExitCode::SUCCESS)
}

/// Play everything, one after the other, unless nothing listens there; what was found, and how many plays there are.
pub async fn check(url: &str, secret: &str, now: Timestamp) -> Result<(Vec<Finding>, usize), BoxError> {
    let url = vetted(url)?;
    let client = platform::courier::client()?;
    let plays = plays(secret, now)?;
    let (mut findings, all) = (Vec::new(), plays.len());
    for play in plays {
        let what = play.what;
        let answered = post(&client, &url, &play).await;
        let was_reached = !matches!(answered, Err(Silence::NotReached(_)));
        findings.push(match answered {
            Ok(status) => Finding {
                what,
                right: play.must.allows(status),
                answered: format!("answered {status}"),
            },
            Err(Silence::NotReached(why)) => Finding {
                what,
                right: false,
                answered: format!("not reached ({why})"),
            },
            Err(Silence::NoAnswer(why)) => Finding {
                what,
                right: false,
                answered: format!("no answer ({why})"),
            },
        });
        if !was_reached {
            break;
        }
    }
    Ok((findings, all))
}

impl Must {
    fn allows(self, status: u16) -> bool {
        match self {
            Self::Take => (200..300).contains(&status),
            // Whoever fails at everything, or leads elsewhere, has refused nothing.
            Self::Refuse => (400..500).contains(&status),
        }
    }
}

async fn post(client: &Client, url: &Url, play: &Play) -> Result<u16, Silence> {
    let mut request = client.post(url.clone()).body(play.body.clone());
    for (name, value) in play.headers() {
        request = request.header(name, value);
    }
    match request.send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(error) if error.is_connect() => Err(Silence::NotReached(root(&error))),
        Err(error) => Err(Silence::NoAnswer(root(&error))),
    }
}

/// What lies beneath it all: "Connection refused", where the client says that it could not send.
fn root(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => root(source),
        None => error.to_string(),
    }
}

/// What we would deliver to; and this computer, where partners develop.
fn vetted(url: &str) -> Result<Url, BoxError> {
    let here = |url: &Url| matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match Url::parse(url) {
        Ok(url) if here(&url) => Ok(url),
        Ok(_) | Err(_) => Ok(endpoint::PUBLIC.vet(url)?),
    }
}

/// The URL and the secret, or nothing if it was for help.
fn asked(mut words: impl Iterator<Item = String>) -> Result<Option<(String, String)>, BoxError> {
    let (mut url, mut secret) = (None, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--help" | "-h" => return Ok(None),
            "--secret" => secret = Some(words.next().ok_or("--secret wants a value")?),
            other if other.starts_with('-') || url.is_some() => {
                return Err(format!("{other} is not known here").into());
            }
            _ => url = Some(word),
        }
    }
    let url = url.ok_or("partner-check wants a URL")?;
    let secret = secret.ok_or("partner-check wants --secret")?;
    Ok(Some((url, secret)))
}
