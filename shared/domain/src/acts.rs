//! The acts of a record, made ready to be folded again and again: every question about the past is a fold.

use jiff::Timestamp;

use crate::act::{Act, Order};
use crate::facet::Facets;

/// Acts as they were learnt.
#[derive(Debug, Clone, Default)]
pub struct Acts {
    learnt: Vec<Act>,
    /// The same, as they happened.
    happened: Vec<Happened>,
    /// Every facet that one of them names.
    facets: Facets,
}

/// An act in the order of its record. That it knows the places of its facets among all of them saves each fold
/// the comparing, which is most of what it would cost.
#[derive(Debug, Clone)]
struct Happened {
    order: Order,
    /// Its place among the acts as they were learnt.
    act: usize,
    facets: Vec<usize>,
}

impl Acts {
    pub fn as_slice(&self) -> &[Act] {
        &self.learnt
    }

    /// The acts after one more was learnt.
    pub fn and(self, act: Act) -> Self {
        let mut learnt = self.learnt;
        learnt.push(act);
        learnt.into()
    }

    pub(crate) fn facets(&self) -> &Facets {
        &self.facets
    }

    /// What had happened at an instant as far as it was known at another, in order: each act with the places of
    /// its facets.
    pub(crate) fn until(&self, at: Timestamp, known_at: Timestamp) -> impl Iterator<Item = (&Act, &[usize])> {
        let happened = self.happened.iter();
        let happened = happened.take_while(move |act| act.order.happened_at <= at);
        happened
            .map(|happened| (&self.learnt[happened.act], &happened.facets[..]))
            .filter(move |(act, _)| act.learnt_at <= known_at)
    }
}

impl From<Vec<Act>> for Acts {
    fn from(learnt: Vec<Act>) -> Self {
        let mut facets = Facets::new();
        for act in &learnt {
            facets.unite(act.facets());
        }
        let in_order = |(place, act): (usize, &Act)| Happened {
            order: act.order(),
            act: place,
            facets: facets.places(act.facets()),
        };
        let mut happened: Vec<Happened> = learnt.iter().enumerate().map(in_order).collect();
        happened.sort_by_key(|act| act.order);
        Self {
            learnt,
            happened,
            facets,
        }
    }
}
