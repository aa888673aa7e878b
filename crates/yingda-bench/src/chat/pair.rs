//! Two sockets that talk to each other, driven by one task, so that nothing between them needs a lock.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::tongue::{Heard, Tongue};

/// Heartbeats of a client.
const BEAT: Duration = Duration::from_secs(7);
/// The end of a round must not take longer: then an entry was lost.
const DRAIN_LIMIT: Duration = Duration::from_secs(20);

pub type Socket = WebSocketStream<TcpStream>;

/// What a pair is to do next.
#[derive(Debug)]
pub enum Order {
    /// Keep the window full on both sides.
    Flow,
    /// One entry, which should have been said at this moment, by the side whose turn it is.
    Say(Instant),
    /// Say nothing more; answer when everything said is acknowledged and shown: how long each entry of [`Order::Say`] took.
    Drain(oneshot::Sender<Vec<Duration>>),
}

/// A handle to the task of a pair.
#[derive(Debug)]
pub struct Pair {
    pub orders: mpsc::UnboundedSender<Order>,
    /// Entries that were acknowledged and shown.
    pub done: Arc<AtomicU64>,
}

/// One end.
pub struct Side<T> {
    pub socket: Socket,
    pub tongue: T,
    /// Said and not done, oldest first; their numbers follow each other.
    flying: VecDeque<Flying>,
    /// The number of the next entry.
    next: u64,
}

#[derive(Debug)]
struct Flying {
    should_be_said_at: Option<Instant>,
    is_acked: bool,
    is_shown: bool,
}

impl<T: Tongue> Side<T> {
    pub fn new(socket: Socket, tongue: T) -> Self {
        Self { socket, tongue, flying: VecDeque::new(), next: 1 }
    }

    async fn say(&mut self, at: Option<Instant>) -> anyhow::Result<()> {
        self.socket.feed(Message::text(self.tongue.say(self.next))).await?;
        self.next += 1;
        self.flying.push_back(Flying { should_be_said_at: at, is_acked: T::IS_UNACKNOWLEDGED, is_shown: false });
        Ok(())
    }

    /// The entry with this number, which must be under way.
    fn flying(&mut self, n: u64) -> anyhow::Result<&mut Flying> {
        let first = self.next - self.flying.len() as u64;
        let found = n.checked_sub(first).and_then(|at| self.flying.get_mut(at as usize));
        found.with_context(|| format!("entry {n} was acknowledged or shown, and is not under way"))
    }

    fn acked(&mut self, n: u64) -> anyhow::Result<()> {
        let entry = self.flying(n)?;
        ensure!(!std::mem::replace(&mut entry.is_acked, true), "entry {n} was acknowledged twice");
        Ok(())
    }

    /// The other side was shown this entry; entries of one sender are shown in the order of their sending.
    fn shown(&mut self, n: u64) -> anyhow::Result<()> {
        let is_next = self.flying.iter().position(|entry| !entry.is_shown).map(|at| self.next - self.flying.len() as u64 + at as u64);
        ensure!(is_next == Some(n), "entry {n} was shown where {is_next:?} was next");
        self.flying(n)?.is_shown = true;
        Ok(())
    }

    /// Takes what is done from the front.
    fn take_done(&mut self) -> impl Iterator<Item = Option<Instant>> {
        let count = self.flying.iter().take_while(|entry| entry.is_acked && entry.is_shown).count();
        self.flying.drain(..count).map(|entry| entry.should_be_said_at)
    }
}

struct Talk<T> {
    sides: [Side<T>; 2],
    window: usize,
    is_flowing: bool,
    turn: usize,
    took: Vec<Duration>,
    draining: Option<(oneshot::Sender<Vec<Duration>>, Instant)>,
    done: Arc<AtomicU64>,
}

impl Pair {
    /// Starts the task. When it fails it says why through `failed` and takes no more orders.
    pub fn start<T: Tongue>(sides: [Side<T>; 2], window: usize, failed: mpsc::UnboundedSender<anyhow::Error>) -> Self {
        let (orders, inbound) = mpsc::unbounded_channel();
        let done = Arc::new(AtomicU64::new(0));
        let talk = Talk { sides, window, is_flowing: false, turn: 0, took: Vec::new(), draining: None, done: Arc::clone(&done) };
        tokio::spawn(async move {
            if let Err(error) = talk.run(inbound).await {
                // Whoever judges may have gone already.
                let _ = failed.send(error);
            }
        });
        Self { orders, done }
    }
}

impl<T: Tongue> Talk<T> {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) -> anyhow::Result<()> {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let [one, other] = &mut self.sides;
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order).await?,
                    None => return Ok(()),
                },
                message = one.socket.next() => self.listen(0, message).await?,
                message = other.socket.next() => self.listen(1, message).await?,
                _ = beat.tick() => self.beat().await?,
            }
            self.go_on().await?;
        }
    }

    async fn obey(&mut self, order: Order) -> anyhow::Result<()> {
        match order {
            Order::Flow => self.is_flowing = true,
            Order::Say(at) => {
                self.sides[self.turn].say(Some(at)).await?;
                self.turn ^= 1;
            }
            Order::Drain(answer) => {
                self.is_flowing = false;
                self.draining = Some((answer, Instant::now() + DRAIN_LIMIT));
            }
        }
        Ok(())
    }

    /// Takes a message and whatever came with it, so that all of it is answered by one write.
    async fn listen(&mut self, side: usize, message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) -> anyhow::Result<()> {
        let mut next = Some(message);
        while let Some(message) = next {
            match message {
                Some(Ok(Message::Text(text))) => match self.sides[side].tongue.hear(&text)? {
                    Heard::Acked(n) => self.sides[side].acked(n)?,
                    Heard::Shown(n) => self.sides[side ^ 1].shown(n)?,
                    Heard::Asked(answer) => self.sides[side].socket.feed(Message::text(answer)).await?,
                    Heard::Other => {}
                },
                Some(Ok(Message::Close(_))) | None => bail!("a socket was closed"),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            }
            next = self.sides[side].socket.next().now_or_never();
        }
        Ok(())
    }

    async fn beat(&mut self) -> anyhow::Result<()> {
        for side in &mut self.sides {
            if let Some(frame) = side.tongue.beat() {
                side.socket.feed(Message::text(frame)).await?;
            }
        }
        Ok(())
    }

    /// Books what is done, fills the windows, writes what was said.
    async fn go_on(&mut self) -> anyhow::Result<()> {
        for side in &mut self.sides {
            let now = Instant::now();
            let mut count = 0;
            for said in side.take_done() {
                count += 1;
                self.took.extend(said.map(|said| now.saturating_duration_since(said)));
            }
            self.done.fetch_add(count, Ordering::Relaxed);
            while self.is_flowing && side.flying.len() < self.window {
                side.say(None).await?;
            }
            side.socket.flush().await?;
        }
        if let Some((_, limit)) = &self.draining {
            let under_way: usize = self.sides.iter().map(|side| side.flying.len()).sum();
            ensure!(Instant::now() < *limit, "{under_way} entries were not acknowledged and shown within {DRAIN_LIMIT:?}");
            if under_way == 0
                && let Some((answer, _)) = self.draining.take()
            {
                // The judge waits for this unless it has failed.
                let _ = answer.send(std::mem::take(&mut self.took));
            }
        }
        Ok(())
    }
}
