//! What may be written into a profile. The content itself never passes through here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::act::{Act, Evidence, What};
use crate::codes::{Category, Field, Source};
use crate::decide::{self, Party, Reason};
use crate::policy::{CategoryTerms, Origin, Policies};
use crate::recipient::Recipient;
use crate::record::Record;
use crate::refusal::Refusal;

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
    /// one needs none. The source must be one that the notice allows (S35). A recipient may only tell of a
    /// category that it is entitled to itself, now (S12, S13).
    pub fn update_profile(
        &self,
        policies: &Policies,
        edits: &BTreeMap<Category, Edit>,
        (source, from): (&Source, Option<&Recipient>),
        evidence: Evidence,
        now: Timestamp,
    ) -> Result<Option<Act>, Refusal> {
        if !policies.iter().any(|policy| policy.sources.contains_key(source)) {
            return Err(Refusal::UnknownSource);
        }
        let (mut written, mut cleared) = (BTreeSet::new(), BTreeSet::new());
        for (category, edit) in edits {
            let terms = terms_of(policies, category)?;
            if let Some(recipient) = from {
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
