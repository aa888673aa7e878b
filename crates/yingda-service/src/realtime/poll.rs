//! Long polling, where sockets are blocked: the same frames through a queue.
use super::{
    connection::{self, Greeting},
    transport::{Gone, Incoming, Transport},
};
use crate::{
    App,
    surge::{self, PollSeat},
};
use axum::{Extension, Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, mpsc};
use yingda_base::{
    Error, Result,
    error::Kind,
    http::{Caller, Credentials, Input, Problem, RequestInfo},
    supervisor::Stopping,
};

/// An answer waits so long for something to say.
const WAIT: Duration = Duration::from_secs(20);
/// A session nobody asks for so long has ended.
const LIFE: Duration = Duration::from_secs(40);
/// Bytes that may wait for a client before it counts as too slow.
const BACKLOG: usize = 1024 * 1024;
/// Frames of one call, and frames that may wait for their turn.
const FRAMES: usize = 128;

/// All polling sessions of this node.
#[derive(Default)]
pub struct Polls(Mutex<HashMap<String, Entry>>);

/// Dropping the entry drops the sender, and the connection behind it sees its client gone.
#[derive(Clone)]
struct Entry {
    session: Arc<Session>,
    frames: mpsc::Sender<String>,
}

struct Session {
    owner: (&'static str, i64),
    queue: Mutex<Queue>,
    news: Notify,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<String>,
    bytes: usize,
    /// The last answer, kept until the client says that it got it.
    last: (i64, Vec<String>),
    /// When it was asked last, by the monotonic clock.
    asked: Duration,
    is_ended: bool,
    /// Somebody else wants the turn.
    is_wanted: bool,
}

/// A call of a polling client.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Poll {
    /// From the first answer.
    poll: Option<String>,
    /// The last `n` that arrived.
    got: Option<i64>,
    /// Client frames, in order.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    frames: Vec<Box<RawValue>>,
}

/// Its answer.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Polled {
    /// Names the session.
    poll: String,
    /// Counts answers.
    n: i64,
    /// Server frames, in order.
    #[schema(value_type = Vec<Object>)]
    frames: Vec<Box<RawValue>>,
}

/// Sends frames and waits for frames.
#[utoipa::path(post, path = "/api/v1/poll", tag = "realtime", operation_id = "realtime_poll", request_body = Poll,
    responses((status = 200, body = Polled), (status = "default", body = Problem)))]
pub(super) async fn poll(
    State(app): State<App>,
    caller: Caller,
    Extension(credentials): Extension<Credentials>,
    Extension(info): Extension<RequestInfo>,
    Input(call): Input<Poll>,
) -> Result<Json<Polled>> {
    if call.frames.len() > FRAMES {
        return Err(Error::malformed("query_malformed").with("reason", "frames"));
    }
    let owner = caller.actor.key();
    let (id, Entry { session, frames: to_connection }) = match call.poll {
        Some(id) => {
            let entry = app.polls.find(&id).filter(|entry| entry.session.owner == owner);
            (id, entry.ok_or_else(|| Error::new(Kind::Gone, "poll_unknown"))?)
        }
        None if call.frames.is_empty() => return Err(Error::malformed("hello_expected")),
        None => begin(&app, &caller, credentials, &info)?,
    };
    // A newer call ends one that still waits: its client has given it up, though a proxy may not have passed that on.
    session.take_over();
    let _turn = session.turn.lock().await;
    session.touch(app.context.clock.elapsed());
    for frame in call.frames {
        to_connection.send(frame.get().to_owned()).await.map_err(|_| Error::new(Kind::Gone, "poll_unknown"))?;
    }
    let (n, frames) = session.answer(call.got).await;
    session.touch(app.context.clock.elapsed());
    let frames = frames.into_iter().map(RawValue::from_string).collect::<std::result::Result<_, _>>().map_err(Error::internal)?;
    Ok(Json(Polled { poll: id, n, frames }))
}

fn begin(app: &App, caller: &Caller, credentials: Credentials, info: &RequestInfo) -> Result<(String, Entry)> {
    let seat = surge::seat_poll(app, caller)?;
    let (frames, incoming) = mpsc::channel(FRAMES);
    let session =
        Arc::new(Session { owner: caller.actor.key(), queue: Mutex::default(), news: Notify::new(), turn: tokio::sync::Mutex::new(()) });
    let entry = Entry { session: session.clone(), frames };
    let id = app.context.entropy.public_id();
    app.polls.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), entry.clone());
    let greeting = Greeting { credentials, address: caller.address, language: info.language };
    let transport = PollTransport { incoming, session, _seat: seat };
    app.supervisor.spawn("poll", connection::run(app.clone(), transport, greeting, app.supervisor.stopping()));
    Ok((id, entry))
}

impl Polls {
    fn find(&self, id: &str) -> Option<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

impl Session {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self, now: Duration) {
        self.queue().asked = now;
    }

    fn take_over(&self) {
        self.queue().is_wanted = true;
        self.news.notify_waiters();
    }

    /// Frames for the client: the last answer again if it was lost, else what waits, else nothing after a while.
    async fn answer(&self, got: Option<i64>) -> (i64, Vec<String>) {
        {
            let mut queue = self.queue();
            queue.is_wanted = false;
            if queue.last.0 > 0 && got != Some(queue.last.0) {
                return queue.last.clone();
            }
        }
        let arrived = async {
            loop {
                let news = self.news.notified();
                {
                    let queue = self.queue();
                    if !queue.waiting.is_empty() || queue.is_ended || queue.is_wanted {
                        return;
                    }
                }
                news.await;
            }
        };
        // Nothing to say after a while is an answer too.
        let _ = tokio::time::timeout(WAIT, arrived).await;
        let mut queue = self.queue();
        let frames: Vec<String> = queue.waiting.drain(..).collect();
        queue.bytes = 0;
        queue.last = (queue.last.0 + 1, frames);
        queue.last.clone()
    }
}

struct PollTransport {
    incoming: mpsc::Receiver<String>,
    session: Arc<Session>,
    _seat: PollSeat,
}

impl Transport for PollTransport {
    async fn next(&mut self) -> Option<Incoming> {
        self.incoming.recv().await.map(Incoming::Text)
    }

    async fn feed(&mut self, frame: String) -> std::result::Result<(), Gone> {
        let mut queue = self.session.queue();
        queue.bytes += frame.len();
        if queue.bytes > BACKLOG || queue.is_ended {
            queue.is_ended = true;
            return Err(Gone);
        }
        queue.waiting.push_back(frame);
        Ok(())
    }

    async fn flush(&mut self) -> std::result::Result<(), Gone> {
        self.session.news.notify_waiters();
        Ok(())
    }

    async fn close(self) {
        self.session.queue().is_ended = true;
        self.session.news.notify_waiters();
    }
}

/// Ends sessions that nobody asks for, and forgets those that ended, until the program stops.
pub(super) async fn sweep(app: App, mut stopping: Stopping) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            _ = tick.tick() => {}
        }
        let now = app.context.clock.elapsed();
        let mut polls = app.polls.0.lock().unwrap_or_else(PoisonError::into_inner);
        polls.retain(|_, entry| {
            let queue = entry.session.queue();
            let is_left = now.saturating_sub(queue.asked) > LIFE;
            !(is_left || (queue.is_ended && queue.waiting.is_empty()))
        });
    }
}
