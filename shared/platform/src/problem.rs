//! From what went wrong to what the caller sees: one table, RFC 9457.
//!
//! The slug is for programs, the detail for people, the cause for the log alone. A detail never quotes what
//! was sent.

use domain::decide::Reason;
use domain::refusal::Refusal;
use lambda_http::http::StatusCode;

use crate::{reasons, store};

/// When a caller whose request was not answered may try again.
const RETRY_AFTER_S: u16 = 2;

/// A problem as the caller sees it.
#[derive(Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub slug: &'static str,
    pub detail: String,
    /// What the problem is with: a JSON pointer into the body, `header Name`, `path name` or `query name`.
    pub field: Option<String>,
    /// For which rules the domain refused, where it says.
    pub rules: Vec<&'static str>,
    /// When it may be tried again.
    pub retry_after_s: Option<u16>,
    /// What broke, for the log.
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Problem {
    pub fn new(status: StatusCode, slug: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            slug,
            detail: detail.into(),
            field: None,
            rules: Vec::new(),
            retry_after_s: None,
            cause: None,
        }
    }

    /// The request is not one that the API knows.
    pub fn bad(slug: &'static str, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, slug, detail).with_field(field)
    }

    /// The request is well formed and asks for what cannot be.
    pub fn unprocessable(slug: &'static str, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug, detail).with_field(field)
    }

    /// The same, with what it is with.
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The path names a recipient that is not registered.
    pub fn no_such_recipient() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown-recipient",
            "no such recipient is registered",
        )
        .with_field("path recipient")
    }

    /// We could not write our own answer.
    pub fn unwritable(cause: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Self::broken("unwritable", "the answer could not be written", cause)
    }

    /// Something is wrong here, and stays so.
    fn broken(
        slug: &'static str,
        detail: &str,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, slug, detail)
        }
    }

    /// Something that we depend on did not answer: nothing is known to be changed, and it may be tried again.
    fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let detail = "nothing was answered in time; try again";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
        Self {
            retry_after_s: Some(RETRY_AFTER_S),
            cause: Some(cause.into()),
            ..problem
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        let (slug, field) = match &refusal {
            Refusal::UnknownNotice => ("unknown-notice", "/notice".to_owned()),
            Refusal::UnknownLanguage => ("unknown-language", "/notice/language".to_owned()),
            Refusal::FacetNotOffered { place } => ("unknown-facet", format!("/facets/{place}")),
            Refusal::UnknownControl { place } => ("unknown-control", format!("/controls/{place}")),
            Refusal::UnknownChannel { place } => ("unknown-channel", format!("/channels/{place}")),
            Refusal::UnknownPurpose { place } => ("unknown-purpose", format!("/purposes/{place}")),
            Refusal::UnknownBrand => ("unknown-brand", "/brand".to_owned()),
            Refusal::UnknownCampaignPurpose => ("unknown-purpose", "/purpose".to_owned()),
            Refusal::UnknownMessageType => ("unknown-message-type", "/message_type".to_owned()),
            Refusal::NothingToConfirm => ("nothing-to-confirm", "path token".to_owned()),
            Refusal::NothingGranted => ("nothing-granted", "/controls".to_owned()),
            Refusal::NoChannel => ("no-channel", "/channels".to_owned()),
            Refusal::NothingWithdrawn => ("nothing-withdrawn", "/all".to_owned()),
            Refusal::HappensInTheFuture => ("in-the-future", "/happened_at".to_owned()),
            Refusal::BeginsInTheFuture => ("in-the-future", "/since".to_owned()),
            Refusal::UnknownRelationKind => ("unknown-relation-kind", "path kind".to_owned()),
            Refusal::NoDeliveryHere => ("no-delivery-here", "/delivered_on".to_owned()),
            Refusal::DeliveredInTheFuture => ("in-the-future", "/delivered_on".to_owned()),
            Refusal::NotADealer => ("not-a-dealer", "path recipient".to_owned()),
            Refusal::UnknownRecipient => ("unknown-recipient", "path recipient".to_owned()),
            Refusal::TooManyRelations => ("too-many-relations", "path relation".to_owned()),
            Refusal::UnknownCategory => ("unknown-category", "/?".to_owned()),
            Refusal::NotAProfileCategory { category } => ("not-a-profile-category", format!("/{category}")),
            Refusal::UnknownField { category } => ("unknown-field", format!("/{category}/?")),
            Refusal::UnknownSource => ("unknown-source", "query source".to_owned()),
            Refusal::NotYourSource => ("not-your-source", "query source".to_owned()),
            Refusal::CategoryWithoutConsent { category, .. } => {
                ("category-without-consent", format!("/{category}"))
            }
        };
        let mut problem = Self::unprocessable(slug, field, detail);
        if let Refusal::CategoryWithoutConsent { reasons: denied, .. } = refusal {
            problem.rules = denied.iter().map(|reason| reason.because.rule()).collect();
            let sentence = |reason: &Reason| reasons::sentence(reason.because, reasons::ENGLISH);
            let sentences: Vec<_> = denied.iter().map(sentence).collect();
            problem.detail = format!("{}: {}", problem.detail, sentences.join("; "));
        }
        problem
    }
}

impl From<store::NotTaken> for Problem {
    fn from(not_taken: store::NotTaken) -> Self {
        let detail = not_taken.to_string();
        match not_taken {
            store::NotTaken::Refused(refusal) => refusal.into(),
            store::NotTaken::Store(error) => error.into(),
            store::NotTaken::KeyReused => Self::unprocessable("key-reused", "header Idempotency-Key", detail),
            store::NotTaken::OtherVersion => {
                Self::new(StatusCode::PRECONDITION_FAILED, "other-version", detail)
                    .with_field("header If-Match")
            }
            store::NotTaken::NotNew => Self::new(StatusCode::PRECONDITION_FAILED, "already-known", detail)
                .with_field("header If-None-Match"),
            store::NotTaken::TooManyActs { free_in } => Self {
                retry_after_s: u16::try_from(free_in.as_secs() + 1).ok(),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-acts", detail)
            },
            store::NotTaken::TooManyKeys => {
                Self::new(StatusCode::CONFLICT, "too-many-keys", detail).with_field("header Idempotency-Key")
            }
        }
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            // Others were faster eight times in a row, or the table is out of reach: both pass.
            store::Error::Stale | store::Error::Unavailable(_) => Self::unavailable(error),
            store::Error::Unreadable { .. } => {
                Self::broken("unreadable", "what is stored could not be read", error)
            }
            store::Error::Unfit(_) => {
                let detail = "the table does not take what was to be stored";
                Self::broken("unstorable", detail, error)
            }
        }
    }
}
