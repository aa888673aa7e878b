//! What visitors and agents of the crowd have in common: letters in flight, deliberate repetition, and being up to date at the end.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use anyhow::bail;
use rand::{RngExt as _, rngs::StdRng};
use tokio::{
    sync::{Barrier, mpsc::UnboundedReceiver, watch},
    time::{Instant, timeout_at},
};

use super::ledger::{Hand, Ledger};
use crate::{
    api::CallError,
    client::{Connection, Event, Identity, Letter},
};

/// Letters remembered after their acknowledgement, to be sent once more.
const MEMORY: usize = 4;
/// Of so many letters one is sent twice at once, and one of those acknowledged is sent again.
const REPEATED: f64 = 0.04;
/// How long the last answers may take after the storm.
const CALM: Duration = Duration::from_secs(60);
/// Without an entry or a greater head for this long, nothing more will be shown. The product promises three seconds.
const QUIET: Duration = Duration::from_secs(10);

/// One client of the storm.
pub struct Member {
    pub name: String,
    pub identity: Arc<Identity>,
    pub connection: Connection,
    pub events: UnboundedReceiver<Event>,
    pub ledger: Arc<Ledger>,
    pub rng: StdRng,
    /// Letters sent and not answered, by conversation.
    in_flight: HashMap<String, usize>,
    recent: VecDeque<Letter>,
    held: HashMap<String, u64>,
}

/// What tells a client how long the storm lasts.
#[derive(Clone)]
pub struct Storm {
    pub window: usize,
    pub raging: watch::Receiver<bool>,
    /// Where everybody waits until nobody has a letter in flight.
    pub calm: Arc<Barrier>,
}

/// A client after the storm.
pub struct Survivor {
    pub name: String,
    pub identity: Arc<Identity>,
    /// The conversations it could see at the end, and how far they went.
    pub complete: HashMap<String, u64>,
}

impl Storm {
    pub fn is_on(&self) -> bool {
        *self.raging.borrow()
    }

    /// Waits until it is over. A sender that is gone has nothing more to say either; then the task is about to be aborted.
    pub async fn over(&mut self) {
        let _ = self.raging.wait_for(|is_on| !is_on).await;
    }
}

impl Member {
    pub fn new(
        name: String,
        (identity, connection, events): (Arc<Identity>, Connection, UnboundedReceiver<Event>),
        ledger: Arc<Ledger>,
        rng: StdRng,
    ) -> Self {
        let (in_flight, recent, held) = Default::default();
        Self { name, identity, connection, events, ledger, rng, in_flight, recent, held }
    }

    pub fn in_flight(&self, conversation: &str) -> usize {
        self.in_flight.get(conversation).copied().unwrap_or(0)
    }

    pub fn is_calm(&self) -> bool {
        self.in_flight.values().all(|count| *count == 0)
    }

    /// Writes and sends a letter, now and then twice.
    pub fn send(&mut self, conversation: &str, kind: &str) {
        let role = if self.identity.is_staff() { "agent" } else { "customer" };
        let letter = self.ledger.write(&Hand { conversation, sender: &self.name, role, kind });
        *self.in_flight.entry(conversation.to_owned()).or_default() += 1;
        self.connection.send(letter.clone());
        if self.rng.random_bool(REPEATED) {
            self.connection.send_again(letter.clone());
        }
        self.recent.push_back(letter);
        if self.recent.len() > MEMORY {
            self.recent.pop_front();
        }
    }

    /// Follows what happened to letters and entries; repeats now and then what was sent long ago or before a reconnect.
    pub fn notice(&mut self, event: &Event) -> anyhow::Result<()> {
        match event {
            Event::Acked { ack, first } => {
                if *first {
                    self.settled(&ack.conversation);
                    if self.rng.random_bool(REPEATED) {
                        self.repeat();
                    }
                }
            }
            Event::Refused(refusal) => self.settled(&refusal.conversation),
            Event::Up => self.repeat(),
            Event::Shown(entry) => {
                self.held.insert(entry.conversation.clone(), entry.seq);
            }
            Event::Ended(reason) => bail!("{} was sent away: {reason}", self.name),
            Event::Inbox(_) | Event::Deferred { .. } | Event::Answered { .. } | Event::Violated { .. } | Event::Fault(_) => {}
        }
        Ok(())
    }

    /// After the storm: waits for the last answers, and until `calm` finds everybody so far; then asks for every conversation to
    /// its end.
    pub async fn settle(mut self, owned: &HashSet<String>, calm: &Barrier) -> anyhow::Result<Survivor> {
        let end = Instant::now() + CALM;
        while !self.is_calm() {
            let Ok(Some(event)) = timeout_at(end, self.events.recv()).await else {
                bail!("{}: letters in {:?} got no answer within {CALM:?}", self.name, self.in_flight);
            };
            self.notice(&event)?;
        }
        calm.wait().await;
        let mut missing: HashMap<String, Option<u64>> = self.held.keys().chain(owned).map(|id| (id.clone(), None)).collect();
        missing.keys().for_each(|conversation| self.connection.ask(conversation));
        // What one owns, and what a visitor was in, must be shown even if no answer tells how far.
        let mut complete: HashMap<String, u64> = owned.iter().map(|id| (id.clone(), u64::MAX)).collect();
        let mut end = Instant::now() + QUIET;
        while !missing.is_empty() {
            // What is missing now is missing: that is for the checker to find.
            let Ok(Some(event)) = timeout_at(end, self.events.recv()).await else { break };
            self.notice(&event)?;
            // A conversation that cannot be completed is asked for again and again: the same answer is no news.
            let is_news = match event {
                Event::Answered { conversation, head: Some(head) } => {
                    complete.insert(conversation.clone(), head);
                    missing.insert(conversation, Some(head)) != Some(Some(head))
                }
                Event::Answered { conversation, head: None } => missing.remove(&conversation).is_some(),
                Event::Shown(_) => true,
                _ => false,
            };
            if is_news {
                end = Instant::now() + QUIET;
            }
            missing.retain(|conversation, head| head.is_none_or(|head| self.held.get(conversation) < Some(&head)));
        }
        self.connection.leave();
        Ok(Survivor { name: self.name, identity: self.identity, complete })
    }

    fn settled(&mut self, conversation: &str) {
        if let Some(count) = self.in_flight.get_mut(conversation) {
            *count = count.saturating_sub(1);
        }
    }

    fn repeat(&mut self) {
        if !self.recent.is_empty() {
            let letter = self.recent[self.rng.random_range(0..self.recent.len())].clone();
            self.connection.send_again(letter);
        }
    }
}

/// A call that raced with the other side may find its work done.
pub fn unless_done(result: Result<(), CallError>, done: &[u16]) -> anyhow::Result<()> {
    match result {
        Err(error) if !error.is_refusal(done) => Err(error.into()),
        _ => Ok(()),
    }
}
