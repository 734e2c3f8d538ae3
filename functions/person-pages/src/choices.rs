//! What a notice offers to tick, and what of it was ticked. Nothing is ticked for anybody.

use domain::codes::{Channel, Control};
use domain::facet::Facet;
use domain::policy::{ControlTerms, Policies, Policy};
use maud::{Markup, html};
use platform::http::Problem;

use crate::speech::Speech;

/// The ticks of a form, as they came.
#[derive(Default)]
pub(crate) struct Ticks {
    pub(crate) controls: Vec<String>,
    pub(crate) channels: Vec<String>,
}

impl Ticks {
    /// Whether a field of the form was a tick; it is kept.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> bool {
        let ticks = match name {
            "control" => &mut self.controls,
            "channel" => &mut self.channels,
            _ => return false,
        };
        ticks.push(value.to_owned());
        true
    }

    pub(crate) fn read(&self) -> Result<(Vec<Control>, Vec<Channel>), Problem> {
        fn codes<C: std::str::FromStr>(ticks: &[String], name: &str) -> Result<Vec<C>, Problem> {
            let read = ticks.iter().map(|tick| tick.parse());
            read.collect::<Result<_, _>>()
                .map_err(|_| Problem::bad("malformed", format!("/{name}"), "not one of the boxes"))
        }
        Ok((
            codes(&self.controls, "control")?,
            codes(&self.channels, "channel")?,
        ))
    }
}

/// Controls under one heading, in the order in which a form has them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Promotional,
    Sharing,
    Separate,
}

fn group(control: &ControlTerms) -> Group {
    let is = |test: fn(&Facet) -> bool| control.purposes.is_empty() && control.facets.iter().all(test);
    if is(|facet| matches!(facet, Facet::Separate(_))) {
        Group::Separate
    } else if is(is_sharing) {
        Group::Sharing
    } else {
        Group::Promotional
    }
}

/// Whether sharing can be left out without leaving out anything else.
pub(crate) fn is_sharing_separable(policy: &Policy) -> bool {
    policy
        .controls
        .values()
        .all(|control| group(control) == Group::Sharing || !control.facets.iter().any(is_sharing))
}

fn is_sharing(facet: &Facet) -> bool {
    matches!(facet, Facet::Sharing(_))
}

/// The boxes of a notice; where a form lacks a channel, it is said beside them.
pub(crate) fn boxes(
    speech: &Speech,
    policies: &Policies,
    policy: &Policy,
    ticks: &Ticks,
    no_sharing: bool,
    no_channel: bool,
) -> Markup {
    let words = speech.words;
    let separable = is_sharing_separable(policy);
    html! {
        @for (shown, heading, hint) in [
            (Group::Promotional, words.your_choice, words.nothing_ticked),
            (Group::Sharing, words.sharing, ""),
            (Group::Separate, words.separate, words.separate_hint),
        ] {
            @if policy.controls.values().any(|control| group(control) == shown) {
                fieldset {
                    legend { (heading) }
                    @if !hint.is_empty() { p.hint { (hint) } }
                    @if no_sharing && shown == Group::Sharing { p.note { (words.gpc_separable) } }
                    @if no_sharing && shown == Group::Promotional && !separable {
                        p.note { (words.gpc_bundled) }
                    }
                    @for (code, control) in policy.controls.iter().filter(|(_, control)| group(control) == shown) {
                        (a_box(speech, policies, code, control, ticks))
                    }
                }
            }
        }
        fieldset aria-describedby=[no_channel.then_some("no-channel")] {
            legend { (words.channels) }
            p.hint { (words.channels_hint) }
            @if no_channel { p.wrong #no-channel { (words.no_channel) } }
            div.channels {
                @for (code, channel) in &policy.channels {
                    @let checked = ticks.channels.iter().any(|tick| tick == code.as_str());
                    label.tick {
                        input type="checkbox" name="channel" value=(code) checked[checked];
                        span { (speech.title(&channel.title)) }
                    }
                }
            }
        }
    }
}

fn a_box(
    speech: &Speech,
    policies: &Policies,
    code: &Control,
    control: &ControlTerms,
    ticks: &Ticks,
) -> Markup {
    let checked = ticks.controls.iter().any(|tick| tick == code.as_str());
    let purposes = control.purposes.iter();
    let purposes = purposes.map(|purpose| speech.purpose(policies, purpose).to_owned());
    let facets = control.facets.iter().map(|facet| speech.facet(policies, facet));
    let included: Vec<String> = purposes.chain(facets).collect();
    let note = format!("includes-{code}");
    html! {
        label.tick {
            input type="checkbox" name="control" value=(code) checked[checked]
                aria-describedby=[(included.len() > 1).then_some(&note)];
            span { (speech.title(&control.title)) }
        }
        @if included.len() > 1 {
            div.includes id=(note) {
                p { (speech.words.includes) }
                ul { @for thing in &included { li { (thing) } } }
            }
        }
    }
}

/// A code of a form's field.
pub(crate) fn code<C: std::str::FromStr>(value: Option<&String>, name: &str) -> Result<C, Problem> {
    let code = value.map_or("", String::as_str).parse();
    code.map_err(|_| {
        let detail = "a hidden field is not what it was";
        Problem::bad("malformed", format!("/{name}"), detail)
    })
}
