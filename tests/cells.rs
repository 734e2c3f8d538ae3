//! No cell of a policy can be changed without anybody noticing: each is changed in every way that a
//! condition can differ, and the golden table must disagree each time.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use domain::codes::Category;
use domain::policy::{Audience, Condition, Policies, Policy};
use jiff::ToSpan;
use tests::golden;

#[test]
fn the_shipped_policies_decide_as_the_golden_table_says() {
    let wrong: Vec<String> = golden::mismatches(policies::all()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for policy in policies::all().iter() {
        assert!(
            golden::misnumbered(policy).is_empty(),
            "{:?}",
            golden::misnumbered(policy)
        );
    }
}

#[test]
fn no_cell_of_a_policy_can_change_unnoticed() {
    for policy in policies::all().iter() {
        let mut changed = 0;
        for audience in policy.audiences.keys() {
            for category in policy.categories.keys() {
                let cell = policy.audiences[audience].get(category);
                for other in others(policy, cell) {
                    let told = format!(
                        "{}: {audience:?} {category}: {cell:?} -> {other:?}",
                        policy.notice
                    );
                    let mutant = mutant(policy, audience, category, other);
                    let noticed = golden::mismatches(&mutant).next();
                    assert!(noticed.is_some(), "nobody notices {told}");
                    changed += 1;
                }
            }
        }
        assert!(changed > 700, "only {changed} changes were tried");
    }
}

fn mutant(policy: &Policy, audience: &Audience, category: &Category, cell: Option<Condition>) -> Policies {
    let mut policy = policy.clone();
    let cells = policy.audiences.get_mut(audience).unwrap();
    match cell {
        Some(condition) => cells.insert(category.clone(), condition),
        None => drop(cells.remove(category)),
    }
    Policies::new(vec![policy])
}

/// Every cell that differs from this one in one respect.
fn others(policy: &Policy, cell: Option<&Condition>) -> Vec<Option<Condition>> {
    let Some(cell) = cell else {
        return vec![Some(Condition::default())];
    };
    let mut others = vec![None];
    let separate = policy.separate.keys().cloned().map(Some).chain([None]);
    others.extend(separate.filter(|name| *name != cell.separate).map(|separate| {
        Some(Condition {
            separate,
            ..cell.clone()
        })
    }));
    let channels = policy.channels.keys().cloned().map(Some).chain([None]);
    others.extend(
        channels
            .filter(|channel| *channel != cell.channel)
            .map(|channel| {
                Some(Condition {
                    channel,
                    ..cell.clone()
                })
            }),
    );
    let periods = match cell.since_delivery {
        Some(_) => vec![
            None,
            Some(2.years()),
            Some(4.years()),
            Some(3.years().days(1)),
            Some(35.months()),
        ],
        None => vec![Some(3.years())],
    };
    others.extend(periods.into_iter().map(|since_delivery| {
        Some(Condition {
            since_delivery,
            ..cell.clone()
        })
    }));
    others
}
