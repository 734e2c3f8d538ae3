//! All parts together: started, driven step by step by a test or left to run, and stopped.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::demo::Demo;
use crate::docs;
use crate::engine::{self, Elsewhere, Endpoints, Engine, Error};
use crate::gateway::Gateway;
use crate::invoke::Functions;
use crate::issuer;
use crate::queue::Consumer;
use crate::schedule::Schedule;
use crate::sqs::Sqs;
use crate::stream::Stream;
use crate::template::Template;
use platform::courier;

/// What settles at all settles in far fewer rounds; more of them mean that the system feeds itself.
const ROUNDS_MAX: usize = 1_000;
/// How long a request may keep the runner from stopping.
const STOPPING: Duration = Duration::from_secs(2);

pub struct Options {
    pub template: Template,
    /// The folder that keeps everything; without one, it is gone when the runner stops.
    pub data: Option<PathBuf>,
    /// Another engine than the one in this process.
    pub elsewhere: Option<Elsewhere>,
    pub clock: Clock,
    /// The gateway's port; 0 takes a free one.
    pub port: u16,
    /// Routes of the runner beside those of the template; without a fallback, which is the gateway.
    pub routes: Router,
}

pub struct System {
    pub endpoints: Endpoints,
    pub clock: Clock,
    pub sqs: Sqs,
    pub demo: Demo,
    pub functions: Functions,
    /// For tests that take single steps; [`System::settle`] takes them all.
    pub streams: Vec<Stream>,
    pub consumers: Vec<Consumer>,
    engine: Engine,
    /// Another engine's queues can only be asked, not looked into.
    is_elsewhere: bool,
    schedules: Vec<Schedule>,
    gateway: JoinHandle<()>,
    stop: watch::Sender<()>,
}

impl Options {
    /// In memory, on a free port, with the template that is deployed.
    pub fn in_memory(template: Template, clock: Clock) -> Self {
        let routes = Router::new();
        Self {
            template,
            data: None,
            elsewhere: None,
            clock,
            port: 0,
            routes,
        }
    }
}

impl System {
    /// The engine first; then the functions, which get to know where everything is; then the rest.
    pub async fn start(
        options: Options,
        functions: impl FnOnce(&Endpoints) -> Result<Functions, courier::Error>,
    ) -> Result<Self, Error> {
        let Options {
            template,
            data,
            elsewhere,
            clock,
            port,
            routes,
        } = options;
        let data = data.as_deref();
        let is_elsewhere = elsewhere.is_some();
        let (stop, stopping) = watch::channel(());

        let listener = engine::listen(port).await?;
        let mut engine = Engine::start(&template, &clock, data, elsewhere, &stopping).await?;
        engine.endpoints.gateway = engine::url(&listener)?;
        let endpoints = engine.endpoints.clone();
        let functions = functions(&endpoints).map_err(Error::Courier)?;
        let demo = Demo::open(clock.clone(), data)?;

        let gateway = Gateway::new(&template, functions.clone(), clock.clone()).router();
        let own = demo.router().merge(docs::router()).merge(issuer::router());
        let app = own.merge(routes).merge(gateway);
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, app).with_graceful_shutdown(engine::stopped(&stopping));
        let gateway = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the gateway failed");
            }
        });

        let mut streams = Vec::new();
        for mapping in template.streams {
            let (functions, clock) = (functions.clone(), clock.clone());
            streams.push(Stream::open(mapping, functions, clock, &endpoints, data).await?);
        }
        let mut consumers = Vec::new();
        for mapping in template.consumers {
            consumers.push(Consumer::open(
                mapping,
                functions.clone(),
                clock.clone(),
                &endpoints,
            )?);
        }
        let schedule = |schedule| Schedule::new(schedule, functions.clone(), clock.clone());
        let schedules = template.schedules.into_iter().map(schedule).collect();
        let sqs = engine.sqs.clone();

        Ok(Self {
            endpoints,
            clock,
            sqs,
            demo,
            functions,
            engine,
            is_elsewhere,
            streams,
            consumers,
            schedules,
            gateway,
            stop,
        })
    }

    /// Until nothing moves any more: all changes fanned out, all messages that are visible handed over.
    /// Messages that failed or are late stay where they are.
    pub async fn settle(&mut self) -> Result<(), Error> {
        for _ in 0..ROUNDS_MAX {
            let mut moved = 0;
            for stream in &mut self.streams {
                moved += stream.poll().await?;
            }
            for consumer in &mut self.consumers {
                if self.is_elsewhere || self.sqs.visible(consumer.queue()) > 0 {
                    moved += consumer.poll().await?;
                }
            }
            if moved == 0 {
                return Ok(());
            }
        }
        Err(Error::Restless)
    }

    /// Call what is scheduled, now.
    pub async fn tick(&mut self) {
        for schedule in &mut self.schedules {
            schedule.tick().await;
        }
    }

    /// Delete what has expired by TTL.
    pub async fn sweep(&self) {
        self.engine.sweep().await;
    }

    /// Run by itself until `end` comes, then stop. Stream, queues and schedules each at their own pace,
    /// as on AWS: a recipient that does not answer holds up no fan-out.
    pub async fn run(mut self, end: impl Future<Output = ()>) {
        const PAUSE: Duration = Duration::from_millis(100);
        let mut tasks = Vec::new();
        for mut stream in std::mem::take(&mut self.streams) {
            tasks.push(tokio::spawn(async move {
                loop {
                    pause_unless_busy(stream.poll().await, PAUSE).await;
                }
            }));
        }
        for mut consumer in std::mem::take(&mut self.consumers) {
            tasks.push(tokio::spawn(async move {
                loop {
                    pause_unless_busy(consumer.poll().await, PAUSE).await;
                }
            }));
        }
        for mut schedule in std::mem::take(&mut self.schedules) {
            tasks.push(tokio::spawn(async move {
                loop {
                    schedule.tick_if_due().await;
                    tokio::time::sleep(PAUSE).await;
                }
            }));
        }

        end.await;
        for task in &tasks {
            task.abort();
        }
        self.stop().await;
    }

    /// Let the requests under way end, then close everything.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        if tokio::time::timeout(STOPPING, self.gateway).await.is_err() {
            tracing::warn!("a request was cut off");
        }
    }
}

async fn pause_unless_busy(moved: Result<usize, Error>, pause: Duration) {
    match moved {
        Ok(0) => tokio::time::sleep(pause).await,
        Ok(_) => {}
        Err(error) => {
            tracing::error!(%error, "a poll failed");
            tokio::time::sleep(pause).await;
        }
    }
}
