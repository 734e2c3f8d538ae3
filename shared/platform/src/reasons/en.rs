//! English.

use domain::decide::Because;

pub(super) fn sentence(because: Because) -> &'static str {
    match because {
        Because::Consented => "an active consent covers this purpose and channel",
        Because::Profiling => "an active consent covers the individual profile",
        Because::Sharing => "an active consent covers sharing with recipients of this kind",
        Because::OnTheList => "the notice names this group company",
        Because::Processor => "the notice names this processor",
        Because::Related => "an active relation ties the data subject to this dealer",
        Because::DeliveredRecently => "the dealer delivered a vehicle within the period",
        Because::SeparateConsent => "the separate consent that this category needs is active",
        Because::EmailConsent => "the e-mail channel is consented to",
        Because::ListedForTheProfile => "the notice lists this category for the profile",
        Because::ListedForTheGroup => "the notice lists this category for the group company",
        Because::ListedForProcessors => "a processor needs this category to send",
        Because::ListedForTheRelation => "the notice lists this category for dealers of this relation",

        Because::UnknownPurpose => "no notice has this purpose",
        Because::UnknownChannel => "no notice has this channel",
        Because::NoConsent => "there is no active consent",
        Because::ChannelNotSelected => "this purpose and channel were not selected",
        Because::NoticeNotStored => "the notice that was shown is not stored as it was shown",
        Because::NotConfirmed => "the consent awaits better proof",
        Because::Withdrawn => "the consent was withdrawn",
        Because::Objected => "the data subject objected to direct marketing",
        Because::Erased => "what the data subject had agreed to was erased",
        Because::Lapsed => "the consent is no longer valid",
        Because::RegisterNotChecked => "the opposition register was not checked",

        Because::UnknownRecipient => "no such recipient is registered",
        Because::NotAuthorised => "the recipient is not authorised",
        Because::SharingSwitchedOff => "the controller has switched this share off",
        Because::NoSharing => "no active consent covers sharing with recipients of this kind",
        Because::NotOnTheList => "the notice does not name this company",
        Because::NotAProcessor => "the notice does not name this processor",
        Because::NoRelation => "no active relation ties the data subject to this dealer",
        Because::AnotherPartner => "a local partner is entitled only while there is no other",
        Because::RelationCapped => "the relation was not renewed for as long as it entitles",
        Because::NoProfiling => "no active consent covers the individual profile",

        Because::UnknownCategory => "the notice has no such category",
        Because::NotForTheProfile => "the notice does not list this category for the profile",
        Because::NotForTheGroup => "the notice does not list this category for the group company",
        Because::NotForProcessors => "a processor does not need this category to send",
        Because::NotForThisRelation => "the notice does not list this category for dealers of this relation",
        Because::NotForTheLocalPartner => "a local partner gets the base categories alone",
        Because::SharedWithNobody => "the notice shares this category with no dealer and no group company",
        Because::NoDelivery => "no delivery is recorded under this relation",
        Because::DeliveryTooLongAgo => "the period after the delivery is over",
        Because::NoSeparateConsent => "the separate consent that this category needs is not active",
        Because::NoEmailConsent => "the e-mail channel is not consented to",
    }
}
