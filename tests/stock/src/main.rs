//! A function that writes the body that it is sent to a new key, as the guides of the SDK and of the runtime begin.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn, tracing};

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let (client, table) = (&Client::new(&config), &std::env::var("TABLE_NAME")?);
    let answer = async |request: Request| {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        client
            .put_item()
            .table_name(table)
            .item("pk", AttributeValue::S(request.raw_http_path().to_owned()))
            .item("sk", AttributeValue::S("00000001".to_owned()))
            .item("act", AttributeValue::S(body))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await?;
        Ok::<_, Error>(Response::new(Body::Empty))
    };
    run(service_fn(answer)).await
}
