//! What the runner needs of `infra/aws/template.yaml`: routes, table, queues, mappings and the schedule.
//!
//! Wiring exists once, there. What is read here and cannot be understood is an error that names its
//! place, never a guess: a runner that differs from AWS is worse than one that does not start. What is
//! not read here (permissions, alarms, logs, keys) has no meaning in one process.

mod filter;
mod place;
mod trigger;

use std::collections::BTreeMap;

pub use filter::Filter;
pub use place::Error;
use place::Place;
pub use trigger::{Cors, QueueMapping, Route, Schedule, ScheduleKind, StreamMapping};

/// The template that is deployed, as it was when the runner was compiled.
pub const DEPLOYED: &str = include_str!("../../aws/template.yaml");

#[derive(Clone, Debug)]
pub struct Template {
    pub table: Table,
    pub queues: Vec<Queue>,
    pub routes: Vec<Route>,
    /// Of the one API; without it, a browser lets no script of another site call.
    pub cors: Option<Cors>,
    pub streams: Vec<StreamMapping>,
    pub consumers: Vec<QueueMapping>,
    pub schedules: Vec<Schedule>,
}

#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    pub partition_key: String,
    pub sort_key: Option<String>,
    pub ttl_attribute: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Queue {
    /// Its logical id in the template.
    pub id: String,
    pub name: String,
    pub visibility_timeout_s: u32,
    pub delay_s: u32,
    pub retention_s: u32,
    pub redrive: Option<Redrive>,
}

/// After this many receives in vain, a message moves to the queue of the dead.
#[derive(Clone, Debug)]
pub struct Redrive {
    pub receives_max: u32,
    /// The logical id of the queue of the dead.
    pub to: String,
}

impl Template {
    pub fn deployed() -> Result<Self, Error> {
        Self::read(DEPLOYED)
    }

    pub fn read(yaml: &str) -> Result<Self, Error> {
        let template = place::parse(yaml)?;
        let resources = Place::root(&template).at("Resources")?;
        let of = |kind: &str| resources.resources(kind);

        let mut functions = BTreeMap::new();
        let mut schedules = Vec::new();
        for (id, function) in of("AWS::Serverless::Function")? {
            let folder = folder(&function)?;
            schedules.extend(Schedule::read_all(&function, &folder)?);
            functions.insert(id, folder);
        }
        let mut queues = Vec::new();
        for (id, queue) in of("AWS::SQS::Queue")? {
            queues.push(Queue::read(id, &queue)?);
        }
        let mut integrations = BTreeMap::new();
        for (id, integration) in of("AWS::ApiGatewayV2::Integration")? {
            let uri = integration.at("IntegrationUri")?;
            integrations.insert(id, uri.one_of(&functions, "function")?.clone());
        }
        let mut routes = Vec::new();
        for (_, route) in of("AWS::ApiGatewayV2::Route")? {
            routes.push(Route::read(&route, &integrations)?);
        }

        let mut cors = None;
        for (_, api) in of("AWS::ApiGatewayV2::Api")? {
            cors = api
                .maybe("CorsConfiguration")
                .map(|cors| Cors::read(&cors))
                .transpose()?;
        }

        let mut tables = of("AWS::DynamoDB::Table")?;
        let (table_id, table) = match (tables.pop(), tables.is_empty()) {
            (Some(table), true) => table,
            _ => return Err(resources.error("exactly one AWS::DynamoDB::Table is expected")),
        };
        let (mut streams, mut consumers) = (Vec::new(), Vec::new());
        for (_, mapping) in of("AWS::Lambda::EventSourceMapping")? {
            let function = mapping
                .at("FunctionName")?
                .one_of(&functions, "function")?
                .clone();
            let source = mapping.at("EventSourceArn")?;
            let queue = source.logical_id()?;
            if queue == table_id {
                streams.push(StreamMapping::read(&mapping, function)?);
            } else if queues.iter().any(|known| known.id == queue) {
                let batch_size = mapping.number_or("BatchSize", 10)? as usize;
                mapping.at("FunctionResponseTypes")?.reports_item_failures()?;
                consumers.push(QueueMapping {
                    function,
                    queue,
                    batch_size,
                });
            } else {
                return Err(source.error("is neither the table's stream nor a queue"));
            }
        }
        let table = Table::read(table_id, &table)?;

        Ok(Self {
            table,
            queues,
            routes,
            cors,
            streams,
            consumers,
            schedules,
        })
    }
}

