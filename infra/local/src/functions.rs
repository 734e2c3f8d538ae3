//! The real functions, called with the JSON that Lambda would send. Each is given what its `main.rs` would
//! give it; the only differences are the addresses, and that recipients may listen on loopback.

use std::sync::Arc;

use aws_sdk_dynamodb::config::{Credentials, SharedHttpClient};
use domain::policy::Policies;
use jiff::Timestamp;
use platform::aws::Aws;
use platform::courier::{self, Courier, PATIENCE};
use platform::endpoint::{BadEndpoint, Reach};
use platform::http::{Answer, Request};
use platform::inside::Inside;
use platform::pseudonym::Pseudonyms;
use platform::queue::Queue;
use platform::store::Store;
use platform::telemetry::{Invocation, Outcome};
use platform::token::{Links, Tokens};
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::Clock;
use crate::engine::Endpoints;
use crate::invoke::{Function, Functions};
use crate::sdk;

/// The queue of errands in the template.
pub(crate) const ERRANDS: &str = "Errands";
/// And of those that can never be run.
const DEAD: &str = "ErrandsDead";
const DEAD_CHANGES: &str = "StreamDead";
const DEAD_INTERACTIONS: &str = "InteractionsDead";
/// A fixed key, so that what `--data` keeps can be read again. It guards nothing.
const DEVELOPMENT_KEY: &[u8] = b"a development key that guards nothing at all";

/// What the functions are given, as each `main.rs` makes it from its environment.
struct Parts {
    store: Store,
    queue: Queue,
    pseudonyms: Pseudonyms,
    links: Links,
    sync: partner_sync::Parts,
    clock: Clock,
    dead_changes: Queue,
    dead_interactions: Queue,
}

/// All functions by the names of their folders, under these policies, speaking to AWS through this client, while this
/// clock goes on.
pub fn all(
    endpoints: &Endpoints,
    policies: &'static Policies,
    http: SharedHttpClient,
    clock: Clock,
) -> Result<Functions, courier::Error> {
    let (store, errands) = table_and_queue(endpoints, policies, http.clone());
    let sqs = aws(endpoints, http).sqs();
    let queue = |id: &str| Queue::new(sqs.clone(), endpoints.queues.get(id).cloned().unwrap_or_default());
    let links = Links::new(Tokens::new(DEVELOPMENT_KEY), endpoints.gateway.clone());
    let sync = partner_sync::Parts {
        store: store.clone(),
        courier: Courier::new(LOOPBACK, Inside::default(), PATIENCE)?,
        links: links.clone(),
        errands: errands.clone(),
        dead: queue(DEAD),
    };
    let pseudonyms = Pseudonyms::new(DEVELOPMENT_KEY);
    let parts = Arc::new(Parts {
        store,
        queue: errands,
        pseudonyms,
        links,
        sync,
        clock,
        dead_changes: queue(DEAD_CHANGES),
        dead_interactions: queue(DEAD_INTERACTIONS),
    });

    let functions = [
        http_function(&parts, "consent-capture", |on, request, now| async move {
            consent_capture::handle(&on.store, &on.pseudonyms, on.links.tokens(), now, request).await
        }),
        http_function(&parts, "person-pages", |on, request, now| async move {
            person_pages::handle(&on.store, &on.pseudonyms, &on.links, now, request).await
        }),
        http_function(&parts, "consent-revoke", |on, request, now| async move {
            consent_revoke::handle(&on.store, &on.pseudonyms, now, request).await
        }),
        http_function(&parts, "consent-decide", |on, request, now| async move {
            consent_decide::handle(&on.store, &on.pseudonyms, now, request).await
        }),
        http_function(&parts, "profile-update", |on, request, now| async move {
            profile_update::handle(&on.store, &on.pseudonyms, now, request).await
        }),
        http_function(&parts, "recipient-registry", |on, request, now| async move {
            recipient_registry::handle(&on.store, LOOPBACK, now, request).await
        }),
        event_function(&parts, "partner-fanout", |on, event, now| async move {
            Ok(partner_fanout::handle(&on.store, &on.queue, &on.dead_changes, now, event).await)
        }),
        event_function(&parts, "partner-sync", |on, event, now| async move {
            // A host's clock may be away from the others, and goes on as they do.
            let begun = on.clock.now();
            let clock = || now + on.clock.now().duration_since(begun);
            Ok(partner_sync::handle(&on.sync, clock, event).await)
        }),
        event_function(&parts, "interaction-track", |on, event, now| async move {
            Ok(interaction_track::handle(&on.store, &on.pseudonyms, &on.dead_interactions, now, event).await)
        }),
        http_function(&parts, "campaign-statistics", |on, request, now| async move {
            campaign_statistics::handle(&on.store, now, request).await
        }),
        event_function(&parts, "consent-expire", |on, _: Value, now| async move {
            let until = tokio::time::sleep(consent_expire::RUN_MAX.unsigned_abs());
            consent_expire::handle(&on.store, &on.queue, now, until)
                .await
                .map_err(|error| error.to_string())
        }),
    ];
    Ok(Functions(
        functions
            .into_iter()
            .map(|(name, function)| (name.to_owned(), function))
            .collect(),
    ))
}

