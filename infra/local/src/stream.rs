//! The event source mapping of the table's stream: every change reaches the function, in order.
//!
//! Invariant: a record is passed only when the function has taken it or the filter does not want it. A
//! record that fails is tried again at each poll and holds up what comes after it, as on AWS until the
//! stream forgets it; the runner never gives up earlier.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::{DisplayErrorContext, SdkError};
use aws_sdk_dynamodbstreams::types::{AttributeValue, Record, Shard, ShardIteratorType};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::engine::{Endpoints, Error};
use crate::invoke::{Functions, Verdict};
use crate::sdk;
use crate::state_file::StateFile;
use crate::template::StreamMapping;

pub struct Stream {
    mapping: StreamMapping,
    functions: Functions,
    clock: Clock,
    client: Client,
    arn: String,
    file: StateFile<Checkpoint>,
    checkpoint: Checkpoint,
    /// Where a replay begins.
    beginning: Checkpoint,
    /// The shards, once known; a table of the engine has the same for ever.
    shards: Vec<String>,
    /// Where the next page begins, by shard, while all before it is done with.
    next: BTreeMap<String, String>,
}

/// The sequence number of the last record that is done with, by shard.
type Checkpoint = BTreeMap<String, String>;

/// A record as Lambda words it.
struct Change {
    sequence: String,
    wanted: bool,
    event: Value,
}

impl Stream {
    pub async fn open(
        mapping: StreamMapping,
        functions: Functions,
        clock: Clock,
        endpoints: &Endpoints,
        data: Option<&Path>,
    ) -> Result<Self, Error> {
        let table = sdk::dynamodb(&endpoints.dynamodb)
            .describe_table()
            .table_name(&endpoints.table);
        let table = table.send().await.map_err(problem)?;
        let arn = table.table().and_then(|table| table.latest_stream_arn());
        let arn = arn
            .ok_or_else(|| Error::Stream("the table has none".to_owned()))?
            .to_owned();
        let client = sdk::streams(&endpoints.dynamodb);
        let (file, checkpoint) = StateFile::open(data, &format!("stream-{}.json", mapping.function))?;

        Ok(Self {
            mapping,
            functions,
            clock,
            client,
            arn,
            file,
            checkpoint,
            beginning: Checkpoint::new(),
            shards: Vec::new(),
            next: BTreeMap::new(),
        })
    }

    /// One round: a page of each shard. Returns how many records it got past, wanted or not.
    pub async fn poll(&mut self) -> Result<usize, Error> {
        let mut passed = 0;
        for shard in self.shards().await? {
            let changes = self.page(&shard).await?;
            let came = changes.len();
            let done = self.deliver(&shard, changes).await?;
            if done < came {
                self.next.remove(&shard);
            }
            passed += done;
        }
        Ok(passed)
    }

    /// Begin again at the oldest record, or where [`Self::begin_here`] said: to a function, a stream is
    /// delivered at least once.
    pub fn replay(&mut self) {
        self.checkpoint = self.beginning.clone();
        self.next.clear();
    }

    /// What was delivered so far is not delivered again, as if the stream had dropped it.
    pub fn begin_here(&mut self) {
        self.beginning = self.checkpoint.clone();
    }

    /// Forget every record that was not delivered, as the stream does a day after it.
    pub async fn forget(&mut self) -> Result<(), Error> {
        for shard in self.shards().await? {
            loop {
                let page = self.page(&shard).await?;
                let Some(last) = page.back() else { break };
                self.checkpoint.insert(shard.clone(), last.sequence.clone());
            }
        }
        Ok(self.file.keep(&self.checkpoint)?)
    }

    async fn shards(&mut self) -> Result<Vec<String>, Error> {
        if !self.shards.is_empty() {
            return Ok(self.shards.clone());
        }
        let stream = self
            .client
            .describe_stream()
            .stream_arn(&self.arn)
            .send()
            .await
            .map_err(problem)?;
        let shards = stream
            .stream_description()
            .map(|stream| stream.shards())
            .unwrap_or_default();
        let id = |shard: &Shard| shard.shard_id().map(str::to_owned);
        self.shards = shards.iter().filter_map(id).collect();
        Ok(self.shards.clone())
    }

    async fn page(&mut self, shard: &str) -> Result<VecDeque<Change>, Error> {
        let start = match self.next.remove(shard) {
            Some(next) => Some(next),
            None => self.after_checkpoint(shard).await?,
        };
        let page = self.client.get_records().set_shard_iterator(start).limit(1000);
        let page = page.send().await.map_err(problem)?;

        if let Some(next) = page.next_shard_iterator() {
            self.next.insert(shard.to_owned(), next.to_owned());
        }
        let changes = page.records().iter().map(|record| self.change(record));
        changes.collect()
    }

