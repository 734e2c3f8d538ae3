//! What the operations do: queues, visibility, receipts and the way to the dead letters.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::message::{Message, Receipt};
use super::refusal::Refusal;
use super::wire::{Entry, ReceiveMessage};
use super::{Desk, Sqs, queue_arn};
use crate::template::Queue;

/// AWS takes 1 MiB by now and took this much for a decade; the smaller limit finds the bug earlier.
const BATCH_BYTES_MAX: usize = 262_144;
const BATCH_ENTRIES_MAX: usize = 10;

impl Sqs {
    pub(super) fn send(&self, queue: &Queue, entry: Entry) -> Result<Value, Refusal> {
        if entry.message_body.len() > BATCH_BYTES_MAX {
            let problem = format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {BATCH_BYTES_MAX} bytes."
            );
            return Err(Refusal::InvalidParameterValue(problem));
        }
        let told = self.store(queue, entry)?;
        self.keep()?;
        Ok(told)
    }

    pub(super) fn send_batch(&self, queue: &Queue, entries: Vec<Entry>) -> Result<Value, Refusal> {
        check_batch(entries.iter().map(|entry| entry.id.as_str()))?;
        let bytes: usize = entries.iter().map(|entry| entry.message_body.len()).sum();
        if bytes > BATCH_BYTES_MAX {
            return Err(Refusal::BatchRequestTooLong);
        }
        let outcomes = entries
            .into_iter()
            .map(|entry| (entry.id.clone(), self.store(queue, entry)));
        let told = batch_outcome(outcomes.collect());
        self.keep()?;
        Ok(told)
    }

    /// Wait for messages as long as was asked for; never longer than a moment past their coming.
    pub(super) async fn receive(&self, queue: &Queue, asked: ReceiveMessage) -> Result<Value, Refusal> {
        let max = in_range(
            "MaxNumberOfMessages",
            asked.max_number_of_messages.unwrap_or(1),
            1,
            10,
        )?;
        let invisible_s = asked
            .visibility_timeout
            .unwrap_or(queue.visibility_timeout_s.into());
        let invisible_s = in_range("VisibilityTimeout", invisible_s, 0, 43_200)?;
        let wait_s = in_range("WaitTimeSeconds", asked.wait_time_seconds.unwrap_or(0), 0, 20)?;

        let deadline = tokio::time::Instant::now() + Duration::from_secs(wait_s.unsigned_abs());
        loop {
            let invisible_for = SignedDuration::from_secs(invisible_s);
            let received = self.receive_now(queue, max as usize, invisible_for);
            if !received.is_empty() {
                self.keep()?;
                return Ok(json!({ "Messages": received }));
            }
            if tokio::time::Instant::now() >= deadline {
                return Ok(json!({}));
            }
            // A message may also become visible by time, which nobody announces.
            let moment = Duration::from_millis(20);
            let _ = tokio::time::timeout(moment, self.0.sent.notified()).await;
        }
    }

    fn receive_now(&self, queue: &Queue, max: usize, invisible_for: SignedDuration) -> Vec<Value> {
        let now = self.0.clock.now();
        let mut desk = self.desk();
        let Desk { kept, shuffle, .. } = &mut *desk;
        let mut messages = kept.messages.remove(&queue.id).unwrap_or_default();

        let retention = SignedDuration::from_secs(queue.retention_s.into());
        messages.retain(|message| message.sent_at + retention > now);
        if let Some(redrive) = &queue.redrive {
            let given_up =
                |message: &mut Message| message.visible_at <= now && message.received >= redrive.receives_max;
            let dead = messages.extract_if(.., given_up);
            kept.messages.entry(redrive.to.clone()).or_default().extend(dead);
        }
        let mut visible: Vec<&mut Message> = messages
            .iter_mut()
            .filter(|message| message.visible_at <= now)
            .collect();
        shuffle.mix(&mut visible);
        let mut received = Vec::new();
        for message in visible.into_iter().take(max) {
            message.receive(now, invisible_for);
            received.push(message.told());
        }

        kept.messages.insert(queue.id.clone(), messages);
        received
    }

    /// Deleting twice, or with the receipt of an earlier reception, is accepted and does nothing more.
    pub(super) fn delete(&self, queue: &Queue, handle: &str) -> Result<(), Refusal> {
        let receipt: Receipt = handle.parse()?;
        let mut desk = self.desk();
        let messages = desk.kept.messages.entry(queue.id.clone()).or_default();
        messages.retain(|message| message.receipt() != receipt);
        drop(desk);
        self.keep()
    }

    pub(super) fn delete_batch(&self, queue: &Queue, entries: &[(String, String)]) -> Result<Value, Refusal> {
        check_batch(entries.iter().map(|(id, _)| id.as_str()))?;
        let delete =
            |(id, handle): &(String, String)| (id.clone(), self.delete(queue, handle).map(|()| json!({})));
        Ok(batch_outcome(entries.iter().map(delete).collect()))
    }

    pub(super) fn change_visibility(
        &self,
        queue: &Queue,
        handle: &str,
        timeout_s: i64,
    ) -> Result<(), Refusal> {
        let receipt: Receipt = handle.parse()?;
        let timeout_s = in_range("VisibilityTimeout", timeout_s, 0, 43_200)?;
        let now = self.0.clock.now();
        let mut desk = self.desk();
        let messages = desk.kept.messages.entry(queue.id.clone()).or_default();
        let in_flight = |message: &&mut Message| message.receipt() == receipt && message.visible_at > now;
        let message = messages
            .iter_mut()
            .find(in_flight)
            .ok_or(Refusal::MessageNotInflight)?;
        message.visible_at = now + SignedDuration::from_secs(timeout_s);
        drop(desk);
        self.keep()
    }

    pub(super) fn attributes(&self, queue: &Queue) -> Value {
        let now = self.0.clock.now();
        let mut desk = self.desk();
        let messages = desk.kept.messages.entry(queue.id.clone()).or_default();
        let count = |is: fn(&Message, Timestamp) -> bool| {
            messages
                .iter()
                .filter(|message| is(message, now))
                .count()
                .to_string()
        };
        json!({
            "QueueArn": queue_arn(&queue.name),
            "VisibilityTimeout": queue.visibility_timeout_s.to_string(),
            "DelaySeconds": queue.delay_s.to_string(),
            "MessageRetentionPeriod": queue.retention_s.to_string(),
            "ApproximateNumberOfMessages": count(|message, now| message.visible_at <= now),
            "ApproximateNumberOfMessagesNotVisible":
                count(|message, now| message.visible_at > now && message.received > 0),
            "ApproximateNumberOfMessagesDelayed":
                count(|message, now| message.visible_at > now && message.received == 0),
        })
    }

    fn store(&self, queue: &Queue, entry: Entry) -> Result<Value, Refusal> {
        check_contents(&entry)?;
        let delay_s = entry.delay_seconds.unwrap_or(queue.delay_s.into());
        let delay = SignedDuration::from_secs(in_range("DelaySeconds", delay_s, 0, 900)?);
        let now = self.0.clock.now();

        let mut desk = self.desk();
        let Desk { kept, disorder, .. } = &mut *desk;
        kept.numbers += 1;
        let number = kept.numbers;
        let message = Message {
            number,
            id: Message::id(number, now),
            body: entry.message_body,
            group: entry.message_group_id,
            attributes: entry.message_attributes,
            sent_at: now,
            visible_at: now + delay + disorder.late_by(number),
            received_first_at: None,
            received: 0,
        };
        let told = json!({ "MessageId": message.id, "MD5OfMessageBody": Message::md5(&message.body) });
        let messages = kept.messages.entry(queue.id.clone()).or_default();
        if disorder.is_twice(number) {
            kept.numbers += 1;
            messages.push(Message {
                number: kept.numbers,
                ..message.clone()
            });
        }
        messages.push(message);
        self.0.sent.notify_waiters();
        Ok(told)
    }

    fn keep(&self) -> Result<(), Refusal> {
        let kept = self.0.file.keep(&self.desk().kept);
        kept.map_err(|error| {
            tracing::error!(%error, "the queues could not be written to disk");
            Refusal::NotKept
        })
    }
}

