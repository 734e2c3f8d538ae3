//! What somebody allows, since when, until when and under which notice; each with its button.

use std::collections::{BTreeMap, BTreeSet};

use domain::act::{Shown, Version};
use domain::codes::{Channel, Purpose};
use domain::facet::Facet;
use domain::policy::{Policies, Policy};
use domain::record::View;
use domain::state::{Grant, Standing};
use maud::{Markup, html};

use crate::form::paragraphs;
use crate::speech::Speech;
use crate::words::fill;

/// One thing that is on, or waits for a confirmation.
struct Row {
    facet: Facet,
    title: String,
    /// The whole of it, for whoever cannot see what it stands under.
    full_title: String,
    by: Version,
    pending: bool,
}

pub(super) fn section(speech: &Speech, view: &View<'_>) -> Markup {
    let words = speech.words;
    let (purposes, others) = rows(speech, view);
    let channels: BTreeSet<&Channel> = purposes
        .values()
        .flatten()
        .filter_map(|row| match &row.facet {
            Facet::Contact(_, channel) => Some(channel),
            Facet::Profiling | Facet::Sharing(_) | Facet::Separate(_) => None,
        })
        .collect();
    let nothing = purposes.is_empty() && others.is_empty();
    html! {
        section #allowed {
            h2 { (words.allowed) }
            @if nothing {
                p.card { (words.nothing_allowed) }
            } @else {
                form method="post" {
                    @for (purpose, rows) in &purposes {
                        (card(speech, view, speech.purpose(view.policies, purpose), rows,
                            &lacking(speech, view.policies, purpose, rows)))
                    }
                    @if !others.is_empty() { (card(speech, view, words.more_about_you, &others, &[])) }
                    @if channels.len() > 1 {
                        div.card {
                            h3 { (words.stop_channel) }
                            p.hint { (words.stop_channel_hint) }
                            div.channels {
                                @for channel in channels {
                                    button type="submit" name="stop" value=(channel) {
                                        (speech.channel(view.policies, channel))
                                    }
                                }
                            }
                        }
                    }
                    div.card.all {
                        p.hint { (words.withdraw_all_hint) }
                        button.main type="submit" name="withdraw" value="all" { (words.withdraw_all) }
                    }
                }
            }
        }
    }
}

fn rows(speech: &Speech, view: &View<'_>) -> (BTreeMap<Purpose, Vec<Row>>, Vec<Row>) {
    let (mut purposes, mut others) = (BTreeMap::<_, Vec<Row>>::new(), Vec::new());
    for facet in view.state.facets.keys() {
        let (by, pending) = match view.state.standing(facet, view.at) {
            Standing::Active { by, .. } => (by, false),
            Standing::Pending { by } => (by, true),
            Standing::Never
            | Standing::Withdrawn(_)
            | Standing::Objected(_)
            | Standing::Erased(_)
            | Standing::Lapsed { .. } => continue,
        };
        let full_title = speech.facet(view.policies, facet);
        let row = |title: String| Row {
            facet: facet.clone(),
            title,
            full_title: full_title.clone(),
            by,
            pending,
        };
        if let Facet::Contact(purpose, channel) = facet {
            let title = speech.channel(view.policies, channel).to_owned();
            purposes.entry(purpose.clone()).or_default().push(row(title));
        } else {
            others.push(row(full_title.clone()));
        }
    }
    (purposes, others)
}

/// The channels of a purpose that are not on.
fn lacking<'a>(speech: &Speech, policies: &'a Policies, purpose: &Purpose, rows: &[Row]) -> Vec<&'a str> {
    let offered: BTreeSet<&Channel> = policies
        .iter()
        .filter(|policy| policy.purposes.contains_key(purpose))
        .flat_map(|policy| policy.channels.keys())
        .collect();
    let has = |channel: &&Channel| {
        rows.iter()
            .any(|row| matches!(&row.facet, Facet::Contact(_, its) if its == *channel))
    };
    let missing = offered.into_iter().filter(|channel| !has(channel));
    missing.map(|channel| speech.channel(policies, channel)).collect()
}

fn card(speech: &Speech, view: &View<'_>, title: &str, rows: &[Row], lacking: &[&str]) -> Markup {
    let words = speech.words;
    let grants: BTreeSet<Version> = rows.iter().map(|row| row.by).collect();
    html! {
        div.card {
            h3 { (title) }
            @for grant in grants {
                @if let Some(stands_on) = view.state.grants.get(&grant) {
                    p.hint { (since(speech, view, stands_on)) }
                }
                ul.rows {
                    @for row in rows.iter().filter(|row| row.by == grant) {
                        li {
                            span {
                                (row.title)
                                @if row.pending { " " em.hint { (words.pending) } }
                            }
                            button type="submit" name="withdraw" value=(row.facet) {
                                (words.withdraw) span.unseen { ": " (row.full_title) }
                            }
                        }
                    }
                }
            }
            @if !lacking.is_empty() { p.hint { (fill(words.not_allowed, &[&lacking.join(", ")])) } }
        }
    }
}

fn since(speech: &Speech, view: &View<'_>, grant: &Grant) -> Markup {
    let words = speech.words;
    let day = |at| speech.day(view.policies, at);
    let period = fill(words.since_until, &[&day(grant.happened_at), &day(grant.until)]);
    html! {
        (period) ", " (words.under) " "
        @match shown(speech, view.policies, &grant.shown) {
            Some((_, title)) => { a href=(format!("#{}", anchor(&grant.shown))) { (title) } }
            None => { (grant.shown.notice) }
        }
        ", " (fill(words.version, &[&grant.shown.version.to_string()]))
    }
}

fn shown<'a>(speech: &Speech, policies: &'a Policies, shown: &Shown) -> Option<(&'a Policy, &'a str)> {
    let policy = policies.shown(shown)?;
    let (_, text) = speech.text(policy)?;
    Some((policy, &text.title))
}

fn anchor(shown: &Shown) -> String {
    format!("{}-{}", shown.notice, shown.version)
}

/// The notices that something stands on, in full: what the person was told.
pub(super) fn notices(speech: &Speech, view: &View<'_>) -> Markup {
    let shown: BTreeMap<String, &Shown> = view
        .state
        .grants
        .values()
        .map(|grant| (anchor(&grant.shown), &grant.shown))
        .collect();
    html! {
        @if !shown.is_empty() {
            section {
                h2 { (speech.words.notices) }
                @for (anchor, shown) in shown {
                    @if let Some(policy) = view.policies.shown(shown)
                        && let Some((language, text)) = speech.text(policy)
                    {
                        details.card id=(anchor) {
                            summary { (text.title) ", " (fill(speech.words.version, &[&shown.version.to_string()])) }
                            div lang=(language) {
                                @for paragraph in paragraphs(text) {
                                    p { (paragraph) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
