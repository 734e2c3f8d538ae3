//! Who calls: what the gateway's authorizer says of the token, and what the authorizer cannot check.
//!
//! Which scope may call which route is in the template, and nowhere else. Here is what depends on the
//! request: a data subject sees its own record alone, a recipient speaks for itself alone, and what somebody
//! says of the way and the proof of an act is worth no more than who says it.

use std::collections::HashMap;

use domain::act::{Grade, Via};
use domain::codes::RecipientId;
use domain::subject::Subject;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

use crate::asked::Source;
use crate::http::{self, Request, Status};
use crate::problem::Problem;
use crate::pseudonym::{BadSubject, Pseudonyms};

/// Whoever a token was given to, by its scope.
pub enum Caller {
    /// A website. Its token is an identifier and no secret: what comes with it is pending until confirmed.
    Site,
    /// A back end of the controller.
    Service,
    /// A person who acts on behalf of others, and is recorded as such.
    Staff,
    /// A recipient, as itself (the claim `recipient`).
    Partner(RecipientId),
    /// A data subject, named in the claim `subject` as the controller's back ends name it.
    Subject(String),
    /// Whoever may read counts, and nothing else.
    Statistics,
    /// Reads everything and writes nothing.
    Auditor,
}

impl Caller {
    /// The caller of a route that asks for a token. A token with none of the scopes, with two of them, or
    /// without the claim that its scope needs is nobody's.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        let context = request.request_context_ref();
        let claims = match &context {
            Some(RequestContext::ApiGatewayV2(context)) => context
                .authorizer
                .as_ref()
                .and_then(|authorizer| authorizer.jwt.as_ref())
                .map(|jwt| &jwt.claims),
            _ => None,
        };
        claims.and_then(Self::claimed).ok_or_else(|| {
            let detail = "the token does not say who calls: one scope, and the claim that goes with it";
            forbidden("unknown-caller", detail)
        })
    }

    fn claimed(claims: &HashMap<String, String>) -> Option<Self> {
        let claim = |name: &str| claims.get(name).filter(|value| !value.is_empty());
        let held = claim("scope").or_else(|| claim("scp"))?;
        let caller = |scope: &str| match scope {
            "site" => Some(Self::Site),
            "service" => Some(Self::Service),
            "staff" => Some(Self::Staff),
            "partner" => claim("recipient")?.parse().ok().map(Self::Partner),
            "subject" => claim("subject").cloned().map(Self::Subject),
            "statistics" => Some(Self::Statistics),
            "auditor" => Some(Self::Auditor),
            _ => None,
        };
        // A claim that is a list comes as text in brackets.
        let held = held
            .strip_prefix('[')
            .and_then(|held| held.strip_suffix(']'))
            .unwrap_or(held);
        let mut callers = held.split(' ').filter_map(caller);
        let only = callers.next()?;
        callers.next().is_none().then_some(only)
    }

    /// The subject that the caller names. A data subject names itself alone, whether there is another such record or
    /// not. A recipient names people by the pseudonyms that it was told: an id of its own would be somebody else's
    /// here.
    pub fn subject(
        &self,
        named: &str,
        pseudonyms: &Pseudonyms,
        field: impl Into<String>,
    ) -> Result<Subject, Problem> {
        if let Self::Partner(_) = self {
            let detail = "a recipient names a subject by the pseudonym that it was told, sub_ and 22 letters";
            let told = named.parse();
            return told.map_err(|_| Problem::bad("malformed", field, detail));
        }
        let subject = match pseudonyms.subject(named) {
            Ok(subject) => subject,
            Err(error) => return Err(bad_subject(error, field)),
        };
        if let Self::Subject(own) = self
            && pseudonyms.subject(own).as_ref() != Ok(&subject)
        {
            let detail = "a data subject has access to its own record alone";
            return Err(forbidden("not-yourself", detail).with_field(field));
        }
        Ok(subject)
    }

    /// Refuse a recipient that asks as anybody but itself.
    pub fn may_ask_as(&self, recipient: &RecipientId) -> Result<(), Problem> {
        if let Self::Partner(own) = self
            && own != recipient
        {
            return Err(not_that_recipient());
        }
        Ok(())
    }

    /// How an act came in: what the caller is goes before what it says. A service passes on what others did,
    /// and counts as itself where it does not say whose word it is.
    pub fn via(&self, said: Option<Source>) -> Via {
        match self {
            Self::Site => Via::Form,
            Self::Staff => Via::Staff,
            Self::Subject(_) => Via::Account,
            Self::Partner(_) => Via::Recipient,
            Self::Service | Self::Statistics | Self::Auditor => said.map_or(Via::Service, Source::via),
        }
    }

    /// How good a proof is, which is at most as good as what the caller can know.
    pub fn grade(&self, said: Grade) -> Grade {
        match self {
            Self::Site => Grade::D,
            Self::Staff => said.min(Grade::C),
            Self::Subject(_) => said.min(Grade::B),
            Self::Service | Self::Partner(_) | Self::Statistics | Self::Auditor => said,
        }
    }
}

