//! The runner against the unmodified SDKs and raw HTTP, with small functions in place of the real ones.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod binary;
mod commands;
mod demo;
mod gateway;
mod http;
mod live;
mod partner_check;
mod queue;
mod restart;
mod schedule;
mod sqs;
mod stream;

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use local::clock::Clock;
use local::invoke::{Function, Functions};
use local::sdk;
use local::system::{Options, System};
use local::template::Template;
use serde_json::{Value, json};

/// One of everything that the deployed template has, small enough to see whole.
const TEMPLATE: &str = r#"
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      StreamSpecification: {StreamViewType: KEYS_ONLY}
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
  Errands:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2}
  Dead: {Type: AWS::SQS::Queue}
  Echo: {Type: AWS::Serverless::Function, Properties: {CodeUri: ../x/echo/}}
  EchoIntegration: {Type: AWS::ApiGatewayV2::Integration, Properties: {IntegrationUri: !GetAtt Echo.Arn}}
  EchoRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: {RouteKey: "ANY /echo/{name}", Target: !Sub "integrations/${EchoIntegration}"}
  GuardedRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      RouteKey: GET /guarded
      Target: !Sub integrations/${EchoIntegration}
      AuthorizationType: JWT
      AuthorizationScopes: [read]
  Fanout: {Type: AWS::Serverless::Function, Properties: {CodeUri: ../x/fanout/}}
  FanoutStream:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Fanout
      EventSourceArn: !GetAtt Table.StreamArn
      StartingPosition: TRIM_HORIZON
      BatchSize: 4
      FilterCriteria: {Filters: [{Pattern: '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"CHAIN#"}]}}}}'}]}
      FunctionResponseTypes: [ReportBatchItemFailures]
  Sync: {Type: AWS::Serverless::Function, Properties: {CodeUri: ../x/sync/}}
  SyncQueue:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Sync
      EventSourceArn: !GetAtt Errands.Arn
      FunctionResponseTypes: [ReportBatchItemFailures]
  Sweep:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../x/sweep/
      Events: {Often: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(5 minutes)}}}
"#;

fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn options() -> Options {
    Options::in_memory(Template::read(TEMPLATE).unwrap(), Clock::at(noon()))
}

async fn started(functions: Functions) -> System {
    System::start(options(), |_| Ok(functions)).await.unwrap()
}

type Answering = dyn Fn(&Value) -> Result<Value, String> + Send + Sync;

/// A function that remembers its events and answers as it is told to.
#[derive(Clone)]
struct Stub {
    events: Arc<Mutex<Vec<Value>>>,
    answer: Arc<Answering>,
}

impl Stub {
    fn answering(answer: impl Fn(&Value) -> Result<Value, String> + Send + Sync + 'static) -> Self {
        Self {
            events: Arc::default(),
            answer: Arc::new(answer),
        }
    }

    fn content() -> Self {
        Self::answering(|_| Ok(Value::Null))
    }

    fn function(&self) -> Function {
        let stub = self.clone();
        Arc::new(move |event, _| {
            let answer = (stub.answer)(&event);
            stub.events.lock().unwrap().push(event);
            Box::pin(async { answer })
        })
    }

    fn alone_as(&self, name: &str) -> Functions {
        Functions([(name.to_owned(), self.function())].into())
    }

    fn events(&self) -> Vec<Value> {
        self.events.lock().unwrap().clone()
    }

    /// What one field of every record was, batch by batch.
    fn batches(&self, pointer: &str) -> Vec<Vec<String>> {
        let text = |record: &Value| record.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let batch = |event: &Value| event["Records"].as_array().unwrap().iter().map(text).collect();
        self.events().iter().map(batch).collect()
    }
}

/// The partial failure of the records whose field has one of these values.
fn failing(event: &Value, pointer: &str, values: &[&str], id: &str) -> Value {
    let records = event["Records"].as_array().unwrap().iter();
    let failed =
        records.filter(|record| values.contains(&record.pointer(pointer).unwrap().as_str().unwrap()));
    let failures: Vec<Value> = failed
        .map(|record| json!({ "itemIdentifier": record.pointer(id).unwrap() }))
        .collect();
    json!({ "batchItemFailures": failures })
}

async fn put(system: &System, pk: &str, sk: &str) {
    let client = sdk::dynamodb(&system.endpoints.dynamodb);
    let put = client.put_item().table_name(&system.endpoints.table);
    let put = put
        .item("pk", AttributeValue::S(pk.into()))
        .item("sk", AttributeValue::S(sk.into()));
    put.send().await.unwrap();
}
