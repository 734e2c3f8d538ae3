//! What time alone does, over any history.

use domain::due::due;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::asked::asked;
use crate::cast::CAST;
use crate::deeds::*;
use crate::history::History;
use crate::{histories, oracle};

proptest! {
    #![proptest_config(histories())]

    /// What falls due is written down once, and then there is nothing more to write.
    #[test]
    fn what_falls_due_is_written_once(steps in steps(1..12), wait in wait()) {
        let mut history = History::of(&steps);
        history.now += wait;
        history.fall_due();
        prop_assert_eq!(history.record.fall_due(CAST.policies, history.now), Ok(None));
    }

    /// No decision changes by time alone but at an instant that the record said it would be due at, and an
    /// allowance ends when it says that it ends.
    #[test]
    fn time_changes_decisions_only_when_something_is_due(
        (all, steps) in (everything(), prop_oneof![steps(1..14), steps_of(dealing(), 1..8)]),
        asked in prop::collection::vec(asked(), 3..6),
        part in 0_i64..1_000,
    ) {
        let mut history = History::begun();
        history.play(&all);
        for step in &steps {
            history.play(step);
        }
        let ms = SignedDuration::from_millis(1);
        let start = history.now().at;
        let dues = due(&history.now());
        let mut instants: Vec<Timestamp> = dues.iter().map(|due| due.at).filter(|at| *at > start).collect();
        instants.dedup();
        instants.insert(0, start);
        instants.push(start + SignedDuration::from_hours(24 * 365 * 20));

        let record = &history.record;
        for asked in asked.iter().chain(&*oracle::ABOUT_DELIVERIES) {
            for span in instants.windows(2) {
                let between = span[0] + (span[1] - ms).duration_since(span[0]) * i32::try_from(part).unwrap() / 1_000;
                let first = asked.decided(&record.now(CAST.policies, span[0]));
                for at in [between, span[1] - ms] {
                    let later = asked.decided(&record.now(CAST.policies, at));
                    prop_assert_eq!(&later, &first, "{:?} from {} to {}", asked, span[0], at);
                }
            }
            let now = asked.decided(&history.now());
            if let Some(until) = now.until {
                prop_assert!(asked.decided(&record.now(CAST.policies, until - ms)).allowed);
                prop_assert!(!asked.decided(&record.now(CAST.policies, until)).allowed, "{:?} at {}", asked, until);
            }
        }
    }
}