fn check_batch<'a>(ids: impl ExactSizeIterator<Item = &'a str> + Clone) -> Result<(), Refusal> {
    let well_formed = |id: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (1..=80).contains(&id.len()) && id.chars().all(allowed)
    };
    match ids.len() {
        0 => Err(Refusal::EmptyBatchRequest),
        entries if entries > BATCH_ENTRIES_MAX => Err(Refusal::TooManyEntriesInBatchRequest),
        _ if !ids.clone().all(well_formed) => Err(Refusal::InvalidBatchEntryId),
        entries if ids.collect::<BTreeSet<_>>().len() < entries => Err(Refusal::BatchEntryIdsNotDistinct),
        _ => Ok(()),
    }
}

fn check_contents(entry: &Entry) -> Result<(), Refusal> {
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' => true,
        c => c >= ' ' && c != '\u{FFFE}' && c != '\u{FFFF}',
    };
    let invalid = |problem: &str| Err(Refusal::InvalidParameterValue(problem.to_owned()));
    if entry.message_body.is_empty() {
        return invalid("The request must contain the parameter MessageBody.");
    }
    if !entry.message_body.chars().all(allowed) {
        return Err(Refusal::InvalidMessageContents);
    }
    match &entry.message_group_id {
        Some(group)
            if group.is_empty()
                || group.len() > 128
                || !group.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            invalid(
                "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
            )
        }
        _ => Ok(()),
    }
}

fn in_range(name: &str, value: i64, min: i64, max: i64) -> Result<i64, Refusal> {
    match (min..=max).contains(&value) {
        true => Ok(value),
        false => Err(Refusal::InvalidParameterValue(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be between {min} and {max}, if provided."
        ))),
    }
}

/// Each entry of a batch settles for itself.
fn batch_outcome(outcomes: Vec<(String, Result<Value, Refusal>)>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, outcome) in outcomes {
        match outcome {
            Ok(mut told) => {
                told["Id"] = id.into();
                successful.push(told);
            }
            Err(refusal) => {
                let (_, code, message) = refusal.words();
                let sender_fault = refusal != Refusal::NotKept;
                failed
                    .push(json!({ "Id": id, "SenderFault": sender_fault, "Code": code, "Message": message }));
            }
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}
