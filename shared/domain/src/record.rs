//! A data subject's record: its acts, or what they come to.
//!
//! The steps that add an act stand in `grant.rs`, `withdraw.rs`, `relate.rs`, `profile.rs`,
//! `erase.rs` and `lapse.rs`. A step says [`None`] where the act would add nothing to what is recorded.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use crate::act::{Act, Evidence, Version, What};
use crate::policy::{Party, Policies};
use crate::refusal::Refusal;
use crate::state::State;
use crate::subject::Subject;

/// How far a stated date may lie ahead of our own clock: people's clocks differ by minutes.
pub const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

/// A record as it was read: the newest state, and the acts where the whole chain was read.
#[derive(Debug, Clone)]
pub struct Record {
    pub subject: Subject,
    /// The newest act's; 0 where there is none.
    pub version: Version,
    learnt_at: Timestamp,
    state: State,
    acts: Option<Vec<Act>>,
}

/// What a question is about: now, or an instant in the past as it was known then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Now(Timestamp),
    At { at: Timestamp, known_at: Timestamp },
}

/// A record seen from an instant: all that a decision may look at.
#[derive(Debug, Clone)]
pub struct View<'a> {
    pub policies: &'a Policies,
    pub state: Cow<'a, State>,
    pub at: Timestamp,
    /// Whether the question is about now, so that a recipient's newest access counts.
    pub now: bool,
    /// The newest act of the record that it is a view of.
    pub version: Version,
}

impl View<'_> {
    /// The controller that the consents name; where there is none, that of the first notice (S02).
    pub fn controller(&self) -> Option<&Party> {
        let pinned = self
            .state
            .grants
            .values()
            .find_map(|grant| self.policies.shown(&grant.shown));
        pinned
            .or_else(|| self.policies.iter().next())
            .map(|policy| &policy.controller)
    }
}

impl Record {
    /// A data subject of whom nothing is known yet.
    pub fn empty(subject: Subject) -> Self {
        let (learnt_at, state) = (Timestamp::MIN, State::default());
        Self {
            subject,
            version: 0,
            learnt_at,
            state,
            acts: Some(Vec::new()),
        }
    }

    /// The record as its newest act left it.
    pub fn newest(subject: Subject, version: Version, learnt_at: Timestamp, state: State) -> Self {
        Self {
            subject,
            version,
            learnt_at,
            state,
            acts: None,
        }
    }

    /// The same record with every act of its chain, oldest first.
    pub fn with_acts(self, acts: Vec<Act>) -> Self {
        let acts = Some(acts);
        Self { acts, ..self }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// When the newest act was learnt.
    pub fn learnt_at(&self) -> Timestamp {
        self.learnt_at
    }

    /// The acts, where the whole chain was read.
    pub fn acts(&self) -> Option<&[Act]> {
        self.acts.as_deref()
    }

    /// The record seen from an instant. [`None`]: the past needs the whole chain.
    ///
    /// Now is never before the newest act: once a withdrawal is acknowledged, a host whose clock is
    /// behind still sees it.
    pub fn view<'a>(&'a self, policies: &'a Policies, when: When) -> Option<View<'a>> {
        match when {
            When::Now(now) => Some(View {
                policies,
                state: self.dated(policies),
                at: now.max(self.learnt_at),
                now: true,
                version: self.version,
            }),
            When::At { at, known_at } => {
                let state = State::as_known(policies, self.acts()?, at, known_at);
                Some(View {
                    policies,
                    state: Cow::Owned(state),
                    at,
                    now: false,
                    version: self.version,
                })
            }
        }
    }

    /// The record as it stands now.
    ///
    /// A host whose clock is behind allows for as much longer as it is behind: that is the one bound on how
    /// late an end may take effect, and no more than [`AHEAD_MAX`] where clocks are as far apart as we reckon
    /// with. It is nothing once the end is in the chain.
    pub fn now<'a>(&'a self, policies: &'a Policies, now: Timestamp) -> View<'a> {
        let at = now.max(self.learnt_at);
        View {
            policies,
            state: self.dated(policies),
            at,
            now: true,
            version: self.version,
        }
    }

    /// The state with the dates of today's policies: a version may have been added since it was stored.
    fn dated(&self, policies: &Policies) -> Cow<'_, State> {
        let mut state = Cow::Borrowed(&self.state);
        if policies.some_supersede() {
            state.to_mut().date(policies);
        }
        state
    }

    /// Whether this act can be put on top of the state that was read.
    pub fn can_take(&self, act: &Act) -> bool {
        self.acts.is_some() || self.state.precedes(act)
    }

    /// The record after one more act. The act must be one that [`Self::can_take`].
    pub fn after(mut self, policies: &Policies, act: &Act) -> Self {
        self.version = act.version;
        self.learnt_at = act.learnt_at;
        let in_order = self.state.precedes(act);
        if let Some(acts) = &mut self.acts {
            acts.push(act.clone());
        }
        match &self.acts {
            Some(acts) if !in_order => self.state = State::of(policies, acts),
            _ => self.state.apply(policies, act),
        }
        self
    }

    /// The next act of this record, learnt now; a date that is stated may lie in the past. A withdrawal
    /// happened when it was learnt, where the date that is stated may be a clock's error: it must not come to
    /// lie before the grant that it is about.
    pub(crate) fn next(
        &self,
        what: What,
        stated: Option<Timestamp>,
        evidence: Evidence,
        now: Timestamp,
    ) -> Result<Act, Refusal> {
        if stated.is_some_and(|stated| stated.duration_since(now) > AHEAD_MAX) {
            return Err(Refusal::HappensInTheFuture);
        }
        // Instants are kept to the millisecond, so that what is read back is what was decided.
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        let after_the_last = self.learnt_at.saturating_add(SignedDuration::from_millis(1));
        let learnt_at = now.max(after_the_last.unwrap_or(Timestamp::MAX));
        let is_clocks_error = |stated: &Timestamp| now.duration_since(*stated) <= AHEAD_MAX;
        let withdraws = matches!(what, What::Withdrawn { .. } | What::Objected);
        let stated = stated.filter(|stated| !(withdraws && is_clocks_error(stated)));
        let happened_at = stated.map_or(learnt_at, |stated| stated.min(learnt_at));
        Ok(Act {
            version: self.version + 1,
            what,
            happened_at,
            learnt_at,
            evidence,
        })
    }
}
