//! One client's socket: connected, greeted, kept alive by heartbeats, and connected again when it is lost.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use rand::RngExt as _;
use tokio::{
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::{
    Watch,
    frame::{ClientFrame, Envelope, Letter, ServerFrame},
    identity::Identity,
    session::{End, Event, Session},
};

/// What the protocol lets a client wait before it comes back: this, then doubling up to the limit.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// For connecting and for the greeting.
const GREETING_LIMIT: Duration = Duration::from_secs(10);
/// How often gaps, deferred letters and heartbeats are looked at.
const TICK: Duration = Duration::from_millis(50);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A handle to the task that owns the socket. Dropped, the socket is gone without a word.
#[derive(Debug)]
pub struct Connection {
    orders: UnboundedSender<Order>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
enum Order {
    Send(Letter),
    Again(Letter),
    Accepting(bool),
    Ask(String),
    Forget(String),
    Leave,
}

impl Connection {
    /// Opens a socket for `identity` and keeps it; `watch` sees everything first.
    pub fn open(identity: Arc<Identity>, watch: Arc<dyn Watch>) -> (Self, UnboundedReceiver<Event>) {
        let (orders, inbound) = unbounded_channel();
        let (events, outbound) = unbounded_channel();
        let session = Session::new(identity.is_staff());
        let pulse = Pulse::new(Duration::from_secs(7), Duration::from_secs(7));
        let mut line = Line { identity, session, watch, events, orders: inbound, pulse };
        let task = tokio::spawn(async move { line.keep().await });
        (Self { orders, task }, outbound)
    }

    /// Sends a letter once, however often the socket is lost.
    pub fn send(&self, letter: Letter) {
        self.order(Order::Send(letter));
    }

    /// Transmits a letter that was sent before once more, whatever became of it: what a client does that is not sure.
    pub fn send_again(&self, letter: Letter) {
        self.order(Order::Again(letter));
    }

    /// Staff: whether to be given conversations, now and after each return.
    pub fn accepting(&self, accepting: bool) {
        self.order(Order::Accepting(accepting));
    }

    /// Follows a conversation and asks for what is not held; answered by [`Event::Answered`].
    pub fn ask(&self, conversation: &str) {
        self.order(Order::Ask(conversation.to_owned()));
    }

    /// Stops following a conversation.
    pub fn forget(&self, conversation: &str) {
        self.order(Order::Forget(conversation.to_owned()));
    }

    /// Goes away on purpose.
    pub fn leave(&self) {
        self.order(Order::Leave);
    }

    fn order(&self, order: Order) {
        // After the program's last word the task has ended, and said so with `Event::Ended`.
        let _ = self.orders.send(order);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The task's own state.
struct Line {
    identity: Arc<Identity>,
    session: Session,
    watch: Arc<dyn Watch>,
    events: UnboundedSender<Event>,
    orders: UnboundedReceiver<Order>,
    pulse: Pulse,
}

/// Heartbeats: when the next is due, and since when one is unanswered.
struct Pulse {
    every: Duration,
    deadline: Duration,
    next: Instant,
    unanswered: Option<Instant>,
    n: u64,
}

impl Line {
    async fn keep(&mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let connected = timeout(GREETING_LIMIT, connect_async(self.identity.api().socket_url())).await;
            let (end, was_greeted) = match connected {
                Ok(Ok((socket, _))) => self.talk(socket).await,
                Ok(Err(error)) => {
                    tracing::debug!(%error, "no socket");
                    (Some(End::Lost), false)
                }
                Err(_) => (Some(End::Lost), false),
            };
            if was_greeted {
                pause = FIRST_PAUSE;
            }
            match end {
                None => return,
                Some(End::Final(reason)) => return self.emit(Event::Ended(reason)),
                Some(End::Away(after)) => sleep(after).await,
                Some(End::Renew) => {
                    if let Err(error) = self.identity.renew().await {
                        tracing::warn!(%error, "no new token");
                    }
                    sleep(FIRST_PAUSE).await;
                }
                Some(End::Lost) => {
                    let jitter = rand::rng().random_range(0.75..1.25);
                    sleep(pause.mul_f64(jitter)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Talks until the socket ends: why, or `None` after leaving on purpose; and whether the program greeted.
    async fn talk(&mut self, mut socket: Socket) -> (Option<End>, bool) {
        self.pulse.begin();
        let greeting = self.session.greet(self.identity.token());
        if self.transmit(&mut socket, greeting).await.is_err() {
            return (Some(End::Lost), false);
        }
        let mut was_greeted = false;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let frames = tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        let now = Instant::now();
                        match self.receive(&text, now, &mut was_greeted) {
                            Ok(frames) => frames,
                            Err(end) => return (Some(end), was_greeted),
                        }
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return (Some(End::Lost), was_greeted),
                    Some(Ok(_)) => Vec::new(),
                },
                order = self.orders.recv(), if was_greeted => match order {
                    Some(Order::Leave) | None => {
                        // The program notices a vanished client too; nothing depends on this word.
                        let _ = self.transmit(&mut socket, vec![ClientFrame::Bye]).await;
                        return (None, was_greeted);
                    }
                    Some(order) => self.obey(order),
                },
                _ = tick.tick() => {
                    let now = Instant::now();
                    let mut frames = self.session.on_tick(now);
                    match self.pulse.beat(now) {
                        Ok(ping) => frames.extend(ping),
                        Err(end) => return (Some(end), was_greeted),
                    }
                    frames
                }
            };
            if self.transmit(&mut socket, frames).await.is_err() {
                return (Some(End::Lost), was_greeted);
            }
        }
    }

    fn receive(&mut self, text: &str, now: Instant, was_greeted: &mut bool) -> Result<Vec<ClientFrame>, End> {
        let frame = match serde_json::from_str::<ServerFrame>(text) {
            Ok(frame) => frame,
            Err(error) => {
                self.emit(Event::Fault(format!("a frame that is none: {error}: {text}")));
                return Ok(Vec::new());
            }
        };
        match &frame {
            ServerFrame::Hello(welcome) => {
                self.pulse.set(welcome.ping_ms, welcome.deadline_ms);
                *was_greeted = true;
            }
            ServerFrame::Pong(_) => self.pulse.unanswered = None,
            _ => {}
        }
        let reaction = self.session.on_frame(frame, now);
        for event in reaction.events {
            self.emit(event);
        }
        reaction.end.map_or(Ok(reaction.frames), Err)
    }

    fn obey(&mut self, order: Order) -> Vec<ClientFrame> {
        match order {
            Order::Send(letter) => self.session.send(letter).into_iter().collect(),
            Order::Again(letter) => vec![ClientFrame::Send(letter)],
            Order::Accepting(accepting) => vec![self.session.accept(accepting)],
            Order::Ask(conversation) => vec![self.session.ask(conversation)],
            Order::Forget(conversation) => {
                self.session.forget(conversation);
                Vec::new()
            }
            Order::Leave => Vec::new(),
        }
    }

    async fn transmit(&self, socket: &mut Socket, frames: Vec<ClientFrame>) -> anyhow::Result<()> {
        if frames.is_empty() {
            return Ok(());
        }
        for frame in &frames {
            if let ClientFrame::Send(letter) = frame {
                self.watch.transmitted(letter);
            }
            let text = serde_json::to_string(&Envelope { v: 1, frame })?;
            socket.feed(Message::text(text)).await?;
        }
        Ok(socket.flush().await?)
    }

    fn emit(&self, event: Event) {
        self.watch.observed(&event);
        // Nobody reads any more when the run is over.
        let _ = self.events.send(event);
    }
}

impl Pulse {
    fn new(every: Duration, deadline: Duration) -> Self {
        Self { every, deadline, next: Instant::now() + every, unanswered: None, n: 0 }
    }

    /// A new socket: until it is greeted, the greeting is what is waited for.
    fn begin(&mut self) {
        let now = Instant::now();
        self.next = now + self.every;
        self.unanswered = Some(now);
    }

    fn set(&mut self, ping_ms: Option<u64>, deadline_ms: Option<u64>) {
        self.every = ping_ms.map_or(self.every, Duration::from_millis);
        self.deadline = deadline_ms.map_or(self.deadline, Duration::from_millis);
        self.next = self.next.min(Instant::now() + self.every);
        self.unanswered = None;
    }

    fn beat(&mut self, now: Instant) -> Result<Option<ClientFrame>, End> {
        if self.unanswered.is_some_and(|since| now - since > self.deadline) {
            return Err(End::Lost);
        }
        if now < self.next {
            return Ok(None);
        }
        self.next = now + self.every;
        self.n += 1;
        self.unanswered.get_or_insert(now);
        Ok(Some(ClientFrame::Ping { n: self.n }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        api::Api,
        client::{
            Unwatched,
            fake::{CONVERSATION, Fake, Fate, Fault},
        },
        setup::Setup,
    };

    const LETTERS: usize = 60;

    fn client(fake: &Fake) -> (Connection, UnboundedReceiver<Event>) {
        let setup = Setup::new(Api::new(&fake.url).expect("an address"), String::new());
        Connection::open(Arc::new(Identity::with_token(setup, "t")), Arc::new(Unwatched))
    }

    fn letter(n: usize) -> Letter {
        let body = json!({"text": format!("word {n}")});
        Letter { conversation: CONVERSATION.into(), client_id: format!("n{n}"), kind: "text".into(), body }
    }

    /// Reads until as many words as were sent have been shown, and returns them in the order shown.
    async fn read(events: &mut UnboundedReceiver<Event>, count: usize) -> Vec<String> {
        let mut shown = Vec::new();
        while shown.len() < count {
            match timeout(Duration::from_secs(20), events.recv()).await {
                Ok(Some(Event::Shown(entry))) => shown.push(entry.text().expect("words").to_owned()),
                Ok(Some(Event::Violated { what, .. } | Event::Fault(what))) => panic!("{what}"),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => panic!("only {} of {count} shown", shown.len()),
            }
        }
        shown
    }

    /// One client sends, another reads; both see everything, once and in order.
    async fn survives(fault: Fault, cuts: bool) {
        let fake = Fake::start(fault).await.expect("a fake program");
        let (writer, mut written) = client(&fake);
        let (reader, mut events) = client(&fake);
        reader.ask(CONVERSATION);
        for n in 0..LETTERS {
            writer.send(letter(n));
            if n % 7 == 0 {
                writer.send_again(letter(n));
            }
            if cuts && n % 20 == 10 {
                read_ack(&mut written, n).await;
                fake.cut_all();
            }
        }
        let words: Vec<String> = (0..LETTERS).map(|n| format!("word {n}")).collect();
        assert_eq!(read(&mut events, LETTERS).await, words);
        assert_eq!(fake.texts(), words);
    }

    /// Waits until letter `n` is acknowledged: the socket certainly lives then.
    async fn read_ack(events: &mut UnboundedReceiver<Event>, n: usize) {
        while let Some(event) = events.recv().await {
            if matches!(event, Event::Acked { ack, .. } if ack.client_id == format!("n{n}")) {
                return;
            }
        }
    }

    #[tokio::test]
    async fn shows_everything_over_a_perfect_bus() {
        survives(|_| Fate::Kept, false).await;
    }

    #[tokio::test]
    async fn heals_what_the_bus_loses_doubles_and_reorders() {
        let fault: Fault = |n| match n % 10 {
            1 | 4 => Fate::Lost,
            2 => Fate::Doubled,
            7 => Fate::Late,
            _ => Fate::Kept,
        };
        survives(fault, false).await;
    }

    #[tokio::test]
    async fn learns_of_the_last_entry_from_a_pong() {
        survives(|_| Fate::Lost, false).await;
    }

    #[tokio::test]
    async fn comes_back_and_replays_its_outbox() {
        survives(|n| if n % 3 == 0 { Fate::Lost } else { Fate::Kept }, true).await;
    }
}
