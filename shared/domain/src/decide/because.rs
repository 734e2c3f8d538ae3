//! Every reason that a decision can give: the rule, and a word for programs. Sentences for people are the platform's.

use crate::policy::Audience;

/// Why a decision came out as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Because {
    // What allows.
    Consented,
    Profiling,
    Sharing,
    OnTheList,
    Processor,
    Related,
    DeliveredRecently,
    SeparateConsent,
    EmailConsent,
    ListedForTheProfile,
    ListedForTheGroup,
    ListedForProcessors,
    ListedForTheRelation,
    // What denies: the consent.
    UnknownPurpose,
    UnknownChannel,
    NoConsent,
    ChannelNotSelected,
    NoticeNotStored,
    NotConfirmed,
    Withdrawn,
    Objected,
    Erased,
    Lapsed,
    RegisterNotChecked,
    // What denies: the party.
    UnknownRecipient,
    NotAuthorised,
    SharingSwitchedOff,
    NoSharing,
    NotOnTheList,
    NotAProcessor,
    NoRelation,
    AnotherPartner,
    RelationCapped,
    NoProfiling,
    // What denies: the category.
    UnknownCategory,
    NotForTheProfile,
    NotForTheGroup,
    NotForProcessors,
    NotForThisRelation,
    NotForTheLocalPartner,
    SharedWithNobody,
    NoDelivery,
    DeliveryTooLongAgo,
    NoSeparateConsent,
    NoEmailConsent,
}

impl Because {
    /// The rule of the notice, or the article of law.
    pub fn rule(self) -> &'static str {
        self.facts().0
    }

    /// A stable word for programs.
    pub fn slug(self) -> &'static str {
        self.facts().1
    }

    fn facts(self) -> (&'static str, &'static str) {
        match self {
            Self::Consented => ("S01", "consented"),
            Self::Profiling => ("S32", "profiling-consented"),
            Self::Sharing => ("S05", "sharing-consented"),
            Self::OnTheList => ("S04", "on-the-list"),
            Self::Processor => ("S49", "processor"),
            Self::Related => ("S06", "related"),
            Self::DeliveredRecently => ("S17", "delivered-recently"),
            Self::SeparateConsent => ("S40", "separate-consent"),
            Self::EmailConsent => ("S45", "email-consented"),
            Self::ListedForTheProfile => ("S36", "listed-for-the-profile"),
            Self::ListedForTheGroup => ("S15", "listed-for-the-group"),
            Self::ListedForProcessors => ("S49", "listed-for-processors"),
            Self::ListedForTheRelation => ("S16", "listed-for-the-relation"),

            Self::UnknownPurpose => ("S26", "unknown-purpose"),
            Self::UnknownChannel => ("S30", "unknown-channel"),
            Self::NoConsent => ("S01", "no-consent"),
            Self::ChannelNotSelected => ("S30", "channel-not-selected"),
            Self::NoticeNotStored => ("S03", "notice-not-stored"),
            Self::NotConfirmed => ("GDPR 7(1)", "not-confirmed"),
            Self::Withdrawn => ("GDPR 7(3)", "withdrawn"),
            Self::Objected => ("GDPR 21(2)", "objected"),
            Self::Erased => ("GDPR 17", "erased"),
            Self::Lapsed => ("T4", "lapsed"),
            Self::RegisterNotChecked => ("DPR 26/2022", "register-not-checked"),

            Self::UnknownRecipient => ("S06", "unknown-recipient"),
            Self::NotAuthorised => ("S07", "not-authorised"),
            Self::SharingSwitchedOff => ("S14", "sharing-switched-off"),
            Self::NoSharing => ("S05", "no-sharing"),
            Self::NotOnTheList => ("S04", "not-on-the-list"),
            Self::NotAProcessor => ("S49", "not-a-processor"),
            Self::NoRelation => ("S06", "no-relation"),
            Self::AnotherPartner => ("S20", "another-partner"),
            Self::RelationCapped => ("T8", "relation-capped"),
            Self::NoProfiling => ("S32", "no-profiling"),

            Self::UnknownCategory => ("S36", "unknown-category"),
            Self::NotForTheProfile => ("S36", "not-for-the-profile"),
            Self::NotForTheGroup => ("S15", "not-for-the-group"),
            Self::NotForProcessors => ("S49", "not-for-processors"),
            Self::NotForThisRelation => ("S16", "not-for-this-relation"),
            Self::NotForTheLocalPartner => ("S21", "not-for-the-local-partner"),
            Self::SharedWithNobody => ("S23", "shared-with-nobody"),
            Self::NoDelivery => ("S18", "no-delivery"),
            Self::DeliveryTooLongAgo => ("S19", "delivery-too-long-ago"),
            Self::NoSeparateConsent => ("S40", "no-separate-consent"),
            Self::NoEmailConsent => ("S45", "no-email-consent"),
        }
    }

    pub(super) fn listed_for(audience: &Audience) -> Self {
        match audience {
            Audience::Profile => Self::ListedForTheProfile,
            Audience::GroupCompany => Self::ListedForTheGroup,
            Audience::Processor => Self::ListedForProcessors,
            Audience::Relation(_) => Self::ListedForTheRelation,
        }
    }
}