/// The recipient that the path names, if the caller is that recipient.
pub fn recipient_itself(request: &Request) -> Result<RecipientId, Problem> {
    let named: RecipientId = http::path(request, "recipient")?;
    let caller = Caller::of(request)?;
    if matches!(caller, Caller::Partner(own) if own == named) {
        Ok(named)
    } else {
        Err(not_that_recipient())
    }
}

/// A recipient tells of a subject of whom it was told nothing, whether there is such a subject or not.
pub fn not_concerned() -> Problem {
    forbidden("not-concerned", "this recipient never held data of the subject")
}

/// The problem with the name of a subject.
fn bad_subject(error: BadSubject, field: impl Into<String>) -> Problem {
    let slug = match error {
        BadSubject::Malformed => "malformed",
        BadSubject::ContactData => "contact-data",
    };
    Problem::bad(slug, field, error.to_string())
}

fn forbidden(slug: &'static str, detail: &str) -> Problem {
    Problem::new(Status::FORBIDDEN, slug, detail)
}

fn not_that_recipient() -> Problem {
    forbidden("not-yourself", "a recipient speaks for itself alone")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(claims: &[(&str, &str)]) -> Option<Caller> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Caller::claimed(&claims.iter().map(owned).collect())
    }

    #[test]
    fn a_token_speaks_in_one_scope_among_others_that_are_not_ours() {
        assert!(matches!(
            claimed(&[("scope", "openid staff")]),
            Some(Caller::Staff)
        ));
        assert!(matches!(claimed(&[("scp", "auditor")]), Some(Caller::Auditor)));
        for list in ["[staff]", "[openid staff]", "[staff openid profile]"] {
            assert!(matches!(claimed(&[("scp", list)]), Some(Caller::Staff)), "{list}");
        }
        for scope in [
            "",
            "openid",
            "staff service",
            "Staff",
            "[]",
            "[site staff auditor]",
            "[[staff]]",
        ] {
            assert!(claimed(&[("scope", scope)]).is_none(), "{scope}");
        }
    }

    #[test]
    fn a_partner_and_a_subject_must_be_named_by_their_token() {
        for scope in ["partner", "subject"] {
            assert!(claimed(&[("scope", scope)]).is_none(), "{scope}");
        }
        let partner = claimed(&[("scope", "partner"), ("recipient", "dealer-sales")]);
        assert!(matches!(partner, Some(Caller::Partner(own)) if own.as_str() == "dealer-sales"));
        let subject = claimed(&[("scope", "subject"), ("subject", "customer-1")]);
        assert!(matches!(subject, Some(Caller::Subject(own)) if own == "customer-1"));
    }

    #[test]
    fn a_proof_is_worth_no_more_than_who_brings_it() {
        let worth = |caller: Caller| [Grade::A, Grade::B, Grade::C, Grade::D].map(|said| caller.grade(said));
        assert_eq!(worth(Caller::Service), [Grade::A, Grade::B, Grade::C, Grade::D]);
        assert_eq!(
            worth(Caller::Subject(String::new())),
            [Grade::B, Grade::B, Grade::C, Grade::D]
        );
        assert_eq!(worth(Caller::Staff), [Grade::C, Grade::C, Grade::C, Grade::D]);
        assert_eq!(worth(Caller::Site), [Grade::D; 4]);
    }
}
