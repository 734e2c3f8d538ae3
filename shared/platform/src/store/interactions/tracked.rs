//! What is remembered of interactions, field by field, and until when.

use std::collections::BTreeMap;

use domain::codes::{CampaignId, Field, Target};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::KIND;
use crate::store::Error;
use crate::store::profile::FIELD;
use crate::store::row::Row;
use crate::wire::{Instant, Word};

/// As many campaigns as a field remembers; the oldest go first.
const CAMPAIGNS_MAX: usize = 100;

/// One interaction that is kept for the person.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    pub field: Field,
    pub campaign: CampaignId,
    pub target: Option<Target>,
    pub at: Timestamp,
    /// When its retention ends.
    pub until: Timestamp,
}

/// The last interaction with a campaign, as content tells it: add names, never rename them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Last {
    campaign: Word<CampaignId>,
    at: Word<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Word<Target>>,
    until: Word<Instant>,
}

crate::unprintable::unprintable!(Seen, Last);

/// Everything that is tracked in a category: the last interaction with each campaign, field by field.
pub(super) type Tracked = BTreeMap<Field, Vec<Last>>;

/// What is stored.
pub(super) fn tracked(row: &Row<'_>) -> Result<Tracked, Error> {
    let mut tracked = Tracked::new();
    for name in row.item.keys() {
        if let Some(field) = name.strip_prefix(FIELD)
            && let Some(json) = row.text_of(name)
        {
            let field = field.parse().map_err(|error| Error::unreadable(KIND, error))?;
            let list = serde_json::from_str(json).map_err(|error| Error::unreadable(KIND, error))?;
            tracked.insert(field, list);
        }
    }
    Ok(tracked)
}

/// What is to be stored once these interactions are in. Whatever is over goes, of every field.
pub(super) fn remembered(mut tracked: Tracked, seen: &[Seen], now: Timestamp) -> Tracked {
    for seen in seen {
        remember(tracked.entry(seen.field.clone()).or_default(), seen);
    }
    for list in tracked.values_mut() {
        list.retain(|last| last.until.0.0 > now);
        list.truncate(CAMPAIGNS_MAX);
    }
    tracked.retain(|_, list| !list.is_empty());
    tracked
}

/// The newest first; of the same instant, the one whose code is greater, so that the order of arrival is
/// nothing.
fn remember(list: &mut Vec<Last>, seen: &Seen) {
    let new = Last {
        campaign: Word(seen.campaign.clone()),
        at: Word(Instant(seen.at)),
        target: seen.target.clone().map(Word),
        until: Word(Instant(seen.until)),
    };
    let rank = |last: &Last| (last.at.0.0, last.target.clone(), last.campaign.clone());
    match list.iter_mut().find(|last| last.campaign == new.campaign) {
        Some(last) if rank(last) < rank(&new) => *last = new,
        Some(_) => {}
        None => list.push(new),
    }
    list.sort_by_key(|last| std::cmp::Reverse(rank(last)));
}

/// The same with other ends, where there are any.
pub(super) fn dated(mut tracked: Tracked, end: impl Fn(Timestamp) -> Option<Timestamp>) -> Tracked {
    for last in tracked.values_mut().flatten() {
        if let Some(until) = end(last.at.0.0) {
            last.until = Word(Instant(until));
        }
    }
    tracked
}

/// When the first of it is over.
pub(super) fn first_end(tracked: &Tracked) -> Option<Timestamp> {
    tracked.values().flatten().map(|last| last.until.0.0).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(campaign: usize, minute: i64) -> Seen {
        let at = Timestamp::from_second(60 * minute).unwrap();
        Seen {
            field: "receipt".parse().unwrap(),
            campaign: format!("c{campaign}").parse().unwrap(),
            target: None,
            at,
            until: Timestamp::MAX,
        }
    }

    #[test]
    fn the_last_of_each_campaign_stays_whatever_order_they_come_in() {
        let (mut forth, mut back) = (Vec::new(), Vec::new());
        let all = [seen(1, 5), seen(2, 3), seen(1, 9), seen(1, 7)];
        all.iter().for_each(|seen| remember(&mut forth, seen));
        all.iter().rev().for_each(|seen| remember(&mut back, seen));

        assert_eq!(forth, back);
        let left: Vec<_> = forth.iter().map(|last| last.at.0.0.as_second() / 60).collect();
        assert_eq!(left, [9, 3]);
    }

    #[test]
    fn a_field_forgets_the_oldest_campaign_and_what_is_over() {
        let mut many: Vec<_> = (0..=CAMPAIGNS_MAX)
            .map(|place| seen(place, place as i64))
            .collect();
        many[50].until = Timestamp::UNIX_EPOCH;

        let after = remembered(Tracked::new(), &many, Timestamp::UNIX_EPOCH);
        let list = &after[&many[0].field];
        assert_eq!(list.len(), CAMPAIGNS_MAX);
        assert!(list.iter().all(|last| last.campaign.0.as_str() != "c50"));
        many.push(seen(CAMPAIGNS_MAX + 1, 1_000));
        let after = remembered(Tracked::new(), &many, Timestamp::UNIX_EPOCH);
        assert!(
            after[&many[0].field]
                .iter()
                .all(|last| last.campaign.0.as_str() != "c0")
        );
    }
}
