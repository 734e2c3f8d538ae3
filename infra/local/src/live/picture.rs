//! What the page draws: the parts of the system as the template wires them, and the state they are in.

use std::collections::{BTreeMap, BTreeSet};

use domain::codes::Language;
use domain::policy::{Origin, Words};
use serde_json::{Value, json};

use super::{Live, Scene, stories};
use crate::functions::ERRANDS;
use crate::template::Template;

impl Live {
    /// What does not change: which function hangs on what, the categories of the notice, the stories.
    pub(super) fn setting(&self) -> Option<Value> {
        let scene = self.0.scene.get()?;
        let template = &scene.template;
        let front: BTreeSet<&str> = template
            .routes
            .iter()
            .map(|route| route.function.as_str())
            .collect();
        let streams = template.streams.iter().map(|mapping| &mapping.function);
        let mut consumers: Vec<_> = template.consumers.iter().collect();
        // First what every story is about.
        consumers.sort_by_key(|mapping| mapping.queue != ERRANDS);
        let consumers = consumers.into_iter();
        let consumers =
            consumers.map(|mapping| json!({ "function": mapping.function, "queue": mapping.queue }));
        let schedules = template.schedules.iter().map(|schedule| &schedule.function);
        Some(json!({
            "front": front,
            "streams": streams.collect::<Vec<_>>(),
            "schedules": schedules.collect::<Vec<_>>(),
            "consumers": consumers.collect::<Vec<_>>(),
            "dead": dead(template),
            "categories": categories(),
            "channels": channels(),
            "stories": stories::all(),
            "places": places(template)
                .into_iter()
                .map(|(path, what)| json!({ "path": path, "what": what }))
                .collect::<Vec<_>>(),
        }))
    }

    /// What changes: the clock's distance, the queues, the dead letters, what each recipient holds.
    pub(super) fn picture(&self) -> Option<Value> {
        let scene = self.0.scene.get()?;
        let waiting = scene.template.consumers.iter();
        let waiting: BTreeMap<_, _> = waiting
            .map(|mapping| (&mapping.queue, scene.sqs.letters(&mapping.queue).len()))
            .collect();
        Some(json!({
            "ahead_s": self.0.clock.ahead_s(),
            "waiting": waiting,
            "letters": letters(scene),
            "recipients": scene.demo.shown(),
            "playing": self.0.stage.playing(),
        }))
    }
}

/// What else there is to look at in a browser, and what it is.
pub fn places(template: &Template) -> Vec<(&'static str, &'static str)> {
    let is_there = |route: &str| template.routes.iter().any(|known| known.key == route);
    let mut places = vec![
        (
            "/demo/recipients",
            "what every recipient holds, and the mails to visitors",
        ),
        ("/docs", "the interface, described"),
    ];
    if is_there("GET /v1/forms/{notice}") {
        places.push(("/v1/forms/bmw-italia-promotional", "the form that visitors tick"));
    }
    places
}

/// The queues that nobody reads from but a person.
pub(super) fn dead(template: &Template) -> Vec<&str> {
    let is_read = |id: &str| template.consumers.iter().any(|mapping| mapping.queue == id);
    let ids = template.queues.iter().map(|queue| queue.id.as_str());
    ids.filter(|id| !is_read(id)).collect()
}

fn letters(scene: &Scene) -> Value {
    let letters = dead(&scene.template).into_iter().flat_map(|queue| {
        let letters = scene.sqs.letters(queue);
        letters
            .into_iter()
            .map(move |letter| json!({ "queue": queue, "letter": letter }))
    });
    letters.collect()
}

/// Of the newest version of the first notice: the numbers and titles are the same in all that are shipped.
fn categories() -> Value {
    let Some(policy) = policies::all().iter().next() else {
        return Value::Null;
    };
    let mut categories: Vec<_> = policy.categories.iter().collect();
    categories.sort_by_key(|(_, terms)| terms.number.trim_start_matches('K').parse::<u32>().unwrap_or(0));
    let told = categories.into_iter().map(|(code, terms)| {
        json!({
            "code": code.as_str(),
            "number": terms.number,
            "title": english(&terms.title),
            // What lives in the record is never content.
            "has_content": terms.origin != Origin::Record,
        })
    });
    told.collect()
}

fn channels() -> Value {
    let Some(policy) = policies::all().iter().next() else {
        return Value::Null;
    };
    let channels = policy.channels.iter();
    let told = channels.map(|(code, terms)| json!({ "code": code.as_str(), "title": english(&terms.title) }));
    told.collect()
}

fn english(words: &Words) -> &str {
    let english = words
        .iter()
        .find(|(language, _)| Language::as_str(language) == "en");
    english.map_or("", |(_, word)| word)
}
