//! `cargo run -p local -- partner-check URL --secret whsec_...`: plays events at a partner's endpoint, as they
//! may come and as they must not, and says line by line what it got right.
//!
//! What the endpoint makes of an event is not to be seen from outside; what it must hold in the end is said.

use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use platform::endpoint;
use reqwest::{Client, Url};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

type BoxError = Box<dyn std::error::Error>;

const HELP: &str = "\
Play events at a partner's endpoint, and say what it got right

    cargo run -p local -- partner-check URL --secret whsec_...

    URL            https, or http on this computer
    --secret S     the signing secret that the endpoint knows

It tells of one made-up subject, and ends with a failure if anything was not as it must be.
";

/// A secret that the endpoint does not know.
const UNKNOWN_SECRET: &str = "whsec_bm90IHRoZSBzZWNyZXQgb2YgYW55IHJlY2lwaWVudA==";
/// Further from the clock than the five minutes that Standard Webhooks advises.
const TOO_FAR: SignedDuration = SignedDuration::from_mins(10);
/// The made-up subject.
const SUBJECT: &str = "sub_partner-check";

/// What the endpoint must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Must {
    /// Answer 2xx.
    Take,
    /// Answer anything else.
    Refuse,
}

/// One request, and what must become of it.
struct Play {
    what: &'static str,
    must: Must,
    id: String,
    at: Timestamp,
    signatures: String,
    body: String,
}

/// What became of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub what: &'static str,
    pub right: bool,
    /// The status that was answered, or that none was.
    pub answered: String,
}

