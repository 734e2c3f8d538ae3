//! Why a step was refused. A refusal is our no; an error is something that broke.

use crate::codes::Category;

/// The step is not lawful or not possible; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the notice and version are not stored here")]
    UnknownNotice,
    #[error("the notice has no words in this language")]
    UnknownLanguage,
    #[error("the notice does not offer this facet")]
    FacetNotOffered { place: usize },
    #[error("the notice has no such control")]
    UnknownControl { place: usize },
    #[error("the notice has no such channel")]
    UnknownChannel { place: usize },
    #[error("no notice has such a purpose")]
    UnknownPurpose { place: usize },
    #[error("the notice has no such brand")]
    UnknownBrand,
    #[error("no notice has such a purpose to send for")]
    UnknownCampaignPurpose,
    #[error("no notice has such a message type for this purpose")]
    UnknownMessageType,
    #[error("there is nothing to confirm: it was confirmed, has lapsed, or was never asked for")]
    NothingToConfirm,
    #[error("nothing is granted: name a control with channels, or a facet")]
    NothingGranted,
    #[error("no channel is selected, and a control that is ticked is for contact")]
    NoChannel,
    #[error("nothing is withdrawn: name all, a purpose, a channel or a facet")]
    NothingWithdrawn,
    #[error("the date lies more than five minutes ahead")]
    HappensInTheFuture,
    #[error("the day lies in the future")]
    BeginsInTheFuture,
    #[error("the notices know no such relation")]
    UnknownRelationKind,
    #[error("this relation carries no delivery date")]
    NoDeliveryHere,
    #[error("the delivery date lies in the future")]
    DeliveredInTheFuture,
    #[error("only a dealer can be related to a data subject")]
    NotADealer,
    #[error("the recipient is not registered")]
    UnknownRecipient,
    #[error("this many relations are the most there can be")]
    TooManyRelations,
    #[error("the notices know no such category")]
    UnknownCategory,
    #[error("this category is not written here")]
    NotAProfileCategory { category: Category },
    #[error("the data list has no such field in this category")]
    UnknownField { category: Category },
    #[error("the notices know no such source of data")]
    UnknownSource,
    #[error("the notices let somebody else name this source of data")]
    NotYourSource,
    #[error("nothing allows this category")]
    CategoryWithoutConsent {
        category: Category,
        reasons: Vec<crate::decide::Reason>,
    },
}
