//! What a function is given, and what is stored behind its back.

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::policy::Policies;
use local::engine::Endpoints;
use local::{functions, sdk};
use platform::queue::Queue;
use platform::store::Store;

use crate::{AttributeValue, DEVELOPMENT_KEY, ERRANDS, Item, Someone, World};

impl World {
    /// The table and the queue, as a function under these policies has them.
    pub fn table_and_queue(&self, policies: &'static Policies) -> (Store, Queue) {
        let http = SharedHttpClient::new(self.calls.clone());
        functions::table_and_queue(&self.endpoints, policies, http)
    }

    /// What a function finds in its environment: all that any of them asks for.
    pub fn environment(&self) -> Vec<(String, String)> {
        let queue = |id: &str| self.endpoints.queues.get(id).cloned().unwrap_or_default();
        let pairs = [
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_REGION", sdk::REGION.to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", "measured".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "none".to_owned()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "none".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.endpoints.dynamodb.clone()),
            ("AWS_ENDPOINT_URL_SQS", self.endpoints.sqs.clone()),
            ("TABLE_NAME", self.endpoints.table.clone()),
            ("QUEUE_URL", queue(ERRANDS)),
            ("DEAD_LETTER_URL", queue("ErrandsDead")),
            ("PUBLIC_URL", self.endpoints.gateway.clone()),
            ("SUBJECT_KEY", DEVELOPMENT_KEY.to_owned()),
            ("TOKEN_KEY", DEVELOPMENT_KEY.to_owned()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// Where everything listens.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The engine itself, behind the back of every function; and the name of the table.
    pub fn engine(&self) -> (aws_sdk_dynamodb::Client, String) {
        let engine = sdk::dynamodb(&self.endpoints.dynamodb);
        (engine, self.endpoints.table.clone())
    }

    /// What is stored of somebody: each item of the chain must hold the hash of the one before.
    ///
    /// # Panics
    ///
    /// If the chain is broken.
    pub async fn chain_is_unbroken(&self, someone: &Someone) {
        let mut before: Option<Vec<u8>> = None;
        for item in self.chain(someone).await {
            let text = |name: &str| item[name].as_s().expect("text").as_bytes();
            let bytes = |name: &str| item.get(name).map(|value| value.as_b().expect("bytes").as_ref());
            let prev = bytes("prev");
            assert_eq!(
                prev,
                before.as_deref(),
                "at version {}",
                item["sk"].as_s().expect("text")
            );
            let keys = bytes("keys").unwrap_or_default();
            let parts = [
                text("pk"),
                text("sk"),
                prev.unwrap_or_default(),
                text("act"),
                text("after"),
                keys,
            ];
            before = Some(platform::digest::sha256(&parts).to_vec());
        }
    }

    /// The items of somebody's chain as they are stored, oldest first.
    pub async fn chain(&self, someone: &Someone) -> Vec<Item> {
        self.stored(&format!("CHAIN#{}", someone.pseudonym)).await
    }

    /// The items under a partition key as they are stored.
    ///
    /// # Panics
    ///
    /// If the engine does not answer.
    pub async fn stored(&self, key: &str) -> Vec<Item> {
        let query = sdk::dynamodb(&self.endpoints.dynamodb)
            .query()
            .table_name(&self.endpoints.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(key.to_owned()));
        query.send().await.expect("the engine").items.unwrap_or_default()
    }
}