/// The table and the queue of errands, as the functions are given them.
pub fn table_and_queue(
    endpoints: &Endpoints,
    policies: &'static Policies,
    http: SharedHttpClient,
) -> (Store, Queue) {
    let aws = aws(endpoints, http);
    let errands = endpoints.queues.get(ERRANDS).cloned().unwrap_or_default();
    let store = Store::new(aws.dynamodb(), endpoints.table.clone(), policies);
    (store, Queue::new(aws.sqs(), errands))
}

fn aws(endpoints: &Endpoints, http: SharedHttpClient) -> Aws {
    Aws {
        region: sdk::REGION.to_owned(),
        credentials: Credentials::new("local", "local", None, None, "the runner"),
        http,
        dynamodb_url: Some(endpoints.dynamodb.clone()),
        sqs_url: Some(endpoints.sqs.clone()),
    }
}

/// Recipients of the runner are on this computer, and nothing else is.
const LOOPBACK: Reach = Reach {
    url: loopback,
    address: |address| address.is_loopback(),
};

fn loopback(url: &Url) -> Result<(), BadEndpoint> {
    let here = url.scheme() == "http" && url.host_str() == Some("127.0.0.1");
    here.then_some(()).ok_or(BadEndpoint::OutOfReach(
        "this system delivers to http://127.0.0.1 alone; a deployed one to public hosts over https",
    ))
}

fn http_function<H, F>(parts: &Arc<Parts>, name: &'static str, handle: H) -> (&'static str, Function)
where
    H: Fn(Arc<Parts>, Request, Timestamp) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Answer> + Send,
{
    event_function(parts, name, move |parts, event, now| async move {
        Ok(platform::http::invoke(event, |request| handle(Arc::clone(&parts), request, now)).await)
    })
}

/// A function as Lambda sees it: JSON in, JSON out.
fn event_function<E, R, H, F>(parts: &Arc<Parts>, name: &'static str, handle: H) -> (&'static str, Function)
where
    E: DeserializeOwned + Send + 'static,
    R: Serialize + Outcome,
    H: Fn(Arc<Parts>, E, Timestamp) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Result<R, String>> + Send,
{
    let parts = Arc::clone(parts);
    let function: Function = Arc::new(move |event, now| {
        let parts = Arc::clone(&parts);
        Box::pin(async move {
            let invocation = Invocation {
                function: name.to_owned(),
                // The gateway's events have one; Lambda would draw one for the others.
                request_id: event["requestContext"]["requestId"]
                    .as_str()
                    .map_or_else(|| format!("local-{}", now.as_millisecond()), str::to_owned),
                trace_id: event["headers"]["x-amzn-trace-id"].as_str().map(str::to_owned),
            };
            let event = serde_json::from_value(event).map_err(|error| error.to_string())?;
            let answer = invocation.log(handle(parts, event, now)).await?;
            serde_json::to_value(answer).map_err(|error| error.to_string())
        })
    });
    (name, function)
}
