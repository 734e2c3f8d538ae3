//! Another engine than the runner's own, where the environment names one as it does for the SDK.

use std::env;
use std::sync::atomic::{AtomicU32, Ordering};

use local::engine::Elsewhere;
use local::system::Options;

/// Worlds of this process so far: each has a table and queues under names of its own.
static WORLDS: AtomicU32 = AtomicU32::new(0);

pub(crate) fn if_asked(mut options: Options) -> Options {
    let url = |service: &str| env::var(format!("AWS_ENDPOINT_URL_{service}")).ok();
    if let (Some(dynamodb), Some(sqs)) = (url("DYNAMODB"), url("SQS")) {
        let world = WORLDS.fetch_add(1, Ordering::Relaxed);
        let mark = format!("-{}-{world}", std::process::id());
        options.template.table.name += &mark;
        for queue in &mut options.template.queues {
            queue.name += &mark;
        }
        options.elsewhere = Some(Elsewhere { dynamodb, sqs });
    }
    options
}
