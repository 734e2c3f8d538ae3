//! The notice's stories, played through the front door: each step is a request as a website or a back
//! office makes it, and a sentence that says what it is good for.

use std::sync::Mutex;
use std::time::Duration;

use jiff::SignedDuration;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Live, lock};

mod teller;

use teller::{Broken, Entry, Teller};

/// Whether a story is being played, and which.
#[derive(Default)]
pub(super) struct Stage(Mutex<Option<&'static str>>);

/// A sentence of a story.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    story: &'static str,
    text: String,
    part: Part,
    /// The data subject that it is about, as everybody but the caller knows it.
    subject: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Part {
    Middle,
    End,
    /// It could not be told to its end.
    Broken,
}

struct Story {
    name: &'static str,
    title: &'static str,
    /// The data subject's name in it.
    who: &'static str,
    about: &'static str,
}

const STORIES: [Story; 3] = [
    Story {
        name: "nearby",
        title: "A prospect and the dealer nearby",
        who: "Giulia",
        about: "She has no dealer yet, so one in her area may know of her. Then she buys a car elsewhere.",
    },
    Story {
        name: "three-years",
        title: "A buyer whose three years end",
        who: "Marco",
        about: "The dealer that delivered his car may know more of him, until the third anniversary.",
    },
    Story {
        name: "dealer-down",
        title: "A withdrawal while a dealer is down",
        who: "Sara",
        about: "She takes her consent back. Everybody has to be told, and one of them does not answer.",
    },
];

/// What there is to choose from.
pub(super) fn all() -> Value {
    let told = STORIES.iter();
    told.map(
        |story| json!({ "name": story.name, "title": story.title, "who": story.who, "about": story.about }),
    )
    .collect()
}

pub(super) fn is_known(name: &str) -> bool {
    STORIES.iter().any(|story| story.name == name)
}

impl Stage {
    pub(super) fn playing(&self) -> Option<&'static str> {
        *lock(&self.0)
    }

    /// Whether it was free.
    fn enter(&self, story: &'static str) -> bool {
        let mut playing = lock(&self.0);
        let is_free = playing.is_none();
        playing.get_or_insert(story);
        is_free
    }

    fn leave(&self) {
        *lock(&self.0) = None;
    }
}

impl Live {
    /// Play a story. Returns whether it was begun: one at a time.
    pub(super) fn play(&self, name: &str, pace: Duration) -> bool {
        let Some(story) = STORIES.iter().find(|story| story.name == name) else {
            return false;
        };
        if !self.0.stage.enter(story.name) {
            return false;
        }
        let live = self.clone();
        tokio::spawn(async move {
            if let Some(scene) = live.0.scene.get() {
                // A story that went before may have left somebody down.
                scene.demo.all_up();
                let mut teller = Teller::new(live.clone(), scene, story.name, pace);
                let told = match story.name {
                    "nearby" => nearby(&mut teller).await,
                    "three-years" => three_years(&mut teller).await,
                    _ => dealer_down(&mut teller).await,
                };
                scene.demo.all_up();
                match told {
                    Ok(end) => teller.said(end, Part::End),
                    Err(broken) => teller.said(&format!("The story breaks off. {broken}"), Part::Broken),
                }
            }
            live.0.stage.leave();
        });
        true
    }
}

