//! Ten recipients on one port, whose answers the simulation lets out when their time has come.

use std::sync::Arc;

use jiff::SignedDuration;
use platform::courier;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::people::person;
use crate::shared::{Health, Shared, Step};

/// The longest that one takes which lives, our own calls included.
pub(crate) const SLOWEST: SignedDuration = SignedDuration::from_millis(100);

/// Until when a request is held, and how it is answered then.
struct Answer {
    after: SignedDuration,
    /// Nothing where the courier has hung up.
    line: Option<&'static str>,
}

impl Answer {
    /// Of the first recipient, which is the one that dies, and of the others.
    fn of(dealer: &str, person: usize, health: Health) -> Self {
        let lives = dealer != "dealer-0" || health == Health::Lives;
        if lives {
            // Even, and the same in every run.
            let sooner = SignedDuration::from_millis((person * 7_919 % 61) as i64);
            let (after, line) = (SLOWEST - sooner, Some("204 No Content"));
            return Self { after, line };
        }
        match health {
            Health::Refuses => Self {
                after: SignedDuration::from_millis(10),
                line: Some("503 Service Unavailable"),
            },
            Health::Hangs | Health::Lives => Self {
                after: SignedDuration::try_from(courier::PATIENCE).expect("a span"),
                line: None,
            },
        }
    }
}

/// Listen for as long as the simulation lasts; where, is in the answer.
pub(crate) async fn open(shared: &Arc<Shared>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let shared = Arc::downgrade(shared);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let Some(shared) = shared.upgrade() else { return };
            tokio::spawn(async move { serve(&shared, connection).await });
        }
    });
    url
}

async fn serve(shared: &Shared, mut connection: TcpStream) -> Option<()> {
    let (dealer, body) = read(&mut connection).await?;
    let body: Value = serde_json::from_slice(&body).ok()?;
    let subject = body["subject"].as_str()?;
    let mut line = Some("204 No Content");
    if let Some(person) = person(subject).filter(|_| shared.is_running()) {
        let answer = Answer::of(&dealer, person, shared.asked(&dealer));
        let acknowledges = answer.line == line;
        let step = |id| Step::Answer { id, acknowledges };
        let held = shared.hold((subject.to_owned(), dealer), person, answer.after, step);
        held.await.ok()?;
        line = answer.line;
    }
    let line = line?;
    let answer = format!("HTTP/1.1 {line}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    connection.write_all(answer.as_bytes()).await.ok()
}

/// The name in the path, and the body.
async fn read(connection: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut request = Vec::new();
    loop {
        if let Some(end) = request.windows(4).position(|some| some == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))?;
            let length: usize = length.trim().parse().ok()?;
            if request.len() >= end + 4 + length {
                let name = head.split(' ').nth(1)?.trim_start_matches('/').to_owned();
                return Some((name, request[end + 4..].to_vec()));
            }
        }
        if connection.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
}
