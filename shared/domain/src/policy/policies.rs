//! All policies: every version of every notice.

use std::sync::LazyLock;

use jiff::Timestamp;

use super::Policy;
use crate::act::Shown;
use crate::codes::NoticeId;

/// Every policy that there is. The one with the highest version of a notice is its current one. There are more of
/// them with every version, and most questions are about one: so each is read when it is asked for.
#[derive(Debug, Default)]
pub struct Policies(Vec<Kept>);

/// What is known of a policy without reading it, and the policy.
#[derive(Debug)]
struct Kept {
    notice: NoticeId,
    version: u32,
    supersedes: bool,
    policy: LazyLock<Policy, Read>,
}

type Read = Box<dyn FnOnce() -> Policy + Send>;

impl Policies {
    pub fn new(policies: Vec<Policy>) -> Self {
        let mut all = Self::default();
        for policy in policies {
            let (notice, supersedes) = (policy.notice.clone(), policy.supersedes.is_some());
            all.keep(notice, policy.version, supersedes, move || policy);
        }
        all
    }

    /// Take in a policy that is read when it is first asked for, and whether it supersedes another version.
    pub fn keep(
        &mut self,
        notice: NoticeId,
        version: u32,
        supersedes: bool,
        read: impl FnOnce() -> Policy + Send + 'static,
    ) {
        self.0.push(Kept {
            notice,
            version,
            supersedes,
            policy: LazyLock::new(Box::new(read)),
        });
    }

    /// Whether any version takes over dates of another; where none does, every date is as it was pinned.
    pub(crate) fn some_supersede(&self) -> bool {
        self.0.iter().any(|kept| kept.supersedes)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.0.iter().map(|kept| &*kept.policy)
    }

    pub fn find(&self, notice: &NoticeId, version: u32) -> Option<&Policy> {
        let kept = self
            .0
            .iter()
            .find(|kept| kept.version == version && kept.notice == *notice)?;
        Some(&kept.policy)
    }

    /// Every version of a notice.
    pub fn versions(&self, notice: &NoticeId) -> impl Iterator<Item = &Policy> {
        let kept = self.0.iter().filter(move |kept| kept.notice == *notice);
        kept.map(|kept| &*kept.policy)
    }

    /// By when a recipient must have confirmed a loss that it was told of then: the shortest deadline of all.
    pub fn withdrawal_deadline(&self, told: Timestamp) -> Option<Timestamp> {
        self.iter().map(|policy| policy.withdrawal_deadline(told)).min()
    }

    /// The policy whose very words an act pins; none where the words are not those that are stored (S03).
    pub fn shown(&self, shown: &Shown) -> Option<&Policy> {
        self.find(&shown.notice, shown.version).filter(|policy| {
            policy
                .texts
                .get(&shown.language)
                .is_some_and(|text| text.hash == shown.hash)
        })
    }
}
