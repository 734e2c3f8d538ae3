//! The seam between the functions and AWS: it sees every call that they make, counts what the engine says
//! it cost, and can cut any call off.
//!
//! It stands where a Lambda's HTTP client stands, so the SDK's own retries happen above it: a call that is
//! cut off once is made again, as it would be on AWS.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use axum::body::Bytes;

use crate::roles;

pub use call::{Call, Cost, Made};

#[path = "calls/call.rs"]
mod call;

/// What is to become of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Answered,
    /// The connection breaks before the engine has seen anything.
    NeverSent,
    /// The engine does what it is asked to, and the connection breaks before the answer.
    AnswerLost,
    /// The function dies before the engine has seen anything.
    DiesBefore,
    /// The engine does what it is asked to, and the function dies before the answer.
    DiesAfter,
    /// The engine asks for patience.
    Throttled,
    /// Another transaction has one of its items: nothing is done.
    InTheWay,
    /// It is answered; the invocation that it belongs to is delivered once more when it has ended.
    Again,
}

/// Cheap to clone; all clones are the same seam.
#[derive(Clone)]
pub struct Calls(Arc<Inner>);

struct Inner {
    plain: SharedHttpClient,
    /// Each call that was answered, and the answer as it came: most tests never ask what a call cost.
    made: Mutex<Vec<(Call, Bytes)>>,
    judge: Mutex<Option<Judge>>,
    hook: Mutex<Option<Hook>>,
    /// What a role did not grant.
    denied: Mutex<Vec<String>>,
    /// Whether a function was made to die since the last judge came.
    killed: AtomicBool,
    /// Whether the invocation under way is to be delivered once more.
    again: AtomicBool,
}

type Judge = Box<dyn FnMut(&Call) -> Fate + Send>;
type Picks = Box<dyn Fn(&Call) -> bool + Send>;
type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;
type Hook = (Picks, Meanwhile);

impl Calls {
    /// Before the client that really carries the calls.
    pub fn before(plain: SharedHttpClient) -> Self {
        Self(Arc::new(Inner {
            plain,
            made: Mutex::default(),
            judge: Mutex::default(),
            hook: Mutex::default(),
            denied: Mutex::default(),
            killed: AtomicBool::new(false),
            again: AtomicBool::new(false),
        }))
    }

    /// Ask before each call what is to become of it, until [`Calls::heal`].
    pub fn judge(&self, judge: impl FnMut(&Call) -> Fate + Send + 'static) {
        self.0.killed.store(false, Ordering::SeqCst);
        self.0.again.store(false, Ordering::SeqCst);
        *lock(&self.0.judge) = Some(Box::new(judge));
    }

    /// Whether a function was made to die since the last judge came.
    pub fn killed(&self) -> bool {
        self.0.killed.load(Ordering::SeqCst)
    }

    /// Whether the invocation that has just ended is to be delivered once more; asked once.
    pub(crate) fn again(&self) -> bool {
        self.0.again.swap(false, Ordering::SeqCst)
    }

    /// Let this be the fate of the next call that is picked, and of no other.
    pub fn once(&self, fate: Fate, picks: impl Fn(&Call) -> bool + Send + 'static) {
        let mut left = 1;
        self.judge(move |call| {
            if left > 0 && picks(call) {
                left -= 1;
                return fate;
            }
            Fate::Answered
        });
    }

    /// From now on, nothing is ever answered.
    pub fn cut_off(&self) {
        self.judge(|_| Fate::NeverSent);
    }

    pub fn heal(&self) {
        *lock(&self.0.judge) = None;
    }

    /// Do something between two calls: right before the next one that is picked.
    pub fn meanwhile(
        &self,
        picks: impl Fn(&Call) -> bool + Send + 'static,
        something: impl Future<Output = ()> + Send + 'static,
    ) {
        *lock(&self.0.hook) = Some((Box::new(picks), Box::pin(something)));
    }

