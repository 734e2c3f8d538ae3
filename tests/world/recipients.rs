//! Recipients of our own: they verify signatures, remember every request, and misbehave on demand.
//!
//! Plain TCP, because no framework hangs up in the middle when it is told to. They hold what a recipient
//! that follows the contract would hold, so that "what does it hold now?" is a question to ask.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use local::clock::Clock;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::agreement;
use request::{Request, answer};

pub use held::{Change, Held, Letter};

#[path = "recipients/held.rs"]
mod held;
#[path = "recipients/request.rs"]
mod request;

/// Where a refusal sends whoever follows it.
const NOBODY: &str = "nobody";

/// How a recipient answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    #[default]
    Acknowledges,
    /// Answers 500, and takes nothing in.
    Fails,
    /// Takes nothing in, and answers this; with a status of its own, and a `Retry-After` unless it is 0.
    Refuses { status: u16, retry_after_s: u32 },
    /// Takes nothing in, and says that it is unavailable until a date, so much later.
    IsUnavailable { for_s: u32 },
    /// Takes everything in, and acknowledges with an answer of ten megabytes.
    Babbles,
    /// Takes everything in, and answers letter by letter, and never to the end.
    Dawdles,
    /// Takes everything in, and hangs up before it answers.
    LosesAnswers,
    /// Hangs up at once.
    IsDown,
    /// Takes everything in twice, as if it had been sent twice.
    IsAskedTwice,
    /// Takes everything in, and takes a moment to say so.
    AnswersLate,
    /// Hangs up at once, and takes everything in so much later all the same.
    FinishesLate { after_s: u32 },
    /// Takes everything in, and answers when it is told to behave otherwise.
    Holds,
}

/// All recipients, on one port.
#[derive(Clone)]
pub struct Recipients(Arc<Inner>);

struct Inner {
    clock: Clock,
    url: String,
    recipients: Mutex<BTreeMap<String, Recipient>>,
    /// How many requests have come, to all of them.
    requests: watch::Sender<usize>,
    /// How many connections were accepted whose request is not taken in yet.
    unread: watch::Sender<usize>,
    /// How one of the next requests is met, whomever it is for: after so many others.
    next: Mutex<Option<(usize, Manner)>>,
    /// How many redirects were followed.
    redirected: AtomicUsize,
}

struct Recipient {
    secret: String,
    manner: watch::Sender<Manner>,
    /// How many requests have come, whatever became of them.
    requests: usize,
    letters: Vec<Letter>,
    /// What it is still at work on, and until when.
    unfinished: Vec<(Timestamp, Letter)>,
    /// Requests that were turned away for their signature.
    refused: usize,
    /// How what came was not as the contract says.
    breaches: Vec<String>,
}

