//! Withdrawing and objecting: as easy as giving, at any time, and idempotent by state.

use jiff::{SignedDuration, Timestamp};

use crate::act::{Act, Evidence, What};
use crate::codes::{Channel, Purpose};
use crate::facet::{Facet, Facets};
use crate::policy::{Policies, Policy};
use crate::record::Record;
use crate::refusal::Refusal;
use crate::state::{Mark, Off, Switch};

/// So soon after one another, two are one click that was sent twice.
const SAME_CLICK: SignedDuration = SignedDuration::from_secs(10);

/// What is withdrawn: everything, or the union of what is named.
#[derive(Debug, Clone)]
pub enum Selection {
    All,
    Named {
        purposes: Vec<Purpose>,
        channels: Vec<Channel>,
        facets: Vec<Facet>,
    },
}

impl Record {
    /// Withdraw what is named. Withdrawing what was never given is recorded too; the same withdrawal again
    /// adds nothing.
    pub fn withdraw(
        &self,
        policies: &Policies,
        selection: &Selection,
        happened_at: Option<Timestamp>,
        evidence: Evidence,
        now: Timestamp,
    ) -> Result<Option<Act>, Refusal> {
        let facets = self.named(policies, selection)?;
        let act = self.next(
            What::Withdrawn {
                facets: facets.clone(),
            },
            happened_at,
            evidence,
            now,
        )?;

        let adds_nothing = facets.iter().all(|facet| match self.state().facets.get(facet) {
            Some(Switch::Off {
                mark,
                why: Off::Withdrawn | Off::Objected | Off::Erased,
            }) => is_the_same(*mark, &act),
            Some(Switch::Off { why: Off::Lapsed, .. } | Switch::On { .. } | Switch::Pending { .. })
            | None => false,
        });
        Ok((!adds_nothing).then_some(act))
    }

    /// Object to direct marketing: every purpose, channel, profiling and sharing (GDPR 21(2)).
    pub fn object(
        &self,
        happened_at: Option<Timestamp>,
        evidence: Evidence,
        now: Timestamp,
    ) -> Result<Option<Act>, Refusal> {
        let act = self.next(What::Objected, happened_at, evidence, now)?;

        let stands = self.state().objection.is_some_and(|mark| is_the_same(mark, &act));
        Ok((!stands).then_some(act))
    }

    /// Write down a look at the opposition register. An enrolment revokes earlier consents to be called or
    /// written to, and leaves later ones (DPR 26/2022).
    pub fn check_register(
        &self,
        policies: &Policies,
        channel: &Channel,
        enrolled: bool,
        (checked_at, evidence): (Option<Timestamp>, Evidence),
        now: Timestamp,
    ) -> Result<Act, Refusal> {
        if !policies
            .iter()
            .any(|policy| policy.channels.contains_key(channel))
        {
            return Err(Refusal::UnknownChannel { place: 0 });
        }
        self.next(
            What::RegisterChecked {
                channel: channel.clone(),
                enrolled,
            },
            checked_at,
            evidence,
            now,
        )
    }

    fn named(&self, policies: &Policies, selection: &Selection) -> Result<Facets, Refusal> {
        // What some notice offers, and what the record has from a notice that is no longer stored.
        let mut all: Facets = policies.iter().flat_map(Policy::facets).collect();
        all.extend(self.state().facets.keys().cloned());

        let Selection::Named {
            purposes,
            channels,
            facets,
        } = selection
        else {
            return Ok(all);
        };
        let mut named = Facets::new();
        for (place, purpose) in purposes.iter().enumerate() {
            let of_it = |facet: &&Facet| matches!(facet, Facet::Contact(its, _) if its == purpose);
            take(
                &mut named,
                all.iter().filter(of_it),
                Refusal::UnknownPurpose { place },
            )?;
        }
        for (place, channel) in channels.iter().enumerate() {
            let of_it = |facet: &&Facet| matches!(facet, Facet::Contact(_, its) if its == channel);
            take(
                &mut named,
                all.iter().filter(of_it),
                Refusal::UnknownChannel { place },
            )?;
        }
        for (place, facet) in facets.iter().enumerate() {
            let found = all.contains(facet).then_some(facet);
            take(&mut named, found, Refusal::FacetNotOffered { place })?;
        }
        if named.is_empty() {
            Err(Refusal::NothingWithdrawn)
        } else {
            Ok(named)
        }
    }
}

/// Whether what is taken back now was taken back a moment ago already, as by the same click sent twice. A
/// later one is an act of its own: a grant that happened in between, and is learnt of afterwards, must not
/// come to stand against it.
fn is_the_same(mark: Mark, act: &Act) -> bool {
    let after = act.happened_at.duration_since(mark.at);
    (SignedDuration::ZERO..=SAME_CLICK).contains(&after)
}

/// Add what was found; a name that finds nothing is refused.
fn take<'a>(
    named: &mut Facets,
    found: impl IntoIterator<Item = &'a Facet>,
    otherwise: Refusal,
) -> Result<(), Refusal> {
    let mut found = found.into_iter().cloned().peekable();
    found.peek().ok_or(otherwise)?;
    named.extend(found);
    Ok(())
}
