//! A record that cannot be read: broken, or written by a version of the code that was rolled back.

use tests::{AttributeValue, Item, World};

use super::{NOTICED, reconcile};

#[tokio::test]
async fn a_record_that_cannot_be_read_is_put_aside_and_holds_up_nobody_else() {
    let world = World::at_noon().await;
    let began = world.now();
    let broken = world.someone_who_granted_everything().await;
    let other = world.someone_who_granted_everything().await;
    world.settle().await;

    world.withdraw_all(&broken).await.is(200);
    world.withdraw_all(&other).await.is(200);
    let act = world.chain(&broken).await.pop().expect("a withdrawal");
    let mut unreadable = act.clone();
    unreadable.insert("act".to_owned(), AttributeValue::S("{}".to_owned()));
    put(&world, unreadable).await;
    world.fan_out().await;

    let whose = world.sqs.bodies("StreamDead");
    assert!(whose.iter().all(|whose| *whose == broken.pseudonym), "{whose:?}");
    let aside = world.sqs.letters("StreamDead");
    assert!(!aside.is_empty(), "the alarm rings at once");
    for letter in &aside {
        let reason = letter.reason.as_deref().unwrap_or_default();
        assert!(
            reason.starts_with("an item could not be read as an act"),
            "{reason}"
        );
    }
    world.sqs.forget("StreamDead");
    world.settle().await;
    world.everyone_is_in_step(&[other], &NOTICED).await;
    assert_ne!(world.holds("bmw-ag", &broken), Default::default(), "not told yet");

    put(&world, act).await;
    world.lose_the_stream().await;
    reconcile::reconciled(&world, began, &reconcile::options())
        .await
        .expect("a run");
    world.settle().await;
    world.everyone_is_in_step(&[broken], &NOTICED).await;
}

/// As an operator would, behind the back of every function.
async fn put(world: &World, item: Item) {
    let (engine, table) = world.engine();
    let put = engine.put_item().table_name(table).set_item(Some(item));
    put.send().await.expect("an item");
}
