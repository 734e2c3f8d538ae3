//! Every reason that a decision can give: the rule, a word for programs, a sentence for people.

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

    /// The same for people.
    pub fn sentence(self) -> &'static str {
        self.facts().2
    }

    #[rustfmt::skip]
    fn facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Consented => ("S01", "consented", "an active consent covers this purpose and channel"),
            Self::Profiling => ("S32", "profiling-consented", "an active consent covers the individual profile"),
            Self::Sharing => ("S05", "sharing-consented", "an active consent covers sharing with recipients of this kind"),
            Self::OnTheList => ("S04", "on-the-list", "the notice names this group company"),
            Self::Processor => ("S49", "processor", "the notice names this processor"),
            Self::Related => ("S06", "related", "an active relation ties the data subject to this dealer"),
            Self::DeliveredRecently => ("S17", "delivered-recently", "the dealer delivered a vehicle within the period"),
            Self::SeparateConsent => ("S40", "separate-consent", "the separate consent that this category needs is active"),
            Self::EmailConsent => ("S45", "email-consented", "the e-mail channel is consented to"),
            Self::ListedForTheProfile => ("S36", "listed-for-the-profile", "the notice lists this category for the profile"),
            Self::ListedForTheGroup => ("S15", "listed-for-the-group", "the notice lists this category for the group company"),
            Self::ListedForProcessors => ("S49", "listed-for-processors", "a processor needs this category to send"),
            Self::ListedForTheRelation => ("S16", "listed-for-the-relation", "the notice lists this category for dealers of this relation"),

            Self::UnknownPurpose => ("S26", "unknown-purpose", "no notice has this purpose"),
            Self::UnknownChannel => ("S30", "unknown-channel", "no notice has this channel"),
            Self::NoConsent => ("S01", "no-consent", "there is no active consent"),
            Self::ChannelNotSelected => ("S30", "channel-not-selected", "this purpose and channel were not selected"),
            Self::NoticeNotStored => ("S03", "notice-not-stored", "the notice that was shown is not stored as it was shown"),
            Self::NotConfirmed => ("GDPR 7(1)", "not-confirmed", "the consent awaits better proof"),
            Self::Withdrawn => ("GDPR 7(3)", "withdrawn", "the consent was withdrawn"),
            Self::Objected => ("GDPR 21(2)", "objected", "the data subject objected to direct marketing"),
            Self::Erased => ("GDPR 17", "erased", "what the data subject had agreed to was erased"),
            Self::Lapsed => ("T4", "lapsed", "the consent is no longer valid"),
            Self::RegisterNotChecked => ("DPR 26/2022", "register-not-checked", "the opposition register was not checked"),

            Self::UnknownRecipient => ("S06", "unknown-recipient", "no such recipient is registered"),
            Self::NotAuthorised => ("S07", "not-authorised", "the recipient is not authorised"),
            Self::SharingSwitchedOff => ("S14", "sharing-switched-off", "the controller has switched this share off"),
            Self::NoSharing => ("S05", "no-sharing", "no active consent covers sharing with recipients of this kind"),
            Self::NotOnTheList => ("S04", "not-on-the-list", "the notice does not name this company"),
            Self::NotAProcessor => ("S49", "not-a-processor", "the notice does not name this processor"),
            Self::NoRelation => ("S06", "no-relation", "no active relation ties the data subject to this dealer"),
            Self::AnotherPartner => ("S20", "another-partner", "a local partner is entitled only while there is no other"),
            Self::RelationCapped => ("T8", "relation-capped", "the relation was not renewed for as long as it entitles"),
            Self::NoProfiling => ("S32", "no-profiling", "no active consent covers the individual profile"),

            Self::UnknownCategory => ("S36", "unknown-category", "the notice has no such category"),
            Self::NotForTheProfile => ("S36", "not-for-the-profile", "the notice does not list this category for the profile"),
            Self::NotForTheGroup => ("S15", "not-for-the-group", "the notice does not list this category for the group company"),
            Self::NotForProcessors => ("S49", "not-for-processors", "a processor does not need this category to send"),
            Self::NotForThisRelation => ("S16", "not-for-this-relation", "the notice does not list this category for dealers of this relation"),
            Self::NotForTheLocalPartner => ("S21", "not-for-the-local-partner", "a local partner gets the base categories alone"),
            Self::SharedWithNobody => ("S23", "shared-with-nobody", "the notice shares this category with no dealer and no group company"),
            Self::NoDelivery => ("S18", "no-delivery", "no delivery is recorded under this relation"),
            Self::DeliveryTooLongAgo => ("S19", "delivery-too-long-ago", "the period after the delivery is over"),
            Self::NoSeparateConsent => ("S40", "no-separate-consent", "the separate consent that this category needs is not active"),
            Self::NoEmailConsent => ("S45", "no-email-consent", "the e-mail channel is not consented to"),
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
