//! A policy's dates are those of jiff's zoned arithmetic, of which it takes a shorter way.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

use super::histories;
use crate::cast::CAST;

/// Clocks that change at one, two or three in the morning, at midnight itself, by half an hour or twice a year
/// otherwise; and one that once left out a day.
const ZONES: [&str; 10] = [
    "Europe/Rome",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Beirut",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "UTC",
];

/// From 1970 to 2079, so across the end of the table of changes and before its beginning.
fn instants() -> impl Strategy<Value = Timestamp> {
    (0_i64..3_471_292_800_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
}

/// Near a change of the clock, where there is something to get wrong: half an hour at most from it.
fn instants_near_a_change() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    (zones(), instants(), -1_800_000_i64..1_800_000).prop_map(|(zone, at, off)| {
        let change = zone.following(at).next().map_or(at, |change| change.timestamp());
        let near = Timestamp::from_millisecond(change.as_millisecond() + off).unwrap();
        (zone, near)
    })
}

fn zones() -> impl Strategy<Value = TimeZone> {
    select(&ZONES[..]).prop_map(|name| TimeZone::get(name).unwrap())
}

fn periods() -> impl Strategy<Value = Span> {
    select(&["P24M", "P3Y", "P12M", "P1M", "P1W", "P2D", "P1Y1M1W1D"][..])
        .prop_map(|text| text.parse().unwrap())
}

proptest! {
    #![proptest_config(histories())]

    #[test]
    fn a_term_ends_when_zoned_arithmetic_says(
        (zone, at) in prop_oneof![(zones(), instants()), instants_near_a_change()],
        period in periods(),
        goes_back in any::<bool>(),
    ) {
        let mut policy = CAST.notices[0].clone();
        policy.zone = zone.clone();
        // So that the end, instead of the beginning, is near the change.
        let given = if goes_back { later(at, &zone, -period) } else { at };
        policy.terms.validity = period;
        policy.terms.reminder = period;

        prop_assert_eq!(policy.valid_until(given), later(given, &zone, period));
        prop_assert_eq!(policy.reminder_before(given), later(given, &zone, -period));

        let day = given.to_zoned(zone.clone()).date();
        prop_assert_eq!(policy.day(given), day);
        prop_assert_eq!(policy.start_of(day), start(day, &zone));
        prop_assert_eq!(policy.end_of(day, &period), start((day + period) + Span::new().days(1), &zone));
    }
}

fn later(from: Timestamp, zone: &TimeZone, period: Span) -> Timestamp {
    (&from.to_zoned(zone.clone()) + period).timestamp()
}

fn start(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone()).unwrap().timestamp()
}
