//! `POST /v1/subjects/{subject}/links`: the links for a mail to somebody, and the headers that carry one.

use domain::codes::{Channel, Purpose};
use domain::facet::Facet;
use domain::policy::Policies;
use jiff::Timestamp;
use platform::http::{self, Answer, Problem, Request, Status};
use platform::pseudonym::Pseudonyms;
use platform::store::Store;
use platform::token::{BadToken, Links, preferences_end};
use platform::wire::{Instant, Word};
use serde::{Deserialize, Serialize};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// What the mail is for and how it is sent, such as `marketing/email`.
    #[serde(default)]
    unsubscribe: Option<Word<Facet>>,
}

#[derive(Serialize)]
struct Told {
    subject: String,
    preferences: LinkTold,
    #[serde(skip_serializing_if = "Option::is_none")]
    unsubscribe: Option<UnsubscribeTold>,
}

#[derive(Serialize)]
struct LinkTold {
    url: String,
    /// From then on it shows nothing more; what is allowed can still be withdrawn with it.
    expires_at: String,
}

/// It never expires.
#[derive(Serialize)]
struct UnsubscribeTold {
    url: String,
    headers: Headers,
}

/// As RFC 2369 and RFC 8058 have them; DKIM must cover both.
#[derive(Serialize)]
struct Headers {
    #[serde(rename = "List-Unsubscribe")]
    list_unsubscribe: String,
    #[serde(rename = "List-Unsubscribe-Post")]
    list_unsubscribe_post: &'static str,
}

/// Make the links anew; nothing is read and nothing kept, so nobody learns from this who is known.
pub(crate) fn mint(
    store: &Store,
    pseudonyms: &Pseudonyms,
    links: &Links,
    now: Timestamp,
    request: &Request,
) -> Answer {
    let subject = http::subject(request, pseudonyms)?;
    http::only_query(request, &[])?;
    let asked: Asked = http::optional_body(request)?;
    let named = asked.unsubscribe.map(|facet| offered(store.policies, facet.0));

    let expires_at = preferences_end(now);
    let preferences = links.preferences(&subject, expires_at).map_err(unmintable)?;
    let unsubscribe = match named.transpose()? {
        None => None,
        Some((purpose, channel)) => {
            let url = links
                .unsubscription(&subject, &purpose, &channel)
                .map_err(unmintable)?;
            let headers = Headers {
                list_unsubscribe: format!("<{url}>"),
                list_unsubscribe_post: "List-Unsubscribe=One-Click",
            };
            Some(UnsubscribeTold { url, headers })
        }
    };
    let told = Told {
        subject: subject.to_string(),
        preferences: LinkTold {
            url: preferences,
            expires_at: Instant(expires_at).to_string(),
        },
        unsubscribe,
    };
    http::json(Status::CREATED, &told)
}

fn offered(policies: &Policies, facet: Facet) -> Result<(Purpose, Channel), Problem> {
    let offered = policies.iter().any(|policy| policy.offers(&facet));
    match facet {
        Facet::Contact(purpose, channel) if offered => Ok((purpose, channel)),
        Facet::Contact(..) | Facet::Profiling | Facet::Sharing(_) | Facet::Separate(_) => {
            let detail = "no notice offers this purpose over this channel: write purpose/channel";
            Err(Problem::unprocessable("unknown-facet", "/unsubscribe", detail))
        }
    }
}

/// It has the shape of a pseudonym, and is none that was ever made.
fn unmintable(_: BadToken) -> Problem {
    let detail = "no data subject has this pseudonym";
    Problem::bad("malformed", "path subject", detail)
}
