//! A report as the campaign service writes it, and what is taken from it.
//!
//! Only what is named here is read: any other field of an event is dropped as it arrives, and so is an event
//! of any other kind (S46). A report that cannot be read at all goes to the dead letters.

use domain::codes::{CampaignId, Field, Target};
use domain::interaction::{Cell, Interaction, Kind};
use domain::subject::Subject;
use jiff::Timestamp;
use platform::store::Seen;
use platform::wire::{Instant, Word};
use serde::Deserialize;

/// One message. Add fields, never rename them.
#[derive(Deserialize)]
pub(crate) struct Report {
    pub(crate) events: Vec<EventAsked>,
}

/// The subject is a pseudonym, never an address; link and content are codes, never URLs. An event needs no id:
/// the same again changes nothing.
#[derive(Deserialize)]
pub(crate) struct EventAsked {
    campaign: Word<CampaignId>,
    subject: Word<Subject>,
    kind: String,
    at: Word<Instant>,
    /// When its mail was sent: decides on events that come after a withdrawal (S48), and which address a
    /// failure is about. Without it, the mail counts as sent when the event happened.
    #[serde(default)]
    sent_at: Option<Word<Instant>>,
    #[serde(default)]
    link: Option<Word<Target>>,
    #[serde(default)]
    content: Option<Word<Target>>,
}

/// An event of a kind that may be tracked.
pub(crate) struct Event {
    pub(crate) campaign: CampaignId,
    pub(crate) subject: Subject,
    pub(crate) interaction: Interaction,
    target: Option<Target>,
}

impl Event {
    pub(crate) fn of(asked: EventAsked) -> Option<Self> {
        let kind: Kind = asked.kind.parse().ok()?;
        let at = asked.at.0.0;
        let sent_at = asked.sent_at.map_or(at, |sent| sent.0.0.min(at));
        let target = match kind {
            Kind::LinkClicked => asked.link,
            Kind::ContentClicked => asked.content,
            Kind::Delivered | Kind::BouncedTemporary | Kind::BouncedPermanent => None,
        };
        Some(Self {
            campaign: asked.campaign.0,
            subject: asked.subject.0,
            interaction: Interaction { kind, sent_at, at },
            target: target.map(|target| target.0),
        })
    }

    /// What it counts in: its kind, and its link or content.
    pub(crate) fn cells(&self) -> impl Iterator<Item = Cell> {
        let kind = self.interaction.kind;
        let targets = [None].into_iter().chain(self.target.clone().map(Some));
        targets.map(move |target| Cell { kind, target })
    }

    /// What is kept of it for the person, as a field of the profile.
    pub(crate) fn seen(&self, field: Field, until: Timestamp) -> Seen {
        Seen {
            field,
            campaign: self.campaign.clone(),
            target: self.target.clone(),
            at: self.interaction.at,
            until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str) -> Option<Event> {
        let text = format!(
            r#"{{"id":"1","campaign":"spring","subject":"sub_0123456789abcdefghijkl","kind":"{kind}",
                "at":"2026-03-01T12:00:00Z","sent_at":"2026-03-01T13:00:00Z","link":"hero","content":"video",
                "device":"phone","address":"192.0.2.1"}}"#
        );
        Event::of(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn a_click_counts_in_its_kind_and_its_target() {
        let cells = |kind| {
            event(kind)
                .unwrap()
                .cells()
                .map(|cell| cell.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(cells("link-clicked"), ["link-clicked", "link-clicked/hero"]);
        assert_eq!(
            cells("content-clicked"),
            ["content-clicked", "content-clicked/video"]
        );
        assert_eq!(cells("delivered"), ["delivered"]);
    }

    #[test]
    fn another_kind_is_no_event() {
        for other in ["opened", "forwarded", "", "Delivered"] {
            assert!(event(other).is_none(), "{other}");
        }
    }

    #[test]
    fn no_mail_is_sent_after_it_was_clicked() {
        let interaction = event("link-clicked").unwrap().interaction;
        assert_eq!(interaction.sent_at, interaction.at);
    }
}
