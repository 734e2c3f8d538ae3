//! The real functions, called with the JSON that Lambda would send. Each is given what its `main.rs` would
//! give it; the only differences are the addresses, and that recipients may listen on loopback.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::config::{Credentials, SharedHttpClient};
use jiff::Timestamp;
use platform::aws::Aws;
use platform::courier::Courier;
use platform::endpoint::BadEndpoint;
use platform::http::{Answer, Request};
use platform::pseudonym::Pseudonyms;
use platform::queue::Queue;
use platform::store::Store;
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::engine::Endpoints;
use crate::invoke::{Function, Functions};
use crate::sdk;

/// The queue of errands in the template.
const ERRANDS: &str = "Errands";
/// A fixed key, so that what `--data` keeps can be read again. It guards nothing.
const DEVELOPMENT_KEY: &[u8] = b"a development key that guards nothing at all";

/// All functions by the names of their folders, speaking to AWS through this client.
pub fn all(endpoints: &Endpoints, http: SharedHttpClient) -> Result<Functions, platform::courier::Error> {
    let aws = Aws {
        region: sdk::REGION.to_owned(),
        credentials: Credentials::new("local", "local", None, None, "the runner"),
        http,
        dynamodb_url: Some(endpoints.dynamodb.clone()),
        sqs_url: Some(endpoints.sqs.clone()),
    };
    let store = Store::new(aws.dynamodb(), endpoints.table.clone(), policies::all());
    let queue = Queue::new(
        aws.sqs(),
        endpoints.queues.get(ERRANDS).cloned().unwrap_or_default(),
    );
    let courier = Courier::new(loopback)?;
    let pseudonyms = Pseudonyms::new(DEVELOPMENT_KEY);

    let mut functions: BTreeMap<String, Function> = BTreeMap::new();
    let mut add = |name: &str, function| functions.insert(name.to_owned(), function);

    let (its, key) = (store.clone(), pseudonyms.clone());
    add(
        "consent-capture",
        http_function(move |request, now| {
            let (store, pseudonyms) = (its.clone(), key.clone());
            async move { consent_capture::handle(&store, &pseudonyms, now, request).await }
        }),
    );
    let (its, key) = (store.clone(), pseudonyms.clone());
    add(
        "consent-revoke",
        http_function(move |request, now| {
            let (store, pseudonyms) = (its.clone(), key.clone());
            async move { consent_revoke::handle(&store, &pseudonyms, now, request).await }
        }),
    );
    let (its, key) = (store.clone(), pseudonyms.clone());
    add(
        "consent-decide",
        http_function(move |request, now| {
            let (store, pseudonyms) = (its.clone(), key.clone());
            async move { consent_decide::handle(&store, &pseudonyms, now, request).await }
        }),
    );
    let (its, key) = (store.clone(), pseudonyms.clone());
    add(
        "profile-update",
        http_function(move |request, now| {
            let (store, pseudonyms) = (its.clone(), key.clone());
            async move { profile_update::handle(&store, &pseudonyms, now, request).await }
        }),
    );
    let its = store.clone();
    add(
        "recipient-registry",
        http_function(move |request, now| {
            let store = its.clone();
            async move { recipient_registry::handle(&store, loopback, now, request).await }
        }),
    );
    let (its, to) = (store.clone(), queue.clone());
    add(
        "partner-fanout",
        event_function(move |event, now| {
            let (store, queue) = (its.clone(), to.clone());
            async move { Ok(partner_fanout::handle(&store, &queue, now, event).await) }
        }),
    );
    let its = store.clone();
    add(
        "partner-sync",
        event_function(move |event, now| {
            let (store, courier) = (its.clone(), courier.clone());
            async move { Ok(partner_sync::handle(&store, &courier, now, event).await) }
        }),
    );
    let (its, key) = (store.clone(), pseudonyms);
    add(
        "interaction-track",
        event_function(move |event, now| {
            let (store, pseudonyms) = (its.clone(), key.clone());
            async move { Ok(interaction_track::handle(&store, &pseudonyms, now, event).await) }
        }),
    );
    let its = store.clone();
    add(
        "campaign-statistics",
        http_function(move |request, now| {
            let store = its.clone();
            async move { campaign_statistics::handle(&store, now, request).await }
        }),
    );
    add(
        "consent-expire",
        event_function(move |_: Value, now| {
            let (store, queue) = (store.clone(), queue.clone());
            async move {
                consent_expire::handle(&store, &queue, now)
                    .await
                    .map_err(|error| error.to_string())
            }
        }),
    );
    Ok(Functions(functions))
}

/// Recipients of the runner are on this computer, and nothing else is.
fn loopback(url: &Url) -> Result<(), BadEndpoint> {
    if url.scheme() == "http" && url.host_str() == Some("127.0.0.1") {
        Ok(())
    } else {
        Err(BadEndpoint::NotPublic)
    }
}

fn http_function<H, F>(handle: H) -> Function
where
    H: Fn(Request, Timestamp) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send,
{
    event_function(move |event, now| {
        let handle = handle.clone();
        async move { Ok(platform::http::invoke(event, |request| handle(request, now)).await) }
    })
}

/// A function as Lambda sees it: JSON in, JSON out.
fn event_function<E, R, H, F>(handle: H) -> Function
where
    E: DeserializeOwned + Send + 'static,
    R: Serialize,
    H: Fn(E, Timestamp) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<R, String>> + Send,
{
    Arc::new(move |event, now| {
        let handle = handle.clone();
        Box::pin(async move {
            let event = serde_json::from_value(event).map_err(|error| error.to_string())?;
            let answer = handle(event, now).await?;
            serde_json::to_value(answer).map_err(|error| error.to_string())
        })
    })
}
