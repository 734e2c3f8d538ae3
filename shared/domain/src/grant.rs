//! Granting: the data subject agrees to facets, having been shown a notice.

use jiff::Timestamp;

use crate::act::{Act, Evidence, Grade, Shown, Via, What};
use crate::codes::{Brand, Channel, Control, Language, NoticeId};
use crate::facet::{Facet, Facets};
use crate::policy::{Policies, Policy};
use crate::record::Record;
use crate::refusal::Refusal;

/// A consent as it was given: what was shown, what was ticked, and the proof.
#[derive(Debug, Clone)]
pub struct Given {
    pub notice: NoticeId,
    pub version: u32,
    pub language: Language,
    pub brand: Brand,
    pub via: Via,
    pub grade: Grade,
    /// The controls that were ticked, each over the selected channels.
    pub controls: Vec<Control>,
    pub channels: Vec<Channel>,
    /// Facets that were ticked one by one.
    pub facets: Vec<Facet>,
    /// When, if not now: paper, for example.
    pub happened_at: Option<Timestamp>,
    /// The data subject is asked to confirm it, by way of the contact that it gave.
    pub to_be_confirmed: bool,
}

impl Record {
    /// Grant what was ticked (S03, S05, S30). Giving one consent never sets a separate one (S41).
    pub fn grant(&self, policies: &Policies, given: &Given, now: Timestamp) -> Result<Act, Refusal> {
        let policy = policies
            .find(&given.notice, given.version)
            .ok_or(Refusal::UnknownNotice)?;
        let text = policy
            .texts
            .get(&given.language)
            .ok_or(Refusal::UnknownLanguage)?;
        if !policy.brands.contains_key(&given.brand) {
            return Err(Refusal::UnknownBrand);
        }
        let facets = ticked(policy, given)?;

        let shown = Shown {
            notice: given.notice.clone(),
            version: given.version,
            language: given.language.clone(),
            hash: text.hash.clone(),
        };
        let evidence = Evidence {
            via: given.via,
            grade: given.grade,
            brand: Some(given.brand.clone()),
            told_by: None,
        };
        let to_be_confirmed = given.to_be_confirmed;
        self.next(
            What::Granted {
                facets,
                shown,
                to_be_confirmed,
            },
            given.happened_at,
            evidence,
            now,
        )
    }
}

/// The facets that the ticks come to.
fn ticked(policy: &Policy, given: &Given) -> Result<Facets, Refusal> {
    if let Some(place) = given
        .channels
        .iter()
        .position(|channel| !policy.channels.contains_key(channel))
    {
        return Err(Refusal::UnknownChannel { place });
    }
    let mut facets = Facets::new();
    for (place, facet) in given.facets.iter().enumerate() {
        if !policy.offers(facet) {
            return Err(Refusal::FacetNotOffered { place });
        }
        facets.insert(facet.clone());
    }
    for (place, control) in given.controls.iter().enumerate() {
        let control = policy
            .controls
            .get(control)
            .ok_or(Refusal::UnknownControl { place })?;
        if !control.purposes.is_empty() && given.channels.is_empty() {
            return Err(Refusal::NoChannel);
        }
        facets.extend(control.facets.iter().cloned());
        for purpose in &control.purposes {
            facets.extend(
                given
                    .channels
                    .iter()
                    .map(|channel| Facet::Contact(purpose.clone(), channel.clone())),
            );
        }
    }
    if facets.is_empty() {
        Err(Refusal::NothingGranted)
    } else {
        Ok(facets)
    }
}
