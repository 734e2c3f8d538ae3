//! What may be written into a profile. The content itself never passes through here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::act::{Act, Evidence, What};
use crate::codes::{Category, Field, Source};
use crate::decide::{self, Party, Reason};
use crate::policy::{CategoryTerms, Origin, Policies, TellerKind};
use crate::recipient::Recipient;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::small_set::SmallSet;

/// Who tells of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller<'a> {
    /// The data subject itself.
    Subject,
    /// A person who acts on behalf of others.
    Staff,
    /// A back end of the controller.
    Service,
    /// A recipient, as itself (S12).
    Recipient(&'a Recipient),
}

/// What an update does to one category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// All its content goes.
    Clear,
    /// These fields are set or emptied; the others stay.
    Write(BTreeSet<Field>),
}

impl Record {
    /// Update the profile, all or nothing. Each category needs its consents (S32, S36 to S40); clearing
    /// one needs none. The source must be one that a notice lets whoever tells name (S35). A recipient may only
    /// tell of a category that it is entitled to itself, now (S12, S13).
    pub fn update_profile(
        &self,
        policies: &Policies,
        edits: &BTreeMap<Category, Edit>,
        (source, teller): (&Source, Teller<'_>),
        evidence: Evidence,
        now: Timestamp,
    ) -> Result<Option<Act>, Refusal> {
        may_name(policies, source, teller)?;
        let (mut written, mut cleared) = (SmallSet::new(), SmallSet::new());
        for (category, edit) in edits {
            let terms = terms_of(policies, category)?;
            if let Teller::Recipient(recipient) = teller {
                self.may_tell(policies, recipient, category, now)?;
            }
            match edit {
                Edit::Clear if self.state().profile.contains_key(category) => {
                    cleared.insert(category.clone());
                }
                Edit::Clear => {}
                Edit::Write(fields) => {
                    if !fields.is_subset(&terms.fields) {
                        return Err(Refusal::UnknownField {
                            category: category.clone(),
                        });
                    }
                    self.may_write(policies, category, now).map_err(|reasons| {
                        Refusal::CategoryWithoutConsent {
                            category: category.clone(),
                            reasons,
                        }
                    })?;
                    written.insert(category.clone());
                }
            }
        }
        if written.is_empty() && cleared.is_empty() {
            return Ok(None);
        }
        self.next(
            What::ProfileUpdated {
                written,
                cleared,
                source: source.clone(),
            },
            None,
            evidence,
            now,
        )
        .map(Some)
    }

    fn may_tell(
        &self,
        policies: &Policies,
        recipient: &Recipient,
        category: &Category,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let view = self.now(policies, now);
        let decision = decide::for_any_purpose(&view, Party::Recipient(recipient), category);
        if decision.allowed {
            return Ok(());
        }
        let category = category.clone();
        Err(Refusal::CategoryWithoutConsent {
            category,
            reasons: decision.reasons,
        })
    }

    /// Content is kept for the controller's profile, or for sharing alone where only a share may have it.
    fn may_write(&self, policies: &Policies, category: &Category, now: Timestamp) -> Result<(), Vec<Reason>> {
        let view = self.now(policies, now);
        let profile = decide::may_profile(&view, category);
        match profile {
            Ok(()) => Ok(()),
            Err(_) if decide::may_be_shared(&view, category) => Ok(()),
            Err(reasons) => Err(reasons),
        }
    }
}

/// Whether a notice knows the source, and lets whoever tells name it (S35).
fn may_name(policies: &Policies, source: &Source, teller: Teller<'_>) -> Result<(), Refusal> {
    let mut knowing = policies
        .iter()
        .filter(|policy| policy.sources.contains_key(source))
        .peekable();
    knowing.peek().ok_or(Refusal::UnknownSource)?;
    let kind = teller.kind();
    if knowing.any(|policy| policy.named_by.get(&kind).is_some_and(|its| its.contains(source))) {
        Ok(())
    } else {
        Err(Refusal::NotYourSource)
    }
}

impl Teller<'_> {
    fn kind(self) -> TellerKind {
        match self {
            Self::Subject => TellerKind::Subject,
            Self::Staff => TellerKind::Staff,
            Self::Service => TellerKind::Service,
            Self::Recipient(recipient) => TellerKind::Recipient(recipient.kind),
        }
    }
}

/// The newest terms of a category that an update may write.
fn terms_of<'a>(policies: &'a Policies, category: &Category) -> Result<&'a CategoryTerms, Refusal> {
    let newest = policies
        .iter()
        .filter(|policy| policy.categories.contains_key(category));
    let terms = newest
        .max_by_key(|policy| policy.version)
        .and_then(|policy| policy.categories.get(category));
    let terms = terms.ok_or(Refusal::UnknownCategory)?;
    match terms.origin {
        Origin::Profile => Ok(terms),
        Origin::Record | Origin::Tracking => Err(Refusal::NotAProfileCategory {
            category: category.clone(),
        }),
    }
}
