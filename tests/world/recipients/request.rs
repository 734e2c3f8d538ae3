//! One request to a recipient, as it comes over the wire, and its answer.

use std::collections::BTreeMap;
use std::io;

use jiff::{SignedDuration, Timestamp};
use standardwebhooks::Webhook;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How far a signature's time may be from the clock, as the specification advises.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

pub(super) struct Request {
    pub(super) name: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) async fn read(connection: &mut TcpStream) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let end_of_head = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            some(connection.read_buf(&mut bytes).await?)?;
        };
        let head = String::from_utf8_lossy(&bytes[..end_of_head]).into_owned();
        let mut lines = head.split("\r\n");
        let path = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .unwrap_or_default();
        let name = path.trim_start_matches('/').to_owned();
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers
            .get("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        let mut body = bytes.split_off(end_of_head + 4);
        while body.len() < length {
            some(connection.read_buf(&mut body).await?)?;
        }
        Ok(Self { name, headers, body })
    }

    /// By Standard Webhooks. The crate's own check of the time knows the computer's clock only.
    pub(super) fn is_signed(&self, secret: &str, now: Timestamp) -> bool {
        let text = |name: &str| self.headers.get(name).map(String::as_str).unwrap_or_default();
        let id = text("webhook-id");
        let Ok(sent) = text("webhook-timestamp").parse::<i64>() else {
            return false;
        };
        let in_time = Timestamp::from_second(sent).is_ok_and(|at| now.duration_since(at).abs() <= TOLERANCE);
        let expected = Webhook::new(secret).and_then(|webhook| webhook.sign(id, sent, &self.body));
        let mut signatures = text("webhook-signature").split(' ');
        in_time && expected.is_ok_and(|expected| signatures.any(|signature| signature == expected))
    }
}

fn some(read: usize) -> io::Result<()> {
    if read == 0 {
        Err(io::ErrorKind::UnexpectedEof.into())
    } else {
        Ok(())
    }
}

pub(super) async fn answer(connection: &mut TcpStream, status: &str) -> io::Result<()> {
    let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    connection.write_all(answer.as_bytes()).await
}
