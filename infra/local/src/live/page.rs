//! The page at `/`, the events that it follows, and what its buttons do.
//!
//! Every answer carries a content security policy without exceptions, and every button posts JSON, which no
//! other website can do without asking first.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use futures_util::stream::{self, Stream, StreamExt};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::{Happening, Live, Told, picture};
use crate::functions::ERRANDS;

const SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
/// How often the state is looked at for a page.
const LOOKING: Duration = Duration::from_millis(150);
/// A week: whoever wants to go further goes twice.
const MINUTES_MAX: i64 = 7 * 24 * 60;
const PACE_MS_MAX: u64 = 10_000;

/// What is served as it stands: where, as what, and the text.
const FILES: [(&str, &str, &str); 7] = [
    ("/", HTML, include_str!("page/live.html")),
    ("/demo/live.css", CSS, include_str!("page/live.css")),
    ("/demo/live.js", SCRIPT, include_str!("page/live.js")),
    ("/demo/diagram.js", SCRIPT, include_str!("page/diagram.js")),
    ("/demo/matrix.js", SCRIPT, include_str!("page/matrix.js")),
    ("/demo/words.js", SCRIPT, include_str!("page/words.js")),
    ("/demo/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
];

/// What a button cannot do, in a sentence.
struct Refused(StatusCode, &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "problem": self.1 }))).into_response()
    }
}

impl From<JsonRejection> for Refused {
    fn from(_: JsonRejection) -> Self {
        Self(StatusCode::BAD_REQUEST, "This is not what the page sends.")
    }
}

const NOT_READY: Refused = Refused(StatusCode::SERVICE_UNAVAILABLE, "The runner is still starting.");

impl Live {
    /// Beside the gateway's routes.
    pub fn router(&self) -> Router {
        let mut router = Router::new();
        for (path, kind, text) in FILES {
            router = router.route(
                path,
                get(move || async move { ([(header::CONTENT_TYPE, kind)], text) }),
            );
        }
        router
            .route("/demo/happenings", get(happenings))
            .route("/demo/stories/{story}", post(play))
            .route("/demo/recipients/{name}", post(switch))
            .route("/demo/clock", post(advance))
            .route("/demo/poison", post(poison))
            .route("/demo/letters", post(forget))
            .layer(map_response(guarded))
            .with_state(self.clone())
    }
}

async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(SECURITY),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

// ---- what the page follows

/// A page that is open.
struct Following {
    live: Live,
    told: Receiver<Told>,
    looking: tokio::time::Interval,
    last_picture: Value,
}

/// First what there is, then what happened lately, then everything as it happens.
async fn happenings(
    State(live): State<Live>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    let (recent, told) = live.follow().ok_or(NOT_READY)?;
    let (setting, picture) = live.setting().zip(live.picture()).ok_or(NOT_READY)?;
    let first = [
        event("setting", &setting),
        event("picture", &at(&live, &picture)),
        event("recent", &json!(recent)),
    ];
    let following = Following {
        live,
        told,
        looking: tokio::time::interval(LOOKING),
        last_picture: picture,
    };
    let first = stream::iter(first.map(Ok));
    let then = stream::unfold(following, |mut page| async move {
        let next = page.next().await?;
        Some((Ok(next), page))
    });
    Ok(Sse::new(first.chain(then)).keep_alive(KeepAlive::default()))
}

impl Following {
    /// Nothing, when the runner ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                told = self.told.recv() => match told {
                    Ok(told) => return Some(event("happening", &json!(told))),
                    // The page was too slow and missed some; the next picture has what came of them.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
                _ = self.looking.tick() => {
                    let picture = self.live.picture()?;
                    if picture != self.last_picture {
                        let told = event("picture", &at(&self.live, &picture));
                        self.last_picture = picture;
                        return Some(told);
                    }
                }
            }
        }
    }
}

/// With the time, which changes even where nothing else does.
fn at(live: &Live, picture: &Value) -> Value {
    json!({ "at": live.0.clock.now(), "picture": picture })
}

fn event(name: &str, data: &Value) -> Event {
    Event::default().event(name).data(data.to_string())
}

// ---- what the buttons do

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pace {
    pace_ms: u64,
}

async fn play(
    State(live): State<Live>,
    Path(story): Path<String>,
    pace: Result<Json<Pace>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(Pace { pace_ms }) = pace?;
    let pace = Duration::from_millis(pace_ms.min(PACE_MS_MAX));
    live.0.scene.get().ok_or(NOT_READY)?;
    if !super::stories::is_known(&story) {
        return Err(Refused(StatusCode::NOT_FOUND, "There is no such story."));
    }
    if !live.play(&story, pace) {
        let busy = "A story is being played. Let it come to its end first.";
        return Err(Refused(StatusCode::CONFLICT, busy));
    }
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    down: bool,
}

async fn switch(
    State(live): State<Live>,
    Path(name): Path<String>,
    switch: Result<Json<Switch>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(Switch { down }) = switch?;
    let scene = live.0.scene.get().ok_or(NOT_READY)?;
    if !scene.demo.set_down(&name, down) {
        return Err(Refused(StatusCode::NOT_FOUND, "There is no such recipient."));
    }
    let does = if down {
        "no longer answers"
    } else {
        "answers again"
    };
    live.tell(Happening::Changed {
        what: format!("{name} {does}."),
    });
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    minutes: i64,
}

async fn advance(
    State(live): State<Live>,
    advance: Result<Json<Advance>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(Advance { minutes }) = advance?;
    if !(1..=MINUTES_MAX).contains(&minutes) {
        let limits = "The clock moves on by a minute to a week, and never back.";
        return Err(Refused(StatusCode::BAD_REQUEST, limits));
    }
    live.0.clock.advance(SignedDuration::from_mins(minutes));
    live.tell(Happening::Changed {
        what: "The clock was moved on.".to_owned(),
    });
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A message that nobody can read, into the queue of errands.
async fn poison(
    State(live): State<Live>,
    nothing: Result<Json<Nothing>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(Nothing {}) = nothing?;
    let scene = live.0.scene.get().ok_or(NOT_READY)?;
    scene.sqs.put(ERRANDS, "this is no errand");
    Ok(StatusCode::NO_CONTENT)
}

/// What an operator does who has looked at the dead letters.
async fn forget(
    State(live): State<Live>,
    nothing: Result<Json<Nothing>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(Nothing {}) = nothing?;
    let scene = live.0.scene.get().ok_or(NOT_READY)?;
    for queue in picture::dead(&scene.template) {
        scene.sqs.forget(queue);
    }
    Ok(StatusCode::NO_CONTENT)
}