    async fn after_checkpoint(&self, shard: &str) -> Result<Option<String>, Error> {
        let start = self
            .client
            .get_shard_iterator()
            .stream_arn(&self.arn)
            .shard_id(shard);
        let start = match self.checkpoint.get(shard) {
            None => start.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Some(sequence) => start
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .sequence_number(sequence),
        };
        Ok(start.send().await.map_err(problem)?.shard_iterator)
    }

    /// Batches of wanted records, halved while the function fails on a whole batch, until one record
    /// fails by itself or all are done.
    async fn deliver(&mut self, shard: &str, mut waiting: VecDeque<Change>) -> Result<usize, Error> {
        let mut passed = 0;
        let mut size = self.mapping.batch_size;
        loop {
            while let Some(unwanted) = waiting.pop_front_if(|change| !change.wanted) {
                self.checkpoint.insert(shard.to_owned(), unwanted.sequence);
                passed += 1;
            }
            let batch: Vec<&Change> = waiting.iter().filter(|change| change.wanted).take(size).collect();
            let asked = batch.len();
            if asked == 0 {
                break;
            }
            match self.call(&batch).await {
                Some(done) => {
                    let last_done = done.checked_sub(1).map(|last| batch[last].sequence.clone());
                    while last_done.is_some() && self.checkpoint.get(shard) != last_done.as_ref() {
                        let Some(change) = waiting.pop_front() else { break };
                        self.checkpoint.insert(shard.to_owned(), change.sequence);
                        passed += 1;
                    }
                    if done < asked {
                        break;
                    }
                    size = self.mapping.batch_size;
                }
                None if asked == 1 => break,
                None => size = asked.div_ceil(2),
            }
        }
        if passed > 0 {
            self.file.keep(&self.checkpoint)?;
        }
        Ok(passed)
    }

    /// How many of the batch the function has done before the first that failed; nothing, if it failed on
    /// the batch as a whole.
    async fn call(&self, batch: &[&Change]) -> Option<usize> {
        let records: Vec<&Value> = batch.iter().map(|change| &change.event).collect();
        let sequences: Vec<&str> = batch.iter().map(|change| change.sequence.as_str()).collect();
        let event = json!({ "Records": records });
        let now = self.clock.now();
        let answer = self.functions.call(&self.mapping.function, event, now).await;

        let function = self.mapping.function.as_str();
        match Verdict::of(answer, &sequences) {
            Verdict::Done => Some(batch.len()),
            Verdict::Failed(failed) => {
                tracing::warn!(function, failed = failed.len(), "records of the stream failed");
                let is_done = |sequence: &&&str| !failed.iter().any(|failed| failed == **sequence);
                Some(sequences.iter().take_while(is_done).count())
            }
            Verdict::AllFailed(problem) => {
                tracing::warn!(
                    function,
                    problem,
                    records = batch.len(),
                    "a batch of the stream failed"
                );
                None
            }
        }
    }

    fn change(&self, record: &Record) -> Result<Change, Error> {
        let told = record.dynamodb();
        let told = told.ok_or_else(|| Error::Stream("a record says nothing".to_owned()))?;
        let mut keys = Map::new();
        for (name, value) in told.keys().into_iter().flatten() {
            keys.insert(name.clone(), key(value)?);
        }
        let sequence = told.sequence_number().unwrap_or_default().to_owned();
        let mut event = json!({
            "eventID": record.event_id(),
            "eventName": record.event_name().map(|name| name.as_str()),
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": sdk::REGION,
            "eventSourceARN": self.arn,
            "dynamodb": {
                "ApproximateCreationDateTime":
                    told.approximate_creation_date_time().map(|time| time.as_secs_f64()),
                "Keys": keys,
                "SequenceNumber": sequence,
                "SizeBytes": told.size_bytes(),
                "StreamViewType": "KEYS_ONLY",
            },
        });
        // Tells a deletion by TTL from one by a function.
        if let Some(identity) = record.user_identity() {
            event["userIdentity"] =
                json!({ "type": identity.r#type(), "principalId": identity.principal_id() });
        }
        let filters = &self.mapping.filters;
        let wanted = filters.is_empty() || filters.iter().any(|filter| filter.matches(&event));
        Ok(Change {
            sequence,
            wanted,
            event,
        })
    }
}

/// A key is text, a number or bytes; nothing else can be one.
fn key(value: &AttributeValue) -> Result<Value, Error> {
    let text = value.as_s().map(|text| json!({ "S": text }));
    let number = || value.as_n().map(|number| json!({ "N": number }));
    let bytes = || value.as_b().map(|bytes| json!({ "B": STANDARD.encode(bytes) }));
    let key = text.or_else(|_| number()).or_else(|_| bytes());
    key.map_err(|_| Error::Stream("a key is neither text, number nor bytes".to_owned()))
}

fn problem<E: std::error::Error + 'static, R: std::fmt::Debug + 'static>(error: SdkError<E, R>) -> Error {
    Error::Stream(DisplayErrorContext(error).to_string())
}
