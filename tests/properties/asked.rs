//! What is asked of a history.

use domain::decide::{Decision, Party, Question, decide};
use domain::recipient::Recipient;
use domain::record::View;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cast::CAST;
use crate::deeds::pick;

#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The controller, where none.
    pub(crate) who: Option<&'static Recipient>,
    pub(crate) question: Question,
}

pub(crate) fn asked() -> impl Strategy<Value = Asked> {
    let question = (
        select(&CAST.purposes[..]),
        prop::option::of(select(&CAST.channels[..])),
        prop::option::of(select(&CAST.categories[..])),
    );
    (prop::option::weighted(0.8, pick()), question).prop_map(|(who, (purpose, channel, category))| Asked {
        who: who.map(|who| who.get(&CAST.recipients)),
        question: Question {
            purpose,
            channel,
            category,
        },
    })
}

impl Asked {
    pub(crate) fn party(&self) -> Party<'static> {
        self.who.map_or(Party::Controller, Party::Recipient)
    }

    pub(crate) fn decided(&self, view: &View<'_>) -> Decision {
        decide(view, self.party(), &self.question)
    }
}
