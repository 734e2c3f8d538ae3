//! What `--data` is for: stop, start again, and nothing is lost or done twice.

use local::sdk;
use local::system::{Options, System};

use crate::{Stub, options, put};

#[tokio::test]
async fn a_restart_loses_nothing_and_repeats_nothing() {
    let folder = std::env::temp_dir().join(format!("runner-restart-{}", std::process::id()));
    let kept = || Options {
        data: Some(folder.clone()),
        ..options()
    };

    let fanout = Stub::content();
    let mut system = System::start(kept(), |_| Ok(fanout.alone_as("fanout")))
        .await
        .unwrap();
    put(&system, "CHAIN#s", "1").await;
    system.settle().await.unwrap();
    put(&system, "CHAIN#s", "2").await;
    let client = sdk::sqs(&system.endpoints.sqs);
    let sending = client.send_message().queue_url(&system.endpoints.queues["Dead"]);
    sending.message_body("kept").send().await.unwrap();
    system.stop().await;

    let fanout = Stub::content();
    let mut system = System::start(kept(), |_| Ok(fanout.alone_as("fanout")))
        .await
        .unwrap();
    system.settle().await.unwrap();
    assert_eq!(fanout.batches("/dynamodb/Keys/sk/S"), [["2"]]);
    assert_eq!(system.sqs.bodies("Dead"), ["kept"]);
    system.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}
