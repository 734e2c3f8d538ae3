//! When what a policy promises for a time begins and ends, in the zone where the notice lives.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::{Audience, Policy};
use crate::codes::{Category, Channel, RelationKind};
use crate::small_map::SmallMap;

impl Policy {
    /// When a consent that was given then ends: the first instant at which it no longer holds.
    pub fn valid_until(&self, given: Timestamp) -> Timestamp {
        later(given, &self.zone, &self.terms.validity)
    }

    /// Until when a consent that was given then may be confirmed.
    pub fn confirmable_until(&self, given: Timestamp) -> Timestamp {
        later(given, &self.zone, &self.terms.confirmation)
    }

    /// The first instant at which a look at the opposition register is too old to contact over a channel by it;
    /// none where no look is needed (DPR 26/2022).
    pub fn register_check_until(&self, channel: &Channel, checked: Timestamp) -> Option<Timestamp> {
        let days = self.channels.get(channel)?.register_check_days?;
        let age_max = SignedDuration::from_hours(24 * i64::from(days));
        Some(checked.saturating_add(age_max).unwrap_or(Timestamp::MAX))
    }

    /// By when a recipient must have confirmed a loss that it was told of then.
    pub(super) fn withdrawal_deadline(&self, told: Timestamp) -> Timestamp {
        later(told, &self.zone, &self.terms.withdrawal_deadline)
    }

    /// When the data subject is to be reminded of an end.
    pub fn reminder_before(&self, until: Timestamp) -> Timestamp {
        later(until, &self.zone, &-self.terms.reminder)
    }

    /// The first instant at which a relation that began then entitles no more; none where it is not capped
    /// (T8). The anniversary is still inside, as after a delivery.
    pub fn capped_at(&self, kind: &RelationKind, since: Timestamp) -> Option<Timestamp> {
        let cap = self.relations.get(kind)?.cap.as_ref()?;
        Some(self.end_of(self.day(since), cap))
    }

    /// Until when content of a category that was written then may be kept.
    pub fn kept_until(&self, category: &Category, written: Timestamp) -> Option<Timestamp> {
        let terms = self.categories.get(category)?;
        Some(later(written, &self.zone, &terms.retention))
    }

    /// The calendar day of an instant, where the notice lives.
    pub fn day(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// The time of day of an instant, where the notice lives.
    pub fn time_of_day(&self, at: Timestamp) -> Time {
        self.zone.to_datetime(at).time()
    }

    /// The first instant of a day, where the notice lives.
    pub fn start_of(&self, day: Date) -> Timestamp {
        instant(day.into(), &self.zone)
    }

    /// When what a relation of this kind allows for a while after a delivery ends: an instant for each period.
    pub fn delivery_period_ends(&self, kind: &RelationKind, delivered_on: Date) -> BTreeSet<Timestamp> {
        let cells = self.audiences.get(&Audience::Relation(kind.clone()));
        let conditions = cells.into_iter().flat_map(SmallMap::values);
        let periods = conditions.filter_map(|condition| condition.since_delivery.as_ref());
        periods.map(|period| self.end_of(delivered_on, period)).collect()
    }

    /// The first instant after the last day of a period that starts on a date: the anniversary itself
    /// is still inside (S18, T5). 29 February ends on 28 February.
    pub fn end_of(&self, from: Date, period: &Span) -> Timestamp {
        let last = from.saturating_add(*period);
        self.start_of(last.tomorrow().unwrap_or(Date::MAX))
    }
}

/// An instant moved by a calendar period in a zone.
fn later(from: Timestamp, zone: &TimeZone, period: &Span) -> Timestamp {
    instant(zone.to_datetime(from).saturating_add(*period), zone)
}

/// The instant of a civil time in a zone. One that a clock skips or shows twice is read as RFC 5545 does. A term
/// asks for an instant alone, and so nothing is paid for jiff's zoned value.
fn instant(civil: DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_timestamp(civil).unwrap_or(Timestamp::MAX)
}
