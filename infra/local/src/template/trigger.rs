//! What calls a function: a route, the table's stream, a queue, or time.

use std::collections::BTreeMap;

use super::filter::Filter;
use super::place::{Error, Place};

#[derive(Clone, Debug)]
pub struct Route {
    /// As API Gateway spells it, for example `GET /v1/subjects/{subject}`.
    pub key: String,
    pub function: String,
    /// The scopes that a token must carry, or none where the route asks for no token.
    pub token: Option<Vec<String>>,
}

/// Which sites' scripts may call, and how.
#[derive(Clone, Debug)]
pub struct Cors {
    pub origins: Vec<String>,
    pub methods: Vec<String>,
    pub headers: Vec<String>,
    pub exposed: Vec<String>,
    pub max_age_s: u32,
}

#[derive(Clone, Debug)]
pub struct StreamMapping {
    pub function: String,
    pub batch_size: usize,
    /// A record is passed on if one of them matches; without any, every record is.
    pub filters: Vec<Filter>,
}

#[derive(Clone, Debug)]
pub struct QueueMapping {
    pub function: String,
    /// The logical id of the queue.
    pub queue: String,
    pub batch_size: usize,
}

#[derive(Clone, Debug)]
pub struct Schedule {
    pub function: String,
    pub every_minutes: u32,
    pub kind: ScheduleKind,
}

/// Which of the two services calls; they word the event differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleKind {
    Rule,
    Scheduler,
}

impl Route {
    pub(super) fn read(route: &Place, integrations: &BTreeMap<String, String>) -> Result<Self, Error> {
        let key = route.at("RouteKey")?.text()?.to_owned();
        let function = route.at("Target")?.one_of(integrations, "integration")?.clone();
        let token = match route.text_or("AuthorizationType", "NONE")?.as_str() {
            "NONE" => None,
            "JWT" => Some(match route.maybe("AuthorizationScopes") {
                Some(scopes) => scopes.texts()?,
                None => Vec::new(),
            }),
            _ => return Err(route.error("the runner knows AuthorizationType NONE and JWT")),
        };
        Ok(Self { key, function, token })
    }
}

impl Cors {
    pub(super) fn read(cors: &Place) -> Result<Self, Error> {
        Ok(Self {
            origins: cors.at("AllowOrigins")?.texts()?,
            methods: cors.at("AllowMethods")?.texts()?,
            headers: cors.at("AllowHeaders")?.texts()?,
            exposed: cors.at("ExposeHeaders")?.texts()?,
            max_age_s: cors.at("MaxAge")?.number()?,
        })
    }
}

impl StreamMapping {
    pub(super) fn read(mapping: &Place, function: String) -> Result<Self, Error> {
        mapping.at("StartingPosition")?.is("TRIM_HORIZON")?;
        mapping.at("FunctionResponseTypes")?.reports_item_failures()?;
        let mut filters = Vec::new();
        if let Some(criteria) = mapping.maybe("FilterCriteria") {
            for filter in criteria.at("Filters")?.items()? {
                let pattern = filter.at("Pattern")?;
                let read = Filter::read(pattern.text()?);
                filters.push(read.map_err(|problem| pattern.error(problem))?);
            }
        }
        let batch_size = mapping.number_or("BatchSize", 100)? as usize;
        Ok(Self {
            function,
            batch_size,
            filters,
        })
    }
}

impl Schedule {
    /// The schedules among a function's events; whatever else may stand there is written out as resources.
    pub(super) fn read_all(function: &Place, folder: &str) -> Result<Vec<Self>, Error> {
        let Some(events) = function.maybe("Events") else {
            return Ok(Vec::new());
        };
        let mut schedules = Vec::new();
        for (_, event) in events.entries()? {
            let kind = event.at("Type")?;
            let properties = event.at("Properties")?;
            let (kind, rate) = match kind.text()? {
                "Schedule" => (ScheduleKind::Rule, properties.at("Schedule")?),
                "ScheduleV2" => (ScheduleKind::Scheduler, properties.at("ScheduleExpression")?),
                _ => return Err(kind.error("the runner knows Schedule and ScheduleV2 here")),
            };
            let every_minutes = rate
                .text()?
                .strip_prefix("rate(")
                .and_then(|rate| rate.strip_suffix(" minute)").or(rate.strip_suffix(" minutes)")))
                .and_then(|minutes| minutes.parse().ok())
                .filter(|minutes| *minutes > 0)
                .ok_or_else(|| rate.error("the runner knows rate(n minutes) only"))?;
            let function = folder.to_owned();
            schedules.push(Self {
                function,
                every_minutes,
                kind,
            });
        }
        Ok(schedules)
    }
}