/// A function is known by its folder, which is the last part of where its code lies.
fn folder(function: &Place) -> Result<String, Error> {
    let code = function.at("CodeUri")?;
    let folder = code.text()?.trim_end_matches('/').rsplit('/').next();
    match folder {
        Some(folder) if !folder.is_empty() => Ok(folder.to_owned()),
        _ => Err(code.error("does not end in the folder of a function")),
    }
}

impl Table {
    fn read(id: String, table: &Place) -> Result<Self, Error> {
        let (mut partition_key, mut sort_key) = (None, None);
        for key in table.at("KeySchema")?.items()? {
            let name = Some(key.at("AttributeName")?.text()?.to_owned());
            match key.at("KeyType")?.text()? {
                "HASH" => partition_key = name,
                _ => sort_key = name,
            }
        }
        for attribute in table.at("AttributeDefinitions")?.items()? {
            attribute.at("AttributeType")?.is("S")?;
        }
        // The stream's events would have to carry images otherwise.
        table
            .at("StreamSpecification")?
            .at("StreamViewType")?
            .is("KEYS_ONLY")?;
        let ttl_attribute = match table.maybe("TimeToLiveSpecification") {
            Some(ttl) => Some(ttl.at("AttributeName")?.text()?.to_owned()),
            None => None,
        };

        Ok(Self {
            name: table.text_or("TableName", &id)?,
            partition_key: partition_key.ok_or_else(|| table.error("has no HASH key"))?,
            sort_key,
            ttl_attribute,
        })
    }
}

impl Queue {
    /// The defaults are those of AWS.
    fn read(id: String, queue: &Place) -> Result<Self, Error> {
        let redrive = match queue.maybe("RedrivePolicy") {
            Some(policy) => Some(Redrive {
                receives_max: policy.at("maxReceiveCount")?.number()?,
                to: policy.at("deadLetterTargetArn")?.logical_id()?,
            }),
            None => None,
        };
        Ok(Self {
            name: queue.text_or("QueueName", &id)?,
            visibility_timeout_s: queue.number_or("VisibilityTimeout", 30)?,
            delay_s: queue.number_or("DelaySeconds", 0)?,
            retention_s: queue.number_or("MessageRetentionPeriod", 345_600)?,
            redrive,
            id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployed_template_is_understood() {
        let template = Template::deployed().unwrap();

        assert_eq!(template.table.partition_key, "pk");
        assert_eq!(template.table.sort_key.as_deref(), Some("sk"));
        assert!(template.table.ttl_attribute.is_some());
        assert!(
            template
                .routes
                .iter()
                .any(|route| route.function == "consent-capture")
        );
        assert_eq!(template.streams[0].function, "partner-fanout");
        assert!(!template.streams[0].filters.is_empty());
        let consumers = template.consumers.iter();
        let mut consumers: Vec<_> = consumers
            .map(|mapping| (mapping.queue.as_str(), mapping.function.as_str()))
            .collect();
        consumers.sort_unstable();
        assert_eq!(
            consumers,
            [("Errands", "partner-sync"), ("Interactions", "interaction-track")]
        );
        assert_eq!(template.schedules[0].function, "consent-expire");
        assert_eq!(template.schedules[0].every_minutes, 1);
        let redrive = |queue: &Queue| queue.redrive.is_some();
        assert!(template.queues.iter().any(redrive));
    }

    #[test]
    fn what_is_broken_is_told_with_its_place() {
        let told = |from: &str, to: &str| {
            assert!(DEPLOYED.contains(from), "the template no longer says {from}");
            Template::read(&DEPLOYED.replace(from, to))
                .unwrap_err()
                .to_string()
        };

        assert!(told("BatchSize: 100", "BatchSize: many").contains("Properties/BatchSize"));
        assert!(told("maxReceiveCount: 5", "other: 5").contains("RedrivePolicy/maxReceiveCount"));
        assert!(told("rate(1 minute)", "cron(0 * * * ? *)").contains("rate(n minutes)"));
        assert!(told("KEYS_ONLY", "NEW_IMAGE").contains("StreamViewType"));
        assert!(told("{\"prefix\":\"CHAIN#\"}", "{\"cidr\":\"CHAIN#\"}").contains("Filters/0"));
        assert!(told("CodeUri: ../../target/lambda/consent-expire/", "CodeUri: /").contains("folder"));
        assert!(
            Template::read("Resources: [")
                .unwrap_err()
                .to_string()
                .contains("YAML")
        );
        assert!(
            Template::read("Resources: {}")
                .unwrap_err()
                .to_string()
                .contains("Table")
        );
    }
}
