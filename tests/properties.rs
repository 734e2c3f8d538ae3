//! What holds over any history, however its acts are dated and in whatever order they are learnt.
//!
//! Ten thousand random histories each; `PROPTEST_CASES` asks for more or fewer.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;

use domain::act::{Act, Version};
use domain::codes::{Category, Separate};
use domain::decide::{Because, Decision, Reason};
use domain::due::due;
use domain::facet::Facet;
use domain::holding::Holding;
use domain::record::{Record, View};
use domain::small_map::SmallMap;
use domain::state::{State, Switch};
use jiff::{SignedDuration, Timestamp};
use platform::store::written;
use proptest::prelude::*;
use proptest::sample::select;

use asked::{Asked, asked};
use cast::CAST;
use deeds::*;
use history::History;

#[path = "properties/asked.rs"]
mod asked;
#[path = "properties/cast.rs"]
mod cast;
#[path = "properties/deeds.rs"]
mod deeds;
#[path = "properties/history.rs"]
mod history;
#[path = "properties/oracle.rs"]
mod oracle;
#[path = "properties/taught.rs"]
mod taught;
#[path = "properties/time.rs"]
mod time;
#[path = "properties/zones.rs"]
mod zones;

fn histories() -> ProptestConfig {
    let asked_for = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: asked_for.and_then(|cases| cases.parse().ok()).unwrap_or(10_000),
        // A failure is told with its smallest history; what it teaches becomes a test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(histories())]

    /// What was decided stays decided, as it was known: whatever is learnt later, and however it is dated.
    #[test]
    fn a_past_decision_never_changes_as_it_was_known(
        steps in steps(2..9),
        asked in prop::collection::vec(asked(), 2..4),
        picked in pick(),
    ) {
        let mut history = History::begun();
        let mut told: Vec<(Timestamp, Timestamp, usize, Decision)> = Vec::new();
        for step in &steps {
            history.play(step);
            let (now, known_at) = (history.now(), history.record.learnt_at());
            let past = *picked.get(&history.instants());
            let then = history.at(past, Timestamp::MAX);
            for (which, asked) in asked.iter().enumerate() {
                told.push((now.at, known_at, which, asked.decided(&now)));
                told.push((past, known_at, which, asked.decided(&then)));
            }
        }
        for (at, known_at, which, decision) in told {
            let again = asked[which].decided(&history.at(at, known_at));
            prop_assert_eq!(again, decision, "at {} known at {}", at, known_at);
        }
    }

    /// What is learnt changes the answers from when it happened on, and none before.
    #[test]
    fn an_act_changes_nothing_before_it_happened(
        steps in steps(2..9),
        asked in prop::collection::vec(asked(), 2..4),
        picked in pick(),
    ) {
        let mut history = History::begun();
        for step in &steps {
            let before = history.clone();
            let Some(act) = history.play(step) else { continue };
            let instants = history.instants();
            let earlier: Vec<_> = instants.iter().filter(|at| **at < act.happened_at).collect();
            if earlier.is_empty() { continue }
            let at = **picked.get(&earlier);
            for asked in &asked {
                prop_assert_eq!(
                    asked.decided(&history.at(at, Timestamp::MAX)),
                    asked.decided(&before.at(at, Timestamp::MAX)),
                    "{:?} changed {}", act, at
                );
            }
        }
    }

    /// Whatever is off by a withdrawal is denied until somebody agreed later: on a tie too.
    #[test]
    fn a_withdrawal_wins_until_somebody_agrees_later(
        steps in steps(2..12),
        asked in prop::collection::vec(asked(), 4..8),
        (at, known) in (pick(), pick()),
    ) {
        let history = History::of(&steps);
        if history.acts().is_empty() { return Ok(()) }
        let (at, known_at) = (*at.get(&history.instants()), known.get(history.acts()).learnt_at);
        for (view, known_at) in [(history.at(at, known_at), known_at), (history.now(), Timestamp::MAX)] {
            let acts: Vec<&Act> = history
                .acts()
                .iter()
                .filter(|act| act.happened_at <= view.at && act.learnt_at <= known_at)
                .collect();
            for facet in CAST.facets.iter().filter(|facet| oracle::is_off(facet, &acts)) {
                prop_assert!(!view.state.is_active(facet, view.at), "{} is on at {}", facet, view.at);
            }
            for asked in &asked {
                if oracle::needed(asked).iter().any(|any| any.iter().all(|facet| oracle::is_off(facet, &acts))) {
                    prop_assert!(!asked.decided(&view).allowed, "{:?} at {}", asked, view.at);
                }
            }
        }
    }

    /// The resurrection guard: nothing but somebody's agreeing later turns on what was withdrawn.
    #[test]
    fn nothing_but_agreeing_again_turns_on_what_was_withdrawn(
        before in steps(0..5),
        (all, wait, taken_back) in (everything(), wait(), taken_back()),
        after in prop::collection::vec((wait(), quiet_or_late()), 1..8),
        asked in prop::collection::vec(asked(), 3..5),
    ) {
        let mut history = History::of(&before);
        history.play(&all);
        let objects = matches!(taken_back, Deed::Object { .. });
        let skew = SignedDuration::ZERO;
        let Some(withdrawal) = history.play(&Step { wait, skew, deed: taken_back }) else { return Ok(()) };
        let touched = |facet: &Facet| !(objects && matches!(facet, Facet::Separate(_)));

        for (wait, deed) in after {
            let deed = match deed {
                // Agreed to before the withdrawal, or at the very instant, and learnt after it.
                Late::Grant(mut grant, ago) => {
                    grant.stated = Stated::Ago((history.now + wait).duration_since(withdrawal.happened_at) + ago);
                    Deed::Grant(grant)
                }
                Late::Quiet(deed) => deed,
            };
            let act = history.play(&Step { wait, skew, deed });
            let now = history.now();
            for (facet, switch) in now.state.facets.iter().filter(|(facet, _)| touched(facet)) {
                prop_assert!(!matches!(switch, Switch::On { .. }), "{:?} turned {} on", act, facet);
            }
            for asked in &asked {
                prop_assert!(!asked.decided(&now).allowed, "{:?} allowed {:?}", act, asked);
            }
        }
    }

    /// GDPR 17: of what was known, nothing is left but the objection, and nothing that happened before brings any
    /// of it back.
    #[test]
    fn an_erasure_leaves_nothing_and_nothing_late_brings_it_back(
        before in steps(0..8),
        (all, wait) in (everything(), wait()),
        after in prop::collection::vec((grant(), 0..1_000_000_i64), 0..4),
    ) {
        let mut history = History::of(&before);
        history.play(&all);
        let objection = history.record.state().objection;
        let skew = SignedDuration::ZERO;
        let Some(erasure) = history.play(&Step { wait, skew, deed: Deed::Erase }) else { return Ok(()) };
        prop_assert_eq!(history.record.state().objection, objection);
        prop_assert!(erasure.happened_at == erasure.learnt_at, "it has no date of its own");

        for (mut grant, ms) in after {
            let ago = SignedDuration::from_millis(ms);
            grant.stated = Stated::Ago(history.now.duration_since(erasure.happened_at) + ago);
            history.play(&Step { wait: SignedDuration::ZERO, skew, deed: Deed::Grant(grant) });
        }
        let state = history.record.state();
        prop_assert_eq!(state.erased.map(|mark| mark.by), Some(erasure.version));
        prop_assert!(state.grants.is_empty() && state.relations.is_empty() && state.profile.is_empty());
        prop_assert!(state.unconfirmed.is_empty() && due(&history.now()).is_empty());
        for recipient in &CAST.recipients {
            prop_assert!(Holding::of(&history.now(), recipient).is_empty(), "{}", recipient.id);
        }
    }

    /// S41: a separate consent moves alone, and stays where it is when anything else moves.
    #[test]
    fn a_separate_consent_and_the_rest_never_touch_each_other(
        steps in steps(1..12),
        asked in prop::collection::vec(asked(), 2..4),
    ) {
        let mut history = History::begun();
        for step in &steps {
            let before = history.clone();
            let Some(act) = history.play(step) else { continue };
            let touched = oracle::named(&act, history.acts());
            for name in &CAST.separate {
                let facet = Facet::Separate(name.clone());
                let (was, is) = (before.record.state(), history.record.state());
                if !touched.contains(&facet) {
                    prop_assert_eq!(was.facets.get(&facet), is.facets.get(&facet), "{:?}", act);
                }
            }
            let only_separate = touched.iter().all(|facet| matches!(facet, Facet::Separate(_)));
            if only_separate && oracle::is_consent(&act) {
                let (was, is) = (rest(before.record.state()), rest(history.record.state()));
                prop_assert_eq!(was, is, "{:?}", act);
                let names: BTreeSet<&Separate> = touched.iter().filter_map(oracle::separate).collect();
                for asked in asked.iter().filter(|asked| oracle::separate_for(asked).is_none_or(|name| !names.contains(name))) {
                    // The same instant, so that time alone changes nothing.
                    let was = View { at: history.now().at, ..before.now() };
                    prop_assert_eq!(asked.decided(&was).allowed, asked.decided(&history.now()).allowed, "{:?}", act);
                }
            }
        }
    }

    /// S09: what a dealer may have is what any of its relations lets it have.
    #[test]
    fn a_dealer_has_what_any_of_its_relations_lets_it_have(
        all in everything(),
        ties in prop::collection::vec(tie(), 1..6),
        steps in steps(0..4),
        wait in wait(),
        (purpose, channel) in (select(&CAST.purposes[..]), prop::option::of(select(&CAST.channels[..]))),
    ) {
        let skew = SignedDuration::ZERO;
        let mut history = History::begun();
        history.play(&all);
        for tie in ties {
            history.play(&Step { wait: SignedDuration::from_secs(1), skew, deed: Deed::Relate(tie) });
        }
        for step in &steps {
            history.play(step);
        }
        history.now += wait;
        for dealer in &CAST.dealers {
            for category in &CAST.categories {
                let question = domain::decide::Question {
                    purpose: purpose.clone(),
                    channel: channel.clone(),
                    category: Some(category.clone()),
                };
                let asked = Asked { who: Some(dealer), question };
                let by_any = oracle::by_each_relation(&history, dealer).iter().any(|view| asked.decided(view).allowed);
                let decision = asked.decided(&history.now());
                prop_assert_eq!(decision.allowed, by_any, "{} {}", dealer.id, category);
                // And it says by which, and nothing of the others.
                let listed = |reason: &&Reason| reason.because == Because::ListedForTheRelation;
                let listed = decision.reasons.iter().filter(listed).count();
                prop_assert_eq!(listed, usize::from(by_any), "{:?}", decision.reasons);
            }
        }
    }

    /// What is stored beside an act is what all acts come to: it can be read without them.
    #[test]
    fn the_newest_state_is_the_fold_of_all_acts(steps in steps(1..16)) {
        let mut history = History::begun();
        let mut newest = history.record.clone();
        for step in &steps {
            let Some(act) = history.play(step) else { continue };
            let fold = &State::of(CAST.policies, history.acts());
            prop_assert_eq!(history.record.state(), fold);

            // As the store does it: on top of the newest state, or else after reading the whole chain.
            newest = if newest.can_take(&act) {
                newest.after(CAST.policies, &act)
            } else {
                history.record.clone()
            };
            prop_assert_eq!(newest.state(), fold, "{:?}", act);
            newest = Record::newest(newest.subject.clone(), newest.version, newest.learnt_at(), newest.state().clone());
        }
    }

    /// What is written into the table is read back as it was, and decides, falls due and is told as if every act
    /// were read and folded.
    #[test]
    fn what_is_read_back_from_the_table_is_what_was_folded(
        (all, steps) in (everything(), steps(1..14)),
        asked in prop::collection::vec(asked(), 3..6),
        recipient in select(&CAST.recipients[..]),
        wait in wait(),
    ) {
        let mut history = History::begun();
        let subject = history.record.subject.clone();
        let (mut acts, mut newest) = (Vec::new(), None);
        for step in [all].iter().chain(&steps) {
            let Some(act) = history.play(step) else { continue };
            let written = written::write(&act, None, None, history.record.state()).unwrap();
            let (read, record) = written::read(&subject, act.version, written.each_ref().map(String::as_str)).unwrap();
            prop_assert_eq!(&read, &act, "{}", written[0]);
            prop_assert_eq!(record.state(), history.record.state(), "{}", written[1]);
            prop_assert_eq!((record.version, record.learnt_at()), (act.version, act.learnt_at));
            acts.push(read);
            newest = Some(record);
        }
        let Some(newest) = newest else { return Ok(()) };
        let folded = State::of(CAST.policies, &acts);
        let folded = Record::newest(subject, newest.version, newest.learnt_at(), folded);

        for at in [history.now, history.now + wait] {
            let [newest, folded] = [&newest, &folded].map(|record| record.now(CAST.policies, at));
            for asked in &asked {
                prop_assert_eq!(asked.decided(&newest), asked.decided(&folded), "{:?} at {}", asked, at);
            }
            prop_assert_eq!(due(&newest), due(&folded));
            prop_assert_eq!(Holding::of(&newest, &recipient), Holding::of(&folded, &recipient));
        }
    }

    /// S55: what a recipient is sent is what it would be told that it may have.
    #[test]
    fn a_recipient_may_hold_what_is_allowed_for_some_purpose(
        (all, steps) in (everything(), steps(1..8)),
        recipient in select(&CAST.recipients[..]),
        at in pick(),
    ) {
        let mut history = History::begun();
        history.play(&all);
        for step in &steps {
            history.play(step);
        }
        let past = history.at(*at.get(&history.instants()), Timestamp::MAX);
        for view in [past, history.now()] {
            let held: BTreeSet<Category> = Holding::of(&view, &recipient).categories.into_keys().collect();
            let allowed: BTreeSet<Category> = CAST
                .categories
                .iter()
                .filter(|category| oracle::for_some_purpose(&view, &recipient, category))
                .cloned()
                .collect();
            prop_assert_eq!(&held, &allowed);

            // And never what the golden table denies to all that this recipient is.
            for category in &held {
                prop_assert!(
                    oracle::the_table_lets(&view, &recipient, category),
                    "{} holds {} at {}", recipient.id, category, view.at
                );
            }
        }
    }
}

/// The state without the separate consents.
fn rest(state: &State) -> State {
    let mut rest = state.clone();
    rest.facets
        .retain(|facet, _| !matches!(facet, Facet::Separate(_)));
    let stood_on: BTreeSet<Version> = rest.facets.values().map(switched_by).collect();
    rest.grants.retain(|version, _| stood_on.contains(version));
    rest.unconfirmed = SmallMap::default();
    rest.told_by = SmallMap::default();
    rest.order = None;
    rest
}

fn switched_by(switch: &Switch) -> Version {
    match switch {
        Switch::On { grant } | Switch::Pending { grant } => *grant,
        Switch::Off { mark, .. } => mark.by,
    }
}