impl Recipients {
    pub async fn open(clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let recipients = Self(Arc::new(Inner {
            clock,
            url,
            recipients: Mutex::default(),
            requests: watch::Sender::new(0),
            unread: watch::Sender::new(0),
            next: Mutex::default(),
            redirected: AtomicUsize::new(0),
        }));
        // Weak, so that the port is closed with the world that it belongs to.
        let inner = Arc::downgrade(&recipients.0);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let Some(inner) = inner.upgrade() else { return };
                inner.unread.send_modify(|unread| *unread += 1);
                tokio::spawn(Self(inner).serve(connection));
            }
        });
        Ok(recipients)
    }

    /// Until every request is taken in that was sent so far, even by a function that has died since: it may not
    /// come when the clock has moved on.
    ///
    /// # Panics
    ///
    /// If the port is closed.
    pub async fn caught_up(&self) {
        let address = self.0.url.trim_start_matches("http://");
        // Accepted after all others, and ended as soon as it is.
        let mut last = TcpStream::connect(address).await.expect("the recipients' port");
        last.shutdown().await.expect("a connection");
        last.read_to_end(&mut Vec::new()).await.expect("an end");
        let mut unread = self.0.unread.subscribe();
        unread.wait_for(|unread| *unread == 0).await.expect("recipients");
    }

    pub fn endpoint(&self, name: &str) -> String {
        format!("{}/{name}", self.0.url)
    }

    /// From now on, `name` takes what is signed with this secret, and nothing else.
    pub fn admit(&self, name: &str, secret: &str) {
        let recipient = Recipient {
            secret: secret.to_owned(),
            manner: watch::Sender::default(),
            requests: 0,
            letters: Vec::new(),
            unfinished: Vec::new(),
            refused: 0,
            breaches: Vec::new(),
        };
        self.lock().insert(name.to_owned(), recipient);
    }

    pub fn set(&self, name: &str, manner: Manner) {
        self.one(name, |recipient| recipient.manner.send_replace(manner));
    }

    /// Meet one request like this: the first after so many others, whomever it is for.
    pub fn meet(&self, after: usize, manner: Manner) {
        *self.0.next.lock().unwrap_or_else(PoisonError::into_inner) = Some((after, manner));
    }

    /// Whether that request has not come yet; from now on none is met in a special way.
    pub fn meet_no_more(&self) -> bool {
        let mut next = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.take().is_some()
    }

    /// The manner in which a request is met that has a special one.
    fn special(&self) -> Option<Manner> {
        let mut next = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
        match next.take()? {
            (0, manner) => Some(manner),
            (after, manner) => {
                *next = Some((after - 1, manner));
                None
            }
        }
    }

    /// Every event that it took in, in the order in which they came.
    pub fn letters(&self, name: &str) -> Vec<Letter> {
        self.one(name, |recipient| recipient.letters.clone())
    }

    /// How many requests have come, whatever became of them.
    pub fn requests(&self, name: &str) -> usize {
        self.one(name, |recipient| recipient.requests)
    }

    /// Wait until so many requests have come.
    pub async fn until_requested(&self, name: &str, times: usize) {
        let mut requests = self.0.requests.subscribe();
        while self.requests(name) < times {
            // The sender lives as long as `self`.
            let _ = requests.changed().await;
        }
    }

    /// Who turned requests away for their signature.
    pub fn refused(&self) -> Vec<String> {
        let recipients = self.lock();
        let refused = recipients.iter().filter(|(_, recipient)| recipient.refused > 0);
        refused.map(|(name, _)| name.clone()).collect()
    }

    /// How many of the redirects were followed that came with a refusal.
    pub fn redirected(&self) -> usize {
        self.0.redirected.load(Ordering::SeqCst)
    }

    /// What was sent to some recipient otherwise than the contract says.
    pub fn breaches(&self) -> Vec<String> {
        let recipients = self.lock();
        let breaches = recipients.iter().flat_map(|(name, recipient)| {
            let told = move |breach| format!("a delivery to {name} is not as the contract says: {breach}");
            recipient.breaches.iter().map(told)
        });
        breaches.collect()
    }

    async fn serve(self, mut connection: TcpStream) {
        let request = Request::read(&mut connection).await;
        let special = request.as_ref().ok().and_then(|_| self.special());
        let taken = request.map(|request| self.take(&request, special));
        self.0.unread.send_modify(|unread| *unread -= 1);
        let Ok(taken) = taken else { return };
        let mut manner = match taken {
            Ok(manner) => manner,
            Err(status) => {
                let _ = answer(&mut connection, status).await;
                return;
            }
        };
        let _ = manner.wait_for(|manner| *manner != Manner::Holds).await;
        let manner = special.unwrap_or(*manner.borrow());
        match manner {
            Manner::IsDown | Manner::LosesAnswers | Manner::FinishesLate { .. } => {}
            Manner::Fails => drop(answer(&mut connection, "500 Internal Server Error").await),
            Manner::Refuses {
                status,
                retry_after_s: 0,
            } => drop(answer(&mut connection, &self.refusal(status)).await),
            Manner::Refuses {
                status,
                retry_after_s,
            } => {
                let refusal = format!("{}\r\nretry-after: {retry_after_s}", self.refusal(status));
                drop(answer(&mut connection, &refusal).await);
            }
            Manner::IsUnavailable { for_s } => {
                let until = self.0.clock.now() + SignedDuration::from_secs(for_s.into());
                let until = until.strftime("%a, %d %b %Y %H:%M:%S GMT");
                let refusal = format!("503 Service Unavailable\r\nretry-after: {until}");
                drop(answer(&mut connection, &refusal).await);
            }
            Manner::Babbles => {
                let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10000000\r\n\r\n";
                let _ = connection.write_all(head).await;
                let _ = connection.write_all(&vec![b'x'; 10_000_000]).await;
            }
            Manner::Dawdles => {
                let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n";
                let _ = connection.write_all(head).await;
                while connection.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            }
            Manner::AnswersLate => {
                tokio::time::sleep(std::time::Duration::from_millis(30)).await;
                drop(answer(&mut connection, "204 No Content").await);
            }
            Manner::Acknowledges | Manner::IsAskedTwice | Manner::Holds => {
                drop(answer(&mut connection, "204 No Content").await)
            }
        }
    }

    /// With somewhere to go that nobody may follow to.
    fn refusal(&self, status: u16) -> String {
        format!("{status} Refused\r\nlocation: {}/{NOBODY}", self.0.url)
    }

    /// Take a request in, as far as the recipient's manner lets it; how it goes on is in the answer.
    fn take(
        &self,
        request: &Request,
        special: Option<Manner>,
    ) -> Result<watch::Receiver<Manner>, &'static str> {
        let now = self.0.clock.now();
        if request.name == NOBODY {
            self.0.redirected.fetch_add(1, Ordering::SeqCst);
        }
        let mut recipients = self.lock();
        let recipient = recipients.get_mut(&request.name).ok_or("404 Not Found")?;
        recipient.requests += 1;
        let breaches = agreement::delivery_breaches(&request.headers, &request.body);
        recipient.breaches.extend(breaches);
        let manner = recipient.manner.subscribe();
        let met = special.unwrap_or(*manner.borrow());
        let taken = match met {
            Manner::IsDown | Manner::Fails | Manner::Refuses { .. } | Manner::IsUnavailable { .. } => Ok(()),
            Manner::Acknowledges
            | Manner::LosesAnswers
            | Manner::Holds
            | Manner::AnswersLate
            | Manner::Babbles
            | Manner::Dawdles => recipient.take_in(request, now, now),
            Manner::IsAskedTwice => {
                let first = recipient.take_in(request, now, now);
                first.and_then(|()| recipient.take_in(request, now, now))
            }
            Manner::FinishesLate { after_s } => {
                let then = now + SignedDuration::from_secs(after_s.into());
                recipient.take_in(request, now, then)
            }
        };
        drop(recipients);
        self.0.requests.send_modify(|requests| *requests += 1);
        taken.map(|()| manner)
    }

    /// # Panics
    ///
    /// If there is no such recipient: the test has a typing error.
    fn one<T>(&self, name: &str, look: impl FnOnce(&mut Recipient) -> T) -> T {
        let now = self.0.clock.now();
        match self.lock().get_mut(name) {
            Some(recipient) => {
                recipient.finish(now);
                look(recipient)
            }
            None => panic!("the world has no recipient {name}"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Recipient>> {
        self.0.recipients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recipient {
    /// What it has finished by now, in that order.
    fn finish(&mut self, now: Timestamp) {
        self.unfinished.sort_by_key(|(at, _)| *at);
        let finished = self.unfinished.extract_if(.., |(at, _)| *at <= now);
        self.letters.extend(finished.map(|(_, letter)| letter));
    }

    /// Take a request in that comes now, and is finished then.
    fn take_in(&mut self, request: &Request, now: Timestamp, then: Timestamp) -> Result<(), &'static str> {
        if !request.is_signed(&self.secret, now) {
            self.refused += 1;
            return Err("401 Unauthorized");
        }
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| "400 Bad Request")?;
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("400 Bad Request");
        let letter = Letter {
            id: text(&body["id"])?,
            subject: text(&body["subject"])?,
            sequence: body["data"]["sequence"].as_u64().ok_or("400 Bad Request")?,
            body,
        };
        self.unfinished.push((then, letter));
        self.finish(now);
        Ok(())
    }
}
