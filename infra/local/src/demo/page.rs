//! The page of the demo recipients: one card each, without a script.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::Value;

use super::held::{Change, Held, Mail};
use super::{Recipient, Recipients};

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Who holds what</title>
<style>
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent) }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
  .cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); align-items: start }
  h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin: 0 } h3 { font-size: .9rem; margin: 1rem 0 .25rem; overflow-wrap: anywhere }
  small, .none { opacity: .7 }
  section { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem }
  article { border-top: 1px solid var(--line); margin-top: 1rem }
  ul { display: flex; flex-wrap: wrap; gap: .3rem; list-style: none; margin: .2rem 0; padding: 0 }
  li { border: 1px solid var(--line); border-radius: 1rem; font-size: .85rem; padding: 0 .6rem }
  dl { font-size: .85rem; margin: .2rem 0 .8rem } dt { font-weight: 600 } dd { margin: 0 0 .3rem; overflow-wrap: anywhere }
  .mail { border-left: .25rem solid; margin: .8rem 0; overflow-wrap: anywhere; padding-left: .7rem }
</style>
<main>
<h1>Who holds what</h1>
<p>Each card is a recipient, and shows what it was last told that it may hold. A mail to a visitor is shown in the card of whoever is asked to send it. <a href="">Look again</a></p>
<div class="cards">
"#;

pub(super) fn of(recipients: &Recipients, now: Timestamp) -> String {
    let mut page = HEAD.to_owned();
    for (name, recipient) in recipients {
        page += &card(name, recipient);
    }
    let _ = write!(
        page,
        "</div>\n<p><small>{} by the runner's clock</small></p>\n</main>\n",
        shown(now)
    );
    page
}

fn card(name: &str, recipient: &Recipient) -> String {
    let (name, kind) = (escaped(name), escaped(&recipient.kind));
    let mut card = format!("<section><h2>{name}</h2><small>{kind}</small>\n");
    if recipient.subjects.is_empty() {
        card += "<p class=\"none\">Was told of nobody.</p>\n";
    }
    for (subject, held) in &recipient.subjects {
        card += &about(subject, held);
    }
    if recipient.refused > 0 {
        let _ = write!(
            card,
            "<p><small>{} badly signed, refused</small></p>",
            recipient.refused
        );
    }
    card + "</section>\n"
}

fn about(subject: &str, held: &Held) -> String {
    let mut about = format!("<article><h3>{}</h3>\n", escaped(subject));
    for mail in held.mails() {
        about += &mailed(&mail);
    }
    for list in ["facets", "categories"] {
        let _ = writeln!(about, "<small>{list}</small>{}", tags(&held.names(list)));
    }
    if !held.content.is_empty() {
        about += "<small>data</small><dl>";
        for (category, fields) in &held.content {
            let _ = write!(about, "<dt>{}<dd>{}", escaped(category), said(fields));
        }
        about += "</dl>\n";
    }
    if !held.changes.is_empty() {
        about += "<small>last changes</small><dl>";
        for change in &held.changes {
            about += &changed(change);
        }
        about += "</dl>\n";
    }
    about + "</article>\n"
}

/// The mail that the campaign service would send, for nobody here sends any.
fn mailed(mail: &Mail<'_>) -> String {
    let (to, link) = (escaped(mail.to), escaped(mail.link));
    let until = mail.until.parse().map_or_else(|_| escaped(mail.until), shown);
    // What is sent decides where a link leads, and never what it does.
    if !link.starts_with("http") {
        return String::new();
    }
    format!("<p class=\"mail\">Mail to {to}: <a href=\"{link}\">please confirm</a>, until {until}</p>\n")
}

fn changed(change: &Change) -> String {
    let named = ["facets", "categories"]
        .into_iter()
        .map(|list| said(&change.told[list]));
    let named: Vec<String> = named.filter(|named| !named.is_empty()).collect();
    format!(
        "<dt>{} {}<dd><small>{}</small> {}",
        said(&change.told["change"]),
        said(&change.told["reason"]),
        shown(change.learnt_at),
        named.join(", ")
    )
}

fn tags(names: &[&str]) -> String {
    if names.is_empty() {
        return "<p class=\"none\">none</p>".to_owned();
    }
    let tags: String = names
        .iter()
        .map(|name| format!("<li>{}</li>", escaped(name)))
        .collect();
    format!("<ul>{tags}</ul>")
}

/// A JSON value for people.
fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escaped(text),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => items.iter().map(said).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{}: {}", escaped(name), said(value));
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
    }
}

fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Whatever a recipient is sent is text on this page, never markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
