//! One client, whatever carries its frames: greets, handles frames in order, pushes what it listens to, and keeps both sides honest by heartbeats.
//!
//! Everything happens in one task, so there are no locks: `inbound` handles what the client says, `outbound` what it gets.
mod found;
mod greet;
mod inbound;
mod outbound;

use super::{
    frame,
    hub::{ConnectionId, Push},
    inbox::Inbox,
    subscription::Subscription,
    transport::{Gone, Incoming, Transport},
    work::{self, Round, Waiting},
};
use crate::{App, conversation::ConversationId, routing};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::{collections::HashMap, future::Future, net::IpAddr, pin::Pin, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use yingda_base::{
    Error,
    http::{Actor, Credentials},
    locale::Language,
    supervisor::Stopping,
};

/// Both sides ask this often whether the other is there…
pub(super) const PING: Duration = Duration::from_secs(7);
/// …and wait so long for the answer.
pub(super) const DEADLINE: Duration = Duration::from_secs(7);
/// A client has so long to say who it is.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// Inboxes of staff gather changes for so long, places in the queue for a visitor longer.
const INBOX_PAUSE: Duration = Duration::from_millis(100);
const PLACE_PAUSE: Duration = Duration::from_secs(1);
/// The same for each frame beyond what one may ask of any kind.
const SURPLUS: Duration = Duration::from_millis(20);
/// Every so many pings a connection asks whether its session still lives: about once a minute.
const PINGS_PER_CHECK: i64 = 8;
/// How long a client that is too fast is not read.
const PAUSE: Duration = Duration::from_millis(50);
/// Wishes that may wait on one connection before its frames are no longer read.
const WINDOW: usize = 64;
/// Entries read at once when catching up.
const PAGE: i64 = 200;
/// Frames and doorbells handled before what they led to is let out.
const BURST: usize = 64;

/// What is known of a client before its first frame.
pub(super) struct Greeting {
    /// What the request showed.
    pub credentials: Credentials,
    /// From where.
    pub address: IpAddr,
    /// For errors.
    pub language: Language,
}

/// Why a connection ends by our will.
#[derive(Debug)]
enum End {
    /// The client went, or takes nothing.
    Gone,
    /// We say goodbye, with the time after which to come back.
    Bye(&'static str, Option<u64>),
}

impl From<Gone> for End {
    fn from(_: Gone) -> End {
        End::Gone
    }
}

type Flow = Result<(), End>;
type InFlight = Pin<Box<dyn Future<Output = Round> + Send>>;

struct Connection<T> {
    app: App,
    transport: T,
    credentials: Credentials,
    actor: Actor,
    address: IpAddr,
    language: Language,
    id: ConnectionId,
    mailbox: mpsc::Receiver<Push>,
    subscriptions: HashMap<ConversationId, Subscription>,
    names: HashMap<String, ConversationId>,
    inbox: Inbox,
    /// Inbox frames a visitor was sent.
    inboxes: u64,
    places: HashMap<ConversationId, Option<usize>>,
    board: watch::Receiver<u64>,
    inbox_at: Option<Instant>,
    waiting: Waiting,
    in_flight: Option<InFlight>,
    /// Until when frames are not read, because the client is too fast. Nothing is refused, for what came after would overtake it.
    paused: Option<Instant>,
    /// The ping that has not been answered, and until when it must be.
    asked: Option<(i64, Instant)>,
    pings: i64,
    may_preview: bool,
}

/// Serves a client until it goes, is cut, or the program stops.
pub(super) async fn run<T: Transport>(app: App, mut transport: T, greeting: Greeting, mut stopping: Stopping) {
    let language = greeting.language;
    let greeted = tokio::select! {
        greeted = Box::pin(greet::await_hello(&app, &mut transport, greeting)) => greeted,
        () = stopping.wait() => Err(End::Bye("shutdown", Some(500))),
    };
    let (who, hello) = match greeted {
        Ok(greeted) => greeted,
        Err(end) => return Box::pin(part(transport, end, language)).await,
    };
    let mut connection = who.enter(app, transport);
    // Once more now that revocations reach it: what was taken away a moment ago is not missed.
    let end = match Box::pin(connection.greet_known(hello)).await {
        Ok(()) => connection.serve(&mut stopping).await,
        Err(end) => end,
    };
    Box::pin(connection.leave()).await;
    Box::pin(part(connection.transport, end, language)).await;
}

async fn part<T: Transport>(mut transport: T, end: End, _: Language) {
    if let End::Bye(reason, retry) = end {
        let mut body = json!({"reason": reason});
        if let Some(retry) = retry {
            body["retry_ms"] = retry.into();
        }
        // Whoever is gone needs no goodbye.
        let _ = transport.feed(frame::write("bye", &body)).await;
    }
    let _ = transport.flush().await;
    transport.close().await;
}

impl<T: Transport> Connection<T> {
    /// Everything after the greeting, until it ends.
    async fn serve(&mut self, stopping: &mut Stopping) -> End {
        let mut beat = tokio::time::interval_at(Instant::now() + PING, PING);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if let Err(end) = self.transport.flush().await {
                return end.into();
            }
            if let Err(end) = self.step(stopping, &mut beat).await {
                return end;
            }
        }
    }

    /// Whether the next frame may be read: not while too much waits, nor while the client is too fast.
    fn is_reading(&self) -> bool {
        self.waiting.len() < WINDOW && self.paused.is_none()
    }

    /// Handles what came, and what came with it: then one unit and one write answer all of it.
    async fn receive_all(&mut self, first: Option<Incoming>) -> Flow {
        let mut next = Some(first);
        let mut count = 0;
        while let Some(incoming) = next {
            match incoming {
                None => return Err(End::Gone),
                Some(Incoming::Binary) => self.refuse(&Error::malformed("frame_malformed"), Value::Null).await?,
                Some(Incoming::Text(text)) => self.receive(&text).await?,
            }
            count += 1;
            next = if count < BURST && self.is_reading() { self.transport.next().now_or_never() } else { None };
        }
        Ok(())
    }

    /// The same for what others did.
    async fn push_all(&mut self, first: Option<Push>) -> Flow {
        self.push(first.ok_or(End::Bye("too_slow", Some(200)))?).await?;
        for _ in 1..BURST {
            match self.mailbox.try_recv() {
                Ok(push) => self.push(push).await?,
                // That it has ended is seen when it is next waited for.
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// Waits for whatever comes next. What is done about it stands in boxes, made when it is needed: a task is as large as the largest of its
    /// states, and most of ten thousand sockets only wait.
    async fn step(&mut self, stopping: &mut Stopping, beat: &mut tokio::time::Interval) -> Flow {
        self.begin_work();
        let deadline = self.asked.map(|(_, until)| until);
        tokio::select! {
            () = stopping.wait() => Err(End::Bye("shutdown", Some(500))),
            incoming = self.transport.next(), if self.is_reading() => Box::pin(self.receive_all(incoming)).await,
            () = at(self.paused) => {
                self.paused = None;
                Ok(())
            }
            done = finish(&mut self.in_flight), if self.in_flight.is_some() => Box::pin(self.answer(done)).await,
            push = self.mailbox.recv() => Box::pin(self.push_all(push)).await,
            _ = self.board.changed(), if self.inbox_at.is_none() && self.follows_board() => {
                self.inbox_at = Some(Instant::now() + if matches!(self.actor, Actor::Staff(_)) { INBOX_PAUSE } else { self.app.surge.place_pause(PLACE_PAUSE) });
                Ok(())
            }
            () = at(self.inbox_at) => {
                self.inbox_at = None;
                Box::pin(self.push_inbox()).await
            }
            () = at(deadline) => Err(End::Bye("silent", Some(200))),
            _ = beat.tick() => Box::pin(self.ping()).await,
        }
    }

    /// Starts the next unit with everything that waits, if none is running.
    fn begin_work(&mut self) {
        if self.in_flight.is_none() && self.waiting.len() > 0 {
            let (db, meter) = (self.app.db.clone(), self.app.latency.clone());
            self.in_flight = Some(Box::pin(work::run(db, meter, self.actor.clone(), &self.waiting)));
        }
    }

    async fn greet_known(&mut self, hello: frame::Hello) -> Flow {
        self.reauthenticate().await?;
        self.greet(hello).await
    }

    async fn ping(&mut self) -> Flow {
        if self.asked.is_none() {
            self.pings += 1;
            // Sessions also end by themselves, which no revocation tells.
            if self.pings % PINGS_PER_CHECK == 0 {
                self.reauthenticate().await?;
            }
            self.asked = Some((self.pings, Instant::now() + DEADLINE));
            self.send("ping", &json!({"n": self.pings})).await?;
        }
        Ok(())
    }

    /// What is said goes out at the end of the step, so that one write carries all of it.
    async fn send<B: serde::Serialize>(&mut self, kind: &str, body: &B) -> Flow {
        Ok(self.transport.feed(frame::write(kind, body)).await?)
    }

    /// Answers a frame with an error; the connection lives.
    async fn refuse(&mut self, error: &Error, about: Value) -> Flow {
        Ok(self.transport.feed(frame::error(error, self.language, about)).await?)
    }

    /// A visitor needs the board only while waiting in a queue.
    fn follows_board(&self) -> bool {
        matches!(self.actor, Actor::Staff(_)) || !self.places.is_empty()
    }

    /// Leaves the hub; the last desk of a member of staff ends its lease, so that grace begins at once.
    async fn leave(&mut self) {
        let subscriptions: Vec<ConversationId> = self.subscriptions.keys().copied().collect();
        if let Some(work) = self.in_flight.take() {
            // What was submitted is done anyway; whoever sent it comes back and asks again.
            drop(work);
        }
        let Some(staff) = self.app.hub.leave(self.id, subscriptions.into_iter()) else { return };
        self.app.proofs.forget(staff);
        if let Err(error) = self.app.db.write_needed(move |tx| routing::disconnect(tx, staff)).await {
            tracing::warn!(%error, "a lease could not be ended; it will run out");
        }
    }
}

/// The unit that runs now; must only be called if there is one.
async fn finish(in_flight: &mut Option<InFlight>) -> Round {
    let done = match in_flight {
        Some(work) => work.await,
        None => std::future::pending().await,
    };
    *in_flight = None;
    done
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
