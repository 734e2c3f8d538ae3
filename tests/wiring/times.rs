//! How long a function may run, and what its code promises by then.

use consent_expire::RUN_MAX;
use domain::record::AHEAD_MAX;
use jiff::SignedDuration;
use platform::store::SOONEST;

use crate::table::granted;
use crate::template::{resources, whole};

fn timeout(function: &str) -> SignedDuration {
    let usual = &whole()["Globals"]["Function"]["Timeout"];
    let own = &resources("AWS::Serverless::Function")[function]["Timeout"];
    let seconds = own.as_i64().or(usual.as_i64());
    SignedDuration::from_secs(seconds.expect("a time-out"))
}

/// What it notes is dated by the clock that it began with: if it took longer, a sweep whose clock is ahead might have
/// been there before. The sweep looks itself at what it notes anew, or notes it for an hour later.
#[test]
fn whoever_notes_what_falls_due_ends_before_a_sweep_can_have_passed_it() {
    let notes = granted()
        .into_iter()
        .filter(|[_, kind, letter]| kind == "DUE" && letter == "P");
    let functions: Vec<String> = notes.map(|[function, ..]| function).collect();
    assert!(functions.contains(&"PartnerFanout".to_owned()), "{functions:?}");
    for function in functions {
        if function != "ConsentExpire" {
            assert!(timeout(&function) <= SOONEST - AHEAD_MAX, "{function}");
        }
    }
}

#[test]
fn a_run_of_the_sweep_ends_after_twelve_minutes_and_before_lambda_ends_it() {
    assert_eq!(RUN_MAX, SignedDuration::from_mins(12));
    assert!(timeout("ConsentExpire") >= RUN_MAX + SignedDuration::from_mins(1));
}