/// Run the command.
pub async fn run(words: impl Iterator<Item = String>, now: Timestamp) -> Result<ExitCode, BoxError> {
    let Some((url, secret)) = asked(words)? else {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let findings = check(&url, &secret, now).await?;
    for finding in &findings {
        let mark = if finding.right { "ok   " } else { "WRONG" };
        println!("{mark}  {}: {}", finding.what, finding.answered);
    }
    let wrong = findings.iter().filter(|finding| !finding.right).count();
    println!(
        "\n{} of {} as they must be.",
        findings.len() - wrong,
        findings.len()
    );
    println!("Of {SUBJECT} the endpoint must hold nothing now, and must have taken each event in once.");
    Ok(if wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Play everything, one after the other.
pub async fn check(url: &str, secret: &str, now: Timestamp) -> Result<Vec<Finding>, BoxError> {
    let url = vetted(url)?;
    let client = platform::courier::client()?;
    let mut findings = Vec::new();
    for play in plays(secret, now)? {
        let answered = post(&client, &url, &play).await;
        let taken = matches!(answered, Ok(status) if (200..300).contains(&status));
        let answered = answered.map_or_else(|problem| problem, |status| format!("answered {status}"));
        findings.push(Finding {
            what: play.what,
            // Whoever does not answer at all has refused nothing.
            right: answered.starts_with("answered") && taken == (play.must == Must::Take),
            answered,
        });
    }
    Ok(findings)
}

async fn post(client: &Client, url: &Url, play: &Play) -> Result<u16, String> {
    let request = client
        .post(url.clone())
        .header("content-type", "application/cloudevents+json")
        .header("webhook-id", &play.id)
        .header("webhook-timestamp", play.at.as_second())
        .header("webhook-signature", &play.signatures)
        .body(play.body.clone());
    match request.send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(error) => Err(format!("no answer ({})", error.without_url())),
    }
}

/// Everything, in order.
fn plays(secret: &str, now: Timestamp) -> Result<Vec<Play>, BoxError> {
    // Other ids each time, so that the kit may be run again.
    let id = |name: &str| format!("evt_check-{}-{name}", now.as_second());
    let sign = |secret: &str, id: &str, at: Timestamp, body: &str| {
        Webhook::new(secret)?.sign(id, at.as_second(), body.as_bytes())
    };
    let play = |what, must, name: &str, at: Timestamp, event: &Value| -> Result<Play, BoxError> {
        let (id, mut event) = (id(name), event.clone());
        event["id"] = id.clone().into();
        let body = event.to_string();
        let signatures = sign(secret, &id, at, &body)?;
        Ok(Play {
            what,
            must,
            id,
            at,
            signatures,
            body,
        })
    };
    let sequence = now.as_second().unsigned_abs();
    let (granted, older, ended) = (
        event(now, sequence + 2, true),
        event(now, sequence + 1, true),
        event(now, sequence + 3, false),
    );
    let mut unknown = granted.clone();
    unknown["data"]["sequence"] = (sequence + 2).into();
    unknown["data"]["changes"] = json!([{ "change": "something-new", "a-new-field": 1 }]);

    let mut plays = vec![
        play("takes a signed event", Must::Take, "granted", now, &granted)?,
        play("takes the same event again", Must::Take, "granted", now, &granted)?,
        play(
            "takes an older event that comes late",
            Must::Take,
            "older",
            now,
            &older,
        )?,
        play(
            "takes a change that it does not know",
            Must::Take,
            "unknown",
            now,
            &unknown,
        )?,
    ];
    let mut refused = |what, spoil: &dyn Fn(&mut Play)| -> Result<(), BoxError> {
        let mut play = play(what, Must::Refuse, "refused", now, &granted)?;
        spoil(&mut play);
        plays.push(play);
        Ok(())
    };
    refused("refuses an event without a signature", &|play| {
        play.signatures.clear()
    })?;
    let forged = sign(
        UNKNOWN_SECRET,
        &id("refused"),
        now,
        &play("", Must::Refuse, "refused", now, &granted)?.body,
    )?;
    refused("refuses a signature by another key", &|play| {
        play.signatures.clone_from(&forged)
    })?;
    refused("refuses another body under a signature", &|play| {
        play.body.push(' ')
    })?;
    refused("refuses another id under a signature", &|play| {
        play.id = id("another")
    })?;
    refused("refuses another time under a signature", &|play| {
        play.at = now - SignedDuration::from_secs(1);
    })?;
    let long_ago = now - TOO_FAR;
    plays.push(play(
        "refuses an event that was signed long ago",
        Must::Refuse,
        "long-ago",
        long_ago,
        &granted,
    )?);
    let ahead = now + TOO_FAR;
    plays.push(play(
        "refuses an event that is signed for later",
        Must::Refuse,
        "ahead",
        ahead,
        &granted,
    )?);

    let mut rotated = play(
        "takes two signatures of which it knows the second",
        Must::Take,
        "ended",
        now,
        &ended,
    )?;
    let unknown = sign(UNKNOWN_SECRET, &rotated.id, now, &rotated.body)?;
    rotated.signatures = format!("{unknown} {}", rotated.signatures);
    plays.push(rotated);
    Ok(plays)
}

/// An event as a recipient gets it, of a consent or of its end.
pub fn event(now: Timestamp, sequence: u64, granted: bool) -> Value {
    let facets: &[&str] = &["marketing/email"];
    let categories: &[&str] = &["contact", "promotional-consent"];
    let (changes, holds) = if granted {
        let content = json!({ "contact": { "email": "nobody@example.com" } });
        let changes = json!([
            { "change": "granted", "facets": facets },
            { "change": "entitlement-started", "categories": categories, "content": content },
        ]);
        (changes, json!({ "categories": categories, "facets": facets }))
    } else {
        let changes = json!([
            { "change": "withdrawn", "facets": facets },
            { "change": "entitlement-ended", "categories": categories, "reason": "withdrawn" },
        ]);
        (changes, json!({ "categories": [], "facets": [] }))
    };
    json!({
        "specversion": "1.0",
        "id": "",
        "source": "urn:assenso",
        "type": "subject.changed",
        "subject": SUBJECT,
        "time": now.to_string(),
        "datacontenttype": "application/json",
        "data": {
            "sequence": sequence,
            "version": sequence,
            "controller": { "name": "Example", "address": "Example" },
            "recipient": "partner-check",
            "changes": changes,
            "holds": holds,
        },
    })
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
