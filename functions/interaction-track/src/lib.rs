//! Queue: what the campaign service reports of its e-mails. Kept for the person, only counted, or dropped.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::campaign::Campaign;
use domain::codes::{CampaignId, Category};
use domain::interaction::{Cell, Fate, fate};
use domain::record::Record;
use domain::subject::Subject;
use jiff::Timestamp;
use platform::batch::{self, Failure};
use platform::pseudonym::Pseudonyms;
use platform::queue::Queue;
use platform::store::{self, CountMark, Seen, Store};

use report::{Event, Report};

mod report;

/// More than a message of the campaign service holds.
const EVENTS_MAX: usize = 100;
/// How often events are judged anew when the record or its content changes meanwhile.
const TRIES_MAX: usize = 8;

/// Why a report was not taken in to its end.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("a report has at most {EVENTS_MAX} events")]
    TooMany,
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The recipients to count, by campaign and cell.
type Counts = BTreeMap<(CampaignId, Cell), BTreeSet<CountMark>>;

/// Take in each report. Whatever comes twice, late or in another order leaves the same behind: the last
/// interaction wins, and a recipient counts once in a cell.
pub async fn handle(
    store: &Store,
    pseudonyms: &Pseudonyms,
    dead: &Queue,
    now: Timestamp,
    event: SqsEvent,
) -> SqsBatchResponse {
    batch::each(event, dead, |report: Report| {
        take_in(store, pseudonyms, now, report)
    })
    .await
}

/// Sort by person, judge and keep, then count. Whatever is cut off on the way is done by the next try.
async fn take_in(
    store: &Store,
    pseudonyms: &Pseudonyms,
    now: Timestamp,
    report: Report,
) -> Result<(), Error> {
    if report.events.len() > EVENTS_MAX {
        return Err(Error::TooMany);
    }
    let reported = report.events.len();
    let events: Vec<Event> = report.events.into_iter().filter_map(Event::of).collect();
    let campaigns = declared(store, &events).await?;
    let (known, people) = (events.len(), by_person(events, &campaigns));
    let ours: usize = people.values().map(Vec::len).sum();

    let (mut counts, mut taken) = (Counts::new(), 0);
    for (subject, events) in &people {
        for event in judge_and_keep(store, &campaigns, subject, events, now).await? {
            taken += 1;
            note_address(store, event).await?;
            for cell in event.cells() {
                let mark = pseudonyms.mark(&event.campaign, &cell, subject);
                let counted = counts.entry((event.campaign.clone(), cell)).or_default();
                counted.extend(mark);
            }
        }
    }
    for ((campaign, cell), marks) in &counts {
        store.count(campaign, cell, marks, now).await?;
    }

    if taken < reported {
        tracing::warn!(
            unknown_kind = reported - known,
            undeclared_campaign = known - ours,
            not_under_consent = ours - taken,
            "some events of a report were dropped"
        );
    }
    Ok(())
}

/// The events of declared campaigns, by whom they are about.
fn by_person(
    events: Vec<Event>,
    campaigns: &BTreeMap<CampaignId, Campaign>,
) -> BTreeMap<Subject, Vec<Event>> {
    let mut people: BTreeMap<Subject, Vec<Event>> = BTreeMap::new();
    for event in events {
        if campaigns.contains_key(&event.campaign) {
            people.entry(event.subject.clone()).or_default().push(event);
        }
    }
    people
}

/// What the campaigns of these events declared. One that did not is not ours (S29).
async fn declared(store: &Store, events: &[Event]) -> Result<BTreeMap<CampaignId, Campaign>, Error> {
    let ids: BTreeSet<&CampaignId> = events.iter().map(|event| &event.campaign).collect();
    let mut campaigns = BTreeMap::new();
    for id in ids {
        let campaign = store.campaign(id).await?;
        campaigns.extend(campaign.map(|campaign| (id.clone(), campaign)));
    }
    Ok(campaigns)
}

/// Decide on each event of one person and keep what may be kept; the events that count are returned. Whoever
/// withdraws while this runs is faster: then it is decided anew.
async fn judge_and_keep<'e>(
    store: &Store,
    campaigns: &BTreeMap<CampaignId, Campaign>,
    subject: &Subject,
    events: &'e [Event],
    now: Timestamp,
) -> Result<Vec<&'e Event>, Error> {
    for _ in 0..TRIES_MAX {
        let record = store.whole_chain(subject).await?.record;
        let mut kept: BTreeMap<Category, Vec<Seen>> = BTreeMap::new();
        let mut counted = Vec::new();
        for event in events {
            let Some(campaign) = campaigns.get(&event.campaign) else {
                continue;
            };
            match fate(
                &record,
                store.policies,
                &campaign.purpose,
                &event.interaction,
                now,
            ) {
                Fate::Dropped => continue,
                Fate::Counted => {}
                Fate::Kept {
                    category,
                    field,
                    until,
                } => kept.entry(category).or_default().push(event.seen(field, until)),
            }
            counted.push(event);
        }
        match keep(store, &record, &kept, now).await {
            Ok(()) => return Ok(counted),
            Err(store::Error::Stale) => {}
            Err(
                error @ (store::Error::Unreadable { .. }
                | store::Error::Unfit(_)
                | store::Error::Unavailable(_)),
            ) => {
                return Err(error.into());
            }
        }
    }
    Err(store::Error::Stale.into())
}

async fn keep(
    store: &Store,
    record: &Record,
    kept: &BTreeMap<Category, Vec<Seen>>,
    now: Timestamp,
) -> Result<(), store::Error> {
    for (category, seen) in kept {
        store.keep(record, category, seen, now).await?;
    }
    Ok(())
}

/// What a mail that was sent under consent says of the address, whatever became of the consent since (S50).
async fn note_address(store: &Store, event: &Event) -> Result<(), Error> {
    let interaction = &event.interaction;
    if let Some(found) = interaction.kind.address() {
        store
            .note_address(&event.subject, found, interaction.sent_at, interaction.at)
            .await?;
    }
    Ok(())
}

impl Failure for Error {
    fn may_pass(&self) -> bool {
        match self {
            Self::Store(store::Error::Stale | store::Error::Unavailable(_)) => true,
            Self::TooMany | Self::Store(store::Error::Unreadable { .. } | store::Error::Unfit(_)) => false,
        }
    }
}
