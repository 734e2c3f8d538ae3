//! What is played at a partner's endpoint: events of the contract's shape, rightly and wrongly signed.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

/// A secret that the endpoint does not know.
const UNKNOWN_SECRET: &str = "whsec_bm90IHRoZSBzZWNyZXQgb2YgYW55IHJlY2lwaWVudA==";
/// Further from the clock than the five minutes that Standard Webhooks advises.
const TOO_FAR: SignedDuration = SignedDuration::from_mins(10);
/// The made-up subject.
pub(super) const SUBJECT: &str = "sub_partner-check-somebody";

/// What the endpoint must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Must {
    /// Answer 2xx.
    Take,
    /// Answer 4xx.
    Refuse,
}

/// One request, and what must become of it.
pub struct Play {
    pub what: &'static str,
    pub must: Must,
    pub body: String,
    id: String,
    at: Timestamp,
    /// None at all, if it is not signed.
    signatures: Option<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("the secret must be whsec_ and base64, as it was shown when the recipient was registered")]
pub struct BadSecret;

impl Play {
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let signature = self.signatures.clone();
        [
            ("content-type", "application/cloudevents+json".to_owned()),
            ("webhook-id", self.id.clone()),
            ("webhook-timestamp", self.at.as_second().to_string()),
        ]
        .into_iter()
        .chain(signature.map(|signature| ("webhook-signature", signature)))
    }
}

/// Everything, in order.
pub fn plays(secret: &str, now: Timestamp) -> Result<Vec<Play>, BadSecret> {
    let deck = Deck { secret, now };
    let mut plays = deck.taken()?;
    plays.extend(deck.refused()?);
    plays.push(deck.signed_twice()?);
    Ok(plays)
}

/// What all plays have in common.
struct Deck<'a> {
    secret: &'a str,
    now: Timestamp,
}

impl Deck<'_> {
    fn taken(&self) -> Result<Vec<Play>, BadSecret> {
        let granted = self.event(2, true);
        let mut unknown = granted.clone();
        unknown["data"]["changes"] = json!([{ "change": "something-new", "a-new-field": 1 }]);
        let take = |what, number, event: &Value| self.play(what, Must::Take, number, self.now, event);
        Ok(vec![
            take("takes a signed event", 1, &granted)?,
            take("takes the same event again", 1, &granted)?,
            take("takes an older event that comes late", 2, &self.event(1, true))?,
            take("takes a change that it does not know", 3, &unknown)?,
        ])
    }

    fn refused(&self) -> Result<Vec<Play>, BadSecret> {
        let granted = self.event(2, true);
        let refuse = |what, number, at| self.play(what, Must::Refuse, number, at, &granted);
        let mut unsigned = refuse("refuses an event without a signature", 4, self.now)?;
        unsigned.signatures = None;
        let mut forged = refuse("refuses a signature by another key", 4, self.now)?;
        forged.signatures = Some(signature(UNKNOWN_SECRET, &forged.id, self.now, &forged.body)?);
        let mut other_body = refuse("refuses another body under a signature", 4, self.now)?;
        other_body.body.push(' ');
        let mut other_id = refuse("refuses another id under a signature", 4, self.now)?;
        other_id.id = self.id(5);
        let mut other_time = refuse("refuses another time under a signature", 4, self.now)?;
        other_time.at -= SignedDuration::from_secs(1);
        Ok(vec![
            unsigned,
            forged,
            other_body,
            other_id,
            other_time,
            refuse("refuses an event that was signed long ago", 6, self.now - TOO_FAR)?,
            refuse("refuses an event that is signed for later", 7, self.now + TOO_FAR)?,
        ])
    }

    /// As it is while a key is being changed; and with it the consent ends.
    fn signed_twice(&self) -> Result<Play, BadSecret> {
        let what = "takes two signatures of which it knows the second";
        let mut ended = self.play(what, Must::Take, 8, self.now, &self.event(3, false))?;
        let unknown = signature(UNKNOWN_SECRET, &ended.id, self.now, &ended.body)?;
        ended.signatures = ended.signatures.map(|known| format!("{unknown} {known}"));
        Ok(ended)
    }

    /// An event that is signed as it must be. The same number is the same event.
    fn play(
        &self,
        what: &'static str,
        must: Must,
        number: u8,
        at: Timestamp,
        event: &Value,
    ) -> Result<Play, BadSecret> {
        let (id, mut event) = (self.id(number), event.clone());
        event["id"] = id.clone().into();
        let body = event.to_string();
        let signatures = Some(signature(self.secret, &id, at, &body)?);
        Ok(Play {
            what,
            must,
            body,
            id,
            at,
            signatures,
        })
    }

    /// Others each second, so that the kit may be run again.
    fn id(&self, number: u8) -> String {
        format!("evt_{:030x}{number:02x}", self.now.as_second())
    }

    /// As a recipient gets it, of a consent or of its end; for the same reason the sequence goes on.
    fn event(&self, step: u64, granted: bool) -> Value {
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
        let sequence = self.now.as_second().unsigned_abs() + step;
        json!({
            "specversion": "1.0",
            "source": "urn:assenso",
            "type": "subject.changed",
            "subject": SUBJECT,
            "time": self.now.to_string(),
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
}

fn signature(secret: &str, id: &str, at: Timestamp, body: &str) -> Result<String, BadSecret> {
    let webhook = Webhook::new(secret).map_err(|_| BadSecret)?;
    webhook
        .sign(id, at.as_second(), body.as_bytes())
        .map_err(|_| BadSecret)
}
