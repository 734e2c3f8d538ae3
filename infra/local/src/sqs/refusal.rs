//! What SQS refuses, and the words in which AWS says so. SDKs of every age look for the older of the two
//! names, in a header.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    InvalidMessageContents,
    InvalidParameterValue(String),
    MalformedRequest,
    MessageNotInflight,
    QueueDoesNotExist,
    ReceiptHandleIsInvalid,
    TooManyEntriesInBatchRequest,
    UnknownOperation,
    /// Not a refusal of AWS: the runner could not write its state.
    NotKept,
}

impl Refusal {
    /// The name in the model, the older name, and what is said.
    pub(super) fn words(&self) -> (&'static str, &'static str, String) {
        let (name, older, message) = match self {
            Self::BatchEntryIdsNotDistinct => (
                "BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
                "Two or more batch entries in the request have the same Id.",
            ),
            Self::BatchRequestTooLong => (
                "BatchRequestTooLong",
                "AWS.SimpleQueueService.BatchRequestTooLong",
                "The length of all the messages put together is more than the limit.",
            ),
            Self::EmptyBatchRequest => (
                "EmptyBatchRequest",
                "AWS.SimpleQueueService.EmptyBatchRequest",
                "The batch request doesn't contain any entries.",
            ),
            Self::InvalidBatchEntryId => (
                "InvalidBatchEntryId",
                "AWS.SimpleQueueService.InvalidBatchEntryId",
                "The Id of a batch entry in a batch request doesn't abide by the specification.",
            ),
            Self::InvalidMessageContents => (
                "InvalidMessageContents",
                "InvalidMessageContents",
                "The message contains characters outside the allowed set.",
            ),
            Self::InvalidParameterValue(message) => (
                "InvalidParameterValueException",
                "InvalidParameterValue",
                message.as_str(),
            ),
            Self::MalformedRequest => (
                "SerializationException",
                "MalformedInput",
                "The request is not what the operation expects.",
            ),
            Self::MessageNotInflight => (
                "MessageNotInflight",
                "AWS.SimpleQueueService.MessageNotInflight",
                "The specified message isn't in flight.",
            ),
            Self::QueueDoesNotExist => (
                "QueueDoesNotExist",
                "AWS.SimpleQueueService.NonExistentQueue",
                "The specified queue does not exist.",
            ),
            Self::ReceiptHandleIsInvalid => (
                "ReceiptHandleIsInvalid",
                "ReceiptHandleIsInvalid",
                "The specified receipt handle isn't valid.",
            ),
            Self::TooManyEntriesInBatchRequest => (
                "TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
                "The batch request contains more entries than permissible.",
            ),
            Self::UnknownOperation => (
                "UnknownOperationException",
                "InvalidAction",
                "The runner's SQS does not know this operation.",
            ),
            Self::NotKept => (
                "InternalFailure",
                "InternalFailure",
                "The runner could not write its state to disk.",
            ),
        };
        (name, older, message.to_owned())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (name, older, message) = self.words();
        let (status, fault) = if self == Self::NotKept {
            (StatusCode::INTERNAL_SERVER_ERROR, "Receiver")
        } else {
            (StatusCode::BAD_REQUEST, "Sender")
        };
        let headers = [
            ("content-type", "application/x-amz-json-1.0".to_owned()),
            ("x-amzn-query-error", format!("{older};{fault}")),
        ];
        let body = json!({ "__type": format!("com.amazonaws.sqs#{name}"), "message": message });
        (status, headers, body.to_string()).into_response()
    }
}