/// S20 to S22: the local partner, and the end of it.
async fn nearby(t: &mut Teller<'_>) -> Result<&'static str, Broken> {
    t.say("Giulia has no dealer. The website names one in her area; nobody has been told anything yet.")
        .await;
    t.relate("dealer-local/local/nearby", json!({})).await?;

    t.say("She ticks the form: yes, by e-mail and by phone. One tick becomes one act, and one act is one write.").await;
    t.grant(&["promotional"], &["email", "phone"]).await?;

    t.say("What is known of her goes where it may go: eight categories to BMW AG and to the dealer nearby, what sending needs to the campaign service.").await;
    t.profile(
        "subject",
        json!({
            "contact": { "given-name": "Giulia", "email": "giulia@example.com", "phone": "+39 02 0000001" },
            "vehicle-of-interest": { "model": "a small electric one" },
            "preferences": { "interests": "cycling" },
        }),
    )
    .await?;

    t.say("She buys a car, and another dealer delivers it today.")
        .await;
    let today = t.today();
    t.relate(
        "dealer-sales/purchase/vehicle-1",
        json!({ "delivered_on": today }),
    )
    .await?;

    t.say("That ends what tied her to the dealer nearby, which was told so and has confirmed it.")
        .await;
    Ok(
        "The dealer nearby holds nothing of her any more. The dealer of the car does, and for three years it may hold two categories more.",
    )
}

/// S17 to S19: the extended set, and its last day.
async fn three_years(t: &mut Teller<'_>) -> Result<&'static str, Broken> {
    t.say("Marco took delivery of a car almost three years ago.")
        .await;
    let delivered = t.almost_years_ago(3);
    t.relate(
        "dealer-sales/purchase/vehicle-1",
        json!({ "delivered_on": delivered }),
    )
    .await?;

    t.say("Today he consents, and allows the usage data of the car by a tick of its own.")
        .await;
    t.grant(&["promotional", "vehicle-usage"], &["email"]).await?;

    t.say(
        "His profile reaches the dealer with the extended set: history, vehicle usage, recommended actions.",
    )
    .await;
    t.profile(
        "product-use",
        json!({
            "contact": { "given-name": "Marco", "email": "marco@example.com" },
            "customer-history": { "purchases": "one car" },
            "vehicle-usage": { "mileage": "48 000 km" },
            "recommended-actions": { "action": "winter tyres" },
        }),
    )
    .await?;

    t.say("Now the clock moves on by two days, past the third anniversary. Nobody calls: the schedule finds what has fallen due.").await;
    t.advance(SignedDuration::from_hours(48)).await;

    t.say("The dealer was told that the extended set has ended, and has confirmed it.")
        .await;
    Ok(
        "The dealer keeps the eight base categories. What ended went by itself, on the day that the notice names.",
    )
}

/// A withdrawal reaches everybody, or stays visible until it does.
async fn dealer_down(t: &mut Teller<'_>) -> Result<&'static str, Broken> {
    t.say("Sara prefers a dealer and has consented to e-mail, phone and post.")
        .await;
    t.relate("dealer-sales/preferred/choice", json!({})).await?;
    t.grant(&["promotional"], &["email", "phone", "post"]).await?;
    t.profile(
        "subject",
        json!({
            "contact": { "given-name": "Sara", "email": "sara@example.com", "phone": "+39 02 0000002" },
        }),
    )
    .await?;

    t.say("The dealer's computer goes down.").await;
    t.scene.demo.set_down("dealer-sales", true);

    t.say("She withdraws everything. From this moment every decision denies, whoever has been told.")
        .await;
    t.withdraw(json!({ "all": true })).await?;
    if t.may_phone("dealer-sales").await? {
        return Err(Broken(
            "The dealer may still phone, which must not be.".to_owned(),
        ));
    }

    t.say("BMW AG and the campaign service have let go. The dealer has not confirmed, and the ledger says so: it is pending, and will be told again.").await;
    t.say("The clock moves on to the next attempt. The dealer still does not answer.")
        .await;
    t.advance_until_told("dealer-sales").await?;

    t.say("The dealer is back. At the attempt after that one it is told, and confirms.")
        .await;
    t.scene.demo.all_up();
    t.advance_until_told("dealer-sales").await?;

    // Recipients that somebody registered beside those of the demo confirm when they will.
    let ours = t.scene.demo.names();
    let behind = |entry: &Entry| ours.contains(&entry.recipient) && !entry.is_up_to_date;
    if let Some(behind) = t.ledger().await?.into_iter().find(behind) {
        return Err(Broken(format!("{} has not confirmed.", behind.recipient)));
    }
    Ok(
        "Everybody has confirmed: no recipient holds anything of her. What stays is the proof that she said yes, and that she took it back.",
    )
}