    /// What functions asked for that their roles do not grant.
    pub(crate) fn denied(&self) -> Vec<String> {
        lock(&self.0.denied).clone()
    }

    /// Every call that was answered since the last [`Calls::forget`].
    pub fn made(&self) -> Vec<Made> {
        let made = lock(&self.0.made).clone();
        made.into_iter().map(Made::of).collect()
    }

    /// The same, and forget them.
    pub fn take(&self) -> Vec<Made> {
        let made = std::mem::take(&mut *lock(&self.0.made));
        made.into_iter().map(Made::of).collect()
    }

    pub fn forget(&self) {
        lock(&self.0.made).clear();
    }

    /// What the engine was asked and says it cost, since the last [`Calls::forget`].
    pub fn cost(&self) -> Cost {
        let mut cost = Cost::default();
        for made in self.made().iter().filter(|made| made.call.service == "DynamoDB") {
            cost.calls += 1;
            cost.read_units += made.read_units;
            cost.write_units += made.write_units;
        }
        cost
    }

    /// How often an operation was asked for, of either service.
    pub fn count(&self, operation: &str) -> usize {
        let made = lock(&self.0.made);
        made.iter()
            .filter(|(call, _)| call.operation == operation)
            .count()
    }

    async fn carry(
        self,
        plain: SharedHttpConnector,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        let call = Call::of(&request);
        if let Err(why) = roles::may(&call) {
            lock(&self.0.denied).push(why);
            return refused("com.amazonaws#AccessDeniedException");
        }
        let meanwhile = {
            let mut hook = lock(&self.0.hook);
            let is_next = hook.as_ref().is_some_and(|(picks, _)| picks(&call));
            if is_next { hook.take() } else { None }
        };
        if let Some((_, something)) = meanwhile {
            something.await;
        }
        let fate = lock(&self.0.judge)
            .as_mut()
            .map_or(Fate::Answered, |judge| judge(&call));
        match fate {
            Fate::NeverSent => return Err(ConnectorError::io("cut off before it was sent".into())),
            Fate::DiesBefore => self.die(),
            Fate::Throttled => return refused("com.amazonaws#ThrottlingException"),
            Fate::InTheWay => return refused("com.amazonaws#TransactionCanceledException"),
            Fate::Again => self.0.again.store(true, Ordering::SeqCst),
            Fate::Answered | Fate::AnswerLost | Fate::DiesAfter => {}
        }

        let mut response = plain.call(request).await?;
        let body = ByteStream::new(response.take_body()).collect().await;
        let body = body
            .map_err(|error| ConnectorError::io(error.into()))?
            .into_bytes();
        lock(&self.0.made).push((call, body.clone()));
        if fate == Fate::DiesAfter {
            self.die();
        }
        if fate == Fate::AnswerLost {
            return Err(ConnectorError::io("cut off before the answer".into()));
        }
        *response.body_mut() = SdkBody::from(body);
        Ok(response)
    }
}

impl Calls {
    /// The invocation that makes this call ends here, as when Lambda kills it.
    fn die(&self) {
        self.0.killed.store(true, Ordering::SeqCst);
        // Without the panic's message: it is meant.
        std::panic::resume_unwind(Box::new("the function dies here"));
    }
}

fn refused(kind: &str) -> Result<HttpResponse, ConnectorError> {
    let reasons = [serde_json::json!({ "Code": "TransactionConflict" })];
    let problem = serde_json::json!({ "__type": kind, "message": "no", "CancellationReasons": reasons });
    let problem = problem.to_string();
    let status = 400
        .try_into()
        .map_err(|_| ConnectorError::io("no status".into()))?;
    let mut response = HttpResponse::new(status, SdkBody::from(problem));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

impl HttpClient for Calls {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            calls: self.clone(),
            plain: self.0.plain.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct Connector {
    calls: Calls,
    plain: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.calls.clone().carry(self.plain.clone(), request))
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Calls(…)")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
