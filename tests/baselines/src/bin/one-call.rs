//! A function that makes one call of the table and decides nothing: it writes the body that it is sent to a new
//! key, or reads the newest item of a key, with the client that our functions have.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use lambda_http::http::Method;
use lambda_http::{Body, Error, Request, RequestExt, Response, service_fn};
use platform::aws::{Aws, required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (client, table) = (&Aws::connected().await?.dynamodb(), &required("TABLE_NAME")?);
    let answer = async |request: Request| {
        let key = AttributeValue::S(request.raw_http_path().to_owned());
        let told = if request.method() == Method::POST {
            let body = String::from_utf8_lossy(request.body()).into_owned();
            client
                .put_item()
                .table_name(table)
                .item("pk", key)
                .item("sk", AttributeValue::S("00000001".to_owned()))
                .item("act", AttributeValue::S(body))
                .condition_expression("attribute_not_exists(pk)")
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await?;
            Body::Empty
        } else {
            let newest = client
                .query()
                .table_name(table)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", key)
                .scan_index_forward(false)
                .limit(1)
                .consistent_read(true)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await?;
            let act = newest
                .items()
                .first()
                .and_then(|item| item.get("act")?.as_s().ok());
            Body::Text(act.cloned().unwrap_or_default())
        };
        Ok::<_, Error>(Response::new(told))
    };
    lambda_http::run(service_fn(answer)).await
}
