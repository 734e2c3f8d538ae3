//! Everything that happened, newest first, in sentences.

use domain::act::{Act, Relation, What};
use domain::codes::Category;
use domain::policy::Policies;
use domain::small_set::SmallSet;
use maud::{Markup, html};

use crate::said::Registered;
use crate::speech::Speech;
use crate::words::fill;

pub(super) fn section(speech: &Speech, policies: &Policies, acts: &[Act], registered: &Registered) -> Markup {
    let words = speech.words;
    html! {
        section #history {
            h2 { (words.history) }
            ol.history reversed {
                @for act in acts.iter().rev() {
                    li {
                        time datetime=(act.happened_at) { (speech.minute(policies, act.happened_at)) }
                        span {
                            (sentence(speech, policies, act, registered))
                            @if let Some(recipient) = &act.evidence.told_by {
                                " (" (fill(words.told_by, &[speech.recipient(policies, registered, recipient)])) ")"
                            }
                        }
                    }
                }
            }
        }
    }
}

fn sentence(speech: &Speech, policies: &Policies, act: &Act, registered: &Registered) -> String {
    let words = speech.words;
    let facets = |facets| speech.facets_in_a_row(policies, facets);
    let categories = |these: &SmallSet<Category>| speech.categories(policies, these).join(", ");
    let tie = |words: &str, relation: &Relation| {
        let kind = speech.relation(policies, &relation.kind);
        let dealer = speech.recipient(policies, registered, &relation.recipient);
        fill(words, &[kind, dealer])
    };
    match &act.what {
        What::Granted {
            facets: these,
            to_be_confirmed: true,
            ..
        } => fill(words.granted_unproven, &[&facets(these)]),
        What::Granted { facets: these, .. } => fill(words.granted, &[&facets(these)]),
        What::Confirmed { .. } => words.did_confirm.to_owned(),
        What::ConfirmationLapsed { .. } => words.confirmation_lapsed.to_owned(),
        What::Withdrawn { facets: these } => fill(words.did_withdraw, &[&facets(these)]),
        What::Objected => words.objected.to_owned(),
        What::Erased => words.erased.to_owned(),
        What::Lapsed { facets: these } => fill(words.lapsed, &[&facets(these)]),
        What::RegisterChecked { channel, enrolled } => {
            let sentence = if *enrolled {
                words.register_enrolled
            } else {
                words.register_checked
            };
            fill(sentence, &[speech.channel(policies, channel)])
        }
        What::RegisterCheckOutdated { channel } => {
            fill(words.register_outdated, &[speech.channel(policies, channel)])
        }
        What::ReminderDue { until } => fill(words.reminded, &[&speech.day(policies, *until)]),
        What::RelationStarted { relation, .. } => tie(words.relation_started, relation),
        What::RelationEnded { relation } => tie(words.relation_ended, relation),
        What::DeliveryPeriodEnded { relation } => {
            let dealer = speech.recipient(policies, registered, &relation.recipient);
            fill(words.delivery_period_ended, &[dealer])
        }
        What::RelationCapped { relation } => tie(words.relation_capped, relation),
        What::ProfileUpdated { written, cleared, .. } => {
            let told = [(words.profile_written, written), (words.profile_cleared, cleared)];
            let told = told.iter().filter(|(_, these)| !these.is_empty());
            let told: Vec<String> = told
                .map(|(said, these)| fill(said, &[&categories(these)]))
                .collect();
            told.join(" · ")
        }
        What::RetentionEnded { categories: these } => fill(words.retention_ended, &[&categories(these)]),
    }
}
