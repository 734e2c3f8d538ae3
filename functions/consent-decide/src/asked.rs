//! The questions of `POST /v1/decisions` as they are written on the wire.

use std::str::FromStr;

use domain::codes::{Category, Channel, Purpose, RecipientId};
use domain::decide::{Party, Question};
use domain::interaction::EMAIL;
use domain::recipient::RecipientKind;
use domain::record::When;
use jiff::Timestamp;
use platform::wire::{Instant, Word, objects};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(deserialize_with = "objects")]
    pub questions: Vec<QuestionAsked>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionAsked {
    pub(crate) subject: String,
    /// `controller`, or the id of a recipient.
    pub(crate) who: Word<RecipientId>,
    purpose: Word<Purpose>,
    #[serde(default)]
    pub(crate) channel: Option<Word<Channel>>,
    #[serde(default)]
    pub(crate) category: Option<Word<Category>>,
    /// What was true then.
    #[serde(default)]
    pub(crate) at: Option<Word<Instant>>,
    /// As it was known then.
    #[serde(default)]
    pub(crate) known_at: Option<Word<Instant>>,
}

/// Compiled here and so as the function is shipped: what a decision costs is counted beside it.
impl FromStr for Asked {
    type Err = serde_json::Error;

    fn from_str(json: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(json)
    }
}

impl QuestionAsked {
    pub fn question(&self) -> Question {
        Question {
            purpose: self.purpose.0.clone(),
            channel: self.channel.as_ref().map(|channel| channel.0.clone()),
            category: self.category.as_ref().map(|category| category.0.clone()),
        }
    }

    /// Whether whoever sends the campaigns, the controller or a processor, asks if it may send e-mail now.
    pub(crate) fn is_about_mail_now(&self, party: Party<'_>) -> bool {
        let sends = match party {
            Party::Controller => true,
            Party::Recipient(recipient) => recipient.kind == RecipientKind::Processor,
            Party::Unknown => false,
        };
        let over_email = self
            .channel
            .as_ref()
            .is_some_and(|channel| channel.0.as_str() == EMAIL);
        sends && over_email && self.category.is_none() && !self.is_about_the_past()
    }

    pub(crate) fn is_about_the_past(&self) -> bool {
        self.at.is_some() || self.known_at.is_some()
    }

    pub fn when(&self, now: Timestamp) -> When {
        let instant = |asked: &Option<Word<Instant>>| asked.as_ref().map(|instant| instant.0.0);
        if !self.is_about_the_past() {
            return When::Now(now);
        }
        When::At {
            at: instant(&self.at).unwrap_or(now),
            known_at: instant(&self.known_at).unwrap_or(Timestamp::MAX),
        }
    }
}
