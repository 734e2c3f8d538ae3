//! The pages, as a browser without scripts uses them: look at one, press a button, be sent on.

use serde_json::{Value, json};

use crate::{Answer, Caller, Someone, World, merged};

impl World {
    /// Look at a page, without a token.
    pub async fn look(&self, path: &str) -> Answer {
        self.look_with(path, &[]).await
    }

    pub async fn look_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let headers = english_unless(headers);
        self.send_as(Caller::Nobody, "GET", path, &headers, Vec::new())
            .await
    }

    /// Press a button: send what its form holds, as a browser does on a page of ours.
    pub async fn press(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [("sec-fetch-site", "same-origin"), ("origin", "null")];
        self.press_with(path, &headers, fields).await
    }

    pub async fn press_with(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")]
            .into_iter()
            .chain(english_unless(headers))
            .collect::<Vec<_>>();
        self.send_as(Caller::Nobody, "POST", path, &headers, form.into_bytes())
            .await
    }

    /// The page that a browser is sent to after it pressed a button.
    pub async fn sent_on(&self, answer: Answer) -> Answer {
        let answer = answer.is(303);
        self.look(answer.header("location")).await
    }

    /// The links for a mail to somebody.
    pub async fn links(&self, someone: &Someone, asked: Value) -> Value {
        let path = format!("/v1/subjects/{}/links", someone.id);
        self.post(&path, merged(json!({}), asked)).await.is(201).body
    }

    /// The path of the page with what somebody allows.
    pub async fn preferences(&self, someone: &Someone) -> String {
        let links = self.links(someone, Value::Null).await;
        self.path_of(&links["preferences"]["url"])
    }

    /// The path of a link that leads to the front door.
    ///
    /// # Panics
    ///
    /// If it leads elsewhere.
    pub fn path_of(&self, link: &Value) -> String {
        let link = link.as_str().unwrap_or_default();
        let path = link.strip_prefix(&self.endpoints.gateway);
        path.expect("a link to the front door").to_owned()
    }
}

/// The value of a hidden field of a page.
///
/// # Panics
///
/// If the page has no such field.
pub fn hidden(page: &str, name: &str) -> String {
    let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&start).expect("a hidden field");
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// What the buttons of a page with this name would send.
pub fn buttons(page: &str, name: &str) -> Vec<String> {
    let start = format!("name=\"{name}\" value=\"");
    let found = page.split(&start).skip(1);
    found
        .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
        .collect()
}

/// The browser of whoever says nothing else prefers English.
fn english_unless<'a>(headers: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let says = headers.iter().any(|(name, _)| *name == "accept-language");
    let english = (!says).then_some(("accept-language", "en"));
    headers.iter().copied().chain(english).collect()
}
