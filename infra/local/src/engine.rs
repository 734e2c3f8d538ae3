//! The two services with state, DynamoDB and SQS, each listening on a loopback port of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType, TimeToLiveSpecification,
};
use aws_sdk_sqs::types::QueueAttributeName;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::sdk;
use crate::sqs::{self, Sqs};
use crate::template::{Queue, Table, Template};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a folder, file or port of the runner could not be opened")]
    Io(#[from] io::Error),
    #[error("port {0} of this computer is taken: end what listens there, or name another with --port")]
    PortTaken(u16),
    #[error("the engine did not start")]
    Engine(#[source] dynoxide::DynoxideError),
    #[error("the client for recipients could not be set up")]
    Courier(#[source] platform::courier::Error),
    #[error("the table could not be made: {0}")]
    Table(String),
    #[error("the table's stream could not be read: {0}")]
    Stream(String),
    #[error("the queue could not be read: {0}")]
    Queue(String),
    #[error("the system does not settle: something feeds itself")]
    Restless,
}

/// What the functions get through their environment on AWS.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Where the SDK finds DynamoDB and its streams.
    pub dynamodb: String,
    /// Where the SDK finds SQS.
    pub sqs: String,
    /// The name of the table.
    pub table: String,
    /// The queues' URLs by their logical ids in the template.
    pub queues: BTreeMap<String, String>,
    /// The base of the routes; filled in by the system, which has the gateway.
    pub gateway: String,
}

/// Where both services answer, if not in this process.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    pub dynamodb: String,
    pub sqs: String,
}

pub struct Engine {
    pub endpoints: Endpoints,
    pub sqs: Sqs,
    database: dynoxide::Database,
}

impl Engine {
    /// Start both and make the table, unless `data` holds it from an earlier run. Both stop when the
    /// sender of `stop` says so or is gone.
    pub async fn start(
        template: &Template,
        clock: &Clock,
        data: Option<&Path>,
        elsewhere: Option<Elsewhere>,
        stop: &watch::Receiver<()>,
    ) -> Result<Self, Error> {
        let database = match data {
            None => {
                let clock = std::sync::Arc::new(clock.clone());
                dynoxide::Database::memory_with_clock(clock).map_err(Error::Engine)?
            }
            Some(folder) => {
                fs::create_dir_all(folder)?;
                let file = folder.join("table.db");
                dynoxide::Database::new(&file.to_string_lossy()).map_err(Error::Engine)?
            }
        };
        let listener = listen(0).await?;
        let dynamodb = url(&listener)?;
        let serving = dynoxide::server::serve_with_shutdown(listener, database.clone(), stopped(stop));
        tokio::spawn(serving);

        let sqs = Sqs::open(template.queues.clone(), clock.clone(), data)?;
        let listener = listen(0).await?;
        let sqs_url = url(&listener)?;
        let serving = axum::serve(listener, sqs.router()).with_graceful_shutdown(stopped(stop));
        tokio::spawn(async move { serving.await });

        let queue_url = |queue: &_| Sqs::queue_url(&sqs_url, queue);
        let queues = template
            .queues
            .iter()
            .map(|queue| (queue.id.clone(), queue_url(queue)));
        let (dynamodb, sqs_url, queues) = match elsewhere {
            None => (dynamodb, sqs_url.clone(), queues.collect()),
            Some(Elsewhere { dynamodb, sqs }) => {
                let queues = make_queues(&sdk::sqs(&sqs), &template.queues).await?;
                (dynamodb, sqs, queues)
            }
        };
        make_table(&sdk::dynamodb(&dynamodb), &template.table).await?;
        let endpoints = Endpoints {
            queues,
            dynamodb,
            sqs: sqs_url,
            table: template.table.name.clone(),
            gateway: String::new(),
        };
        Ok(Self {
            endpoints,
            sqs,
            database,
        })
    }

    /// Delete what has expired, as DynamoDB does within days. In memory this goes by the runner's clock;
    /// with a file the engine knows the computer's time only.
    pub async fn sweep(&self) {
        let database = self.database.clone();
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        if let Ok(Err(error)) = swept {
            tracing::warn!(%error, "expired items were not deleted");
        }
    }
}

/// Only this computer may connect: what is here has no password.
pub(crate) async fn listen(port: u16) -> Result<TcpListener, Error> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| {
        if error.kind() == io::ErrorKind::AddrInUse {
            Error::PortTaken(port)
        } else {
            Error::Io(error)
        }
    })
}

pub(crate) fn url(listener: &TcpListener) -> io::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}

pub(crate) fn stopped(stop: &watch::Receiver<()>) -> impl Future<Output = ()> + Send + 'static {
    let mut stop = stop.clone();
    async move {
        let _ = stop.changed().await;
    }
}

/// Make the queues where there is another engine than ours: those of the dead first, which the others name.
async fn make_queues(
    client: &aws_sdk_sqs::Client,
    queues: &[Queue],
) -> Result<BTreeMap<String, String>, Error> {
    let mut urls = BTreeMap::new();
    let (alive, dead): (Vec<&Queue>, Vec<&Queue>) = queues.iter().partition(|queue| queue.redrive.is_some());
    for queue in dead.into_iter().chain(alive) {
        let seconds = queue.visibility_timeout_s.to_string();
        let mut creation = client
            .create_queue()
            .queue_name(&queue.name)
            .attributes(QueueAttributeName::VisibilityTimeout, seconds);
        if let Some(redrive) = &queue.redrive {
            let of_the_dead = queues.iter().find(|queue| queue.id == redrive.to);
            let name = of_the_dead.map_or(redrive.to.as_str(), |queue| &queue.name);
            let policy = serde_json::json!({
                "deadLetterTargetArn": sqs::queue_arn(name),
                "maxReceiveCount": redrive.receives_max,
            });
            creation = creation.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
        }
        let created = creation.send().await;
        let created = created.map_err(|error| Error::Queue(DisplayErrorContext(error).to_string()))?;
        urls.insert(queue.id.clone(), created.queue_url.unwrap_or_default());
    }
    Ok(urls)
}

async fn make_table(client: &aws_sdk_dynamodb::Client, table: &Table) -> Result<(), Error> {
    let problem = |error: &dyn std::error::Error| Error::Table(DisplayErrorContext(error).to_string());
    let keys = [
        (Some(&table.partition_key), KeyType::Hash),
        (table.sort_key.as_ref(), KeyType::Range),
    ];
    let mut creation = client.create_table().table_name(&table.name);
    for (name, kind) in keys {
        let Some(name) = name else { continue };
        let text = ScalarAttributeType::S;
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(text)
            .build();
        let key = KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build();
        creation = creation
            .attribute_definitions(attribute.map_err(|error| problem(&error))?)
            .key_schema(key.map_err(|error| problem(&error))?);
    }
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::KeysOnly)
        .build()
        .map_err(|error| problem(&error))?;

    let created = creation
        .billing_mode(BillingMode::PayPerRequest)
        .stream_specification(stream)
        .send()
        .await
        .map_err(SdkError::into_service_error);
    match created {
        Ok(_) => {}
        Err(error) if error.is_resource_in_use_exception() => return Ok(()),
        Err(error) => return Err(problem(&error)),
    }
    if let Some(attribute) = &table.ttl_attribute {
        let ttl = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(attribute)
            .build();
        let ttl = ttl.map_err(|error| problem(&error))?;
        let update = client.update_time_to_live().table_name(&table.name);
        update
            .time_to_live_specification(ttl)
            .send()
            .await
            .map_err(|error| problem(&error))?;
    }
    Ok(())
}
