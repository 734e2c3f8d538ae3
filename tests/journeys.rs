use serde_json::json;
use tests::World;

#[tokio::test]
async fn smoke() {
    let world = World::at_noon().await;
    let someone = world.someone_who_granted_everything().await;
    world.settle().await;
    dbg!(
        world.told("bmw-ag", &someone),
        world.holds("campaign-service", &someone)
    );
    assert!(world.may(&someone, "bmw-ag", "phone").await);
    world.withdraw_all(&someone).await.is(200);
    world.settle().await;
    dbg!(world.heard("bmw-ag", &someone));
    dbg!(
        world
            .decide(&someone, json!({"who": "bmw-ag", "channel": "phone"}))
            .await
    );
}
