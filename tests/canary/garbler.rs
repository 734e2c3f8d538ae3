//! A recipient that answers with somebody's name, in every place that an answer has, and remembers how it was
//! asked.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{NAME, personal};

/// So many different answers, one to a request.
pub(crate) const ANSWERS: usize = 5;

pub(crate) struct Garbler {
    url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

fn answer(number: usize) -> String {
    let name = personal();
    match number {
        0 => format!(
            "HTTP/1.1 400 {NAME}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{name}",
            name.len()
        ),
        1 => format!(
            "HTTP/1.1 500 No\r\nretry-after: {name}\r\nx-{NAME}: {name}\r\nset-cookie: {name}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        ),
        2 => format!(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/{name}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        ),
        3 => format!("{name} is no HTTP\r\n\r\n"),
        _ => format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{name}",
            name.len()
        ),
    }
}

impl Garbler {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}/events", listener.local_addr().expect("an address"));
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = heads.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let number = seen.lock().unwrap_or_else(PoisonError::into_inner).len();
                if let Some(head) = serve(connection, &answer(number)).await {
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push(head);
                }
            }
        });
        Self { url, heads }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.url
    }

    /// Request lines and headers, so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(mut connection: TcpStream, answer: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if connection.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.to_lowercase();
    let length = length
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    let all = end + 4 + length.unwrap_or(0usize);
    while bytes.len() < all && connection.read_buf(&mut bytes).await.ok()? > 0 {}
    connection.write_all(answer.as_bytes()).await.ok()?;
    connection.shutdown().await.ok()?;
    Some(head)
}
