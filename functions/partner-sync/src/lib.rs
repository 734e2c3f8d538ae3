//! Queue: bring one recipient up to date on one subject.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use platform::batch::{self, Failure};
use platform::courier::Courier;
use platform::queue::{self, Errand, Queue};
use platform::store::{self, Store};
use platform::token::{BadToken, Links};

mod deliver;
mod postpone;
mod walk;

/// What the function works with.
#[derive(Clone)]
pub struct Parts {
    pub store: Store,
    pub courier: Courier,
    pub links: Links,
    /// The errands themselves: a walk sends new ones.
    pub errands: Queue,
    /// Where a message goes that can never be run.
    pub dead: Queue,
}

/// Why an errand was not run to its end.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("others were faster")]
    Overtaken,
    #[error(transparent)]
    Store(store::Error),
    #[error(transparent)]
    Queue(#[from] queue::Error),
    #[error("the event could not be written")]
    Unwritable(#[from] serde_json::Error),
    #[error("a link could not be made")]
    Link(#[from] BadToken),
}

/// Bring each recipient up to date with what the record says *now*, not with what it said when the message
/// was written: messages may arrive late, twice or out of order. Each has its own `now`, for the lease of its
/// claim begins when its turn comes.
pub async fn handle(parts: &Parts, clock: impl Fn() -> Timestamp, event: SqsEvent) -> SqsBatchResponse {
    batch::each(event, &parts.dead, |errand: Errand| run(parts, &clock, errand)).await
}

async fn run(parts: &Parts, clock: &impl Fn() -> Timestamp, errand: Errand) -> Result<(), Error> {
    match errand {
        Errand::Deliver {
            subject,
            recipient,
            version: hint,
            anew,
            due,
            probe,
        } => {
            let (subject, recipient) = (subject.0, recipient.0);
            let asked = deliver::Asked {
                hint,
                anew,
                due: due.map(|due| due.0.0),
                probe: probe.map(|at| at.0.0),
            };
            deliver::bring_up_to_date(parts, clock, (subject, recipient), asked).await
        }
        Errand::Walk {
            recipient,
            shard,
            after,
        } => walk::one_page(parts, recipient.0, shard, after.map(|subject| subject.0)).await,
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Stale => Self::Overtaken,
            store::Error::Unreadable { .. } | store::Error::Unfit(_) | store::Error::Unavailable(_) => {
                Self::Store(error)
            }
        }
    }
}

impl Failure for Error {
    fn may_pass(&self) -> bool {
        match self {
            Self::Overtaken | Self::Queue(_) => true,
            Self::Store(error) => error.may_pass(),
            Self::Unwritable(_) | Self::Link(_) => false,
        }
    }
}
