//! What failures have taught: each once the smallest history that broke a property.

use domain::act::{Grade, What};
use domain::due::due;
use domain::facet::Facet;
use domain::policy::Policies;
use domain::record::Record;
use domain::state::State;
use jiff::SignedDuration;

use crate::asked::Asked;
use crate::cast::CAST;
use crate::deeds::*;
use crate::history::History;

/// An objection is lifted by agreeing to what it is about, and a separate consent needs no such thing (S41).
#[test]
fn agreeing_to_a_separate_consent_lifts_no_objection_and_is_held_up_by_none() {
    let separate = Facet::Separate(CAST.separate[0].clone());
    let mut history = History::begun();
    history.play(&at_once(Deed::Object { stated: Stated::Not }));
    history.play(&at_once(granted(vec![separate.clone()], Grade::C)));
    assert!(history.now().state.is_active(&separate, history.now().at));
    history.play(&at_once(granted(vec![separate], Grade::B)));
    assert!(history.record.state().objection.is_some());
}

/// S03: nobody can say what a consent is worth whose notice is not stored, whether the record is read or folded.
#[test]
fn a_consent_to_a_notice_that_is_not_stored_says_so_however_it_is_read() {
    let mut history = History::begun();
    history.play(&at_once(granted(CAST.facets.clone(), Grade::B)));
    let mut others: Vec<_> = CAST.notices.iter().map(|policy| (*policy).clone()).collect();
    let shown = history
        .record
        .state()
        .grants
        .values()
        .next()
        .unwrap()
        .shown
        .clone();
    others.retain(|policy| policy.notice != shown.notice);
    let without = Policies::new(others);

    let read = &history.record;
    let folded = State::of(&without, history.acts());
    let folded = Record::newest(read.subject.clone(), read.version, read.learnt_at(), folded);
    for record in [read, &folded] {
        let view = record.now(&without, history.now);
        let question = domain::decide::Question {
            purpose: CAST.purposes[0].clone(),
            channel: Some(CAST.channels[0].clone()),
            category: None,
        };
        let decision = Asked { who: None, question }.decided(&view);
        assert!(!decision.allowed);
        assert_eq!(
            decision.reasons[0].because,
            domain::decide::Because::NoticeNotStored
        );
    }
}

/// Confirming what was agreed to before an objection lifts it neither.
#[test]
fn confirming_an_older_grant_lifts_no_objection() {
    let mut history = History::begun();
    history.play(&at_once(granted(CAST.facets.clone(), Grade::D)));
    history.play(&at_once(Deed::Object { stated: Stated::Not }));
    let confirmed = history.play(&at_once(Deed::Confirm { which: Pick(0) }));
    assert!(confirmed.is_some() && history.record.state().objection.is_some());
}

/// What another host has written after the end is the past for a host that is behind: it confirms nothing any more,
/// and the grant lapses.
#[test]
fn a_host_that_is_behind_confirms_nothing_after_the_end_that_others_have_seen() {
    let mut history = History::begun();
    history.play(&at_once(granted(CAST.facets.clone(), Grade::D)));
    let looked = Deed::CheckRegister {
        channel: CAST.channels[0].clone(),
        enrolled: false,
        stated: Stated::Not,
    };
    history.play(&Step {
        wait: SignedDuration::from_hours(24 * 7) - SignedDuration::from_mins(1),
        skew: SignedDuration::from_mins(2),
        deed: looked,
    });
    let confirmed = history.play(&at_once(Deed::Confirm { which: Pick(0) }));
    assert_eq!(confirmed, None);
    let lapsed = history.fall_due();
    assert!(matches!(lapsed[0].what, What::ConfirmationLapsed { grant: 1 }));
}

/// A newer delivery that is dated before the end of an older one's period has a period of its own.
#[test]
fn the_end_of_one_delivery_period_says_nothing_of_a_later_delivery() {
    let delivered = |days_ago, since_days_ago| {
        at_once(Deed::Relate(Tie {
            dealer: Pick(0),
            kind: "purchase".parse().unwrap(),
            vehicle: Pick(0),
            since_days_ago,
            delivered_days_ago: Some(days_ago),
        }))
    };
    let mut history = History::begun();
    history.play(&at_once(granted(CAST.facets.clone(), Grade::B)));
    history.play(&delivered(2_000, Some(1)));
    assert_eq!(history.fall_due().len(), 1);
    history.play(&delivered(30, Some(0)));
    let two_more_years = history.now + SignedDuration::from_hours(24 * 700);
    assert!(due(&history.now()).iter().any(|due| due.at > two_more_years));
}
