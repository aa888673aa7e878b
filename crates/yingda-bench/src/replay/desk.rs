//! The agents' side: a few sockets that many dialogues share. Each event goes to the dialogue whose conversation it is about.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{
    client::{Agent, Connection, Conversation, Event, Identity, Unwatched},
    report::remark,
    setup::{Place, Setup},
};

pub struct Desk {
    agents: Vec<DeskAgent>,
    mailboxes: Arc<Mutex<HashMap<String, Mailbox>>>,
    next: AtomicUsize,
}

/// One agent, without the events.
pub struct DeskAgent {
    pub staff: String,
    pub identity: Arc<Identity>,
    pub connection: Connection,
}

/// Where the events of one conversation go. The program may give a conversation to an agent before the visitor knows its id,
/// so the box exists from the first of both.
struct Mailbox {
    into: UnboundedSender<Delivery>,
    out_of: Option<UnboundedReceiver<Delivery>>,
}

/// An event about one conversation, on the socket of one agent.
pub struct Delivery {
    pub agent: usize,
    pub event: Event,
}

impl Desk {
    pub async fn open(setup: &Setup, place: &Place, agents: u32, limit: u32) -> anyhow::Result<Self> {
        let mailboxes = Arc::default();
        let mut desk = Self { agents: Vec::new(), mailboxes, next: AtomicUsize::new(0) };
        for index in 0..agents as usize {
            let Agent { staff, identity, connection, events } = Agent::begin(setup, place, limit, Arc::new(Unwatched)).await?;
            desk.agents.push(DeskAgent { staff, identity, connection });
            tokio::spawn(sort(index, events, Arc::clone(&desk.mailboxes)));
        }
        Ok(desk)
    }

    /// The events about `conversation`, also those that came before. Once for each conversation.
    pub fn claim(&self, conversation: &str) -> UnboundedReceiver<Delivery> {
        let mut mailboxes = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        let mailbox = mailboxes.entry(conversation.to_owned()).or_insert_with(Mailbox::new);
        mailbox.out_of.take().expect("a dialogue claims its own conversation once")
    }

    /// The dialogue is over.
    pub fn release(&self, conversation: &str) {
        self.agents.iter().for_each(|agent| agent.connection.forget(conversation));
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner).remove(conversation);
    }

    pub fn agent(&self, index: usize) -> &DeskAgent {
        &self.agents[index]
    }

    /// Which of the agents serves `item`.
    pub fn owner(&self, item: &Conversation) -> Option<usize> {
        let owner = item.owner.as_ref()?.id.as_ref()?;
        (item.state == "served").then(|| self.agents.iter().position(|agent| agent.staff == *owner))?
    }

    /// The agent whose turn it is to take a conversation that was not given to anybody.
    pub fn next(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % self.agents.len()
    }
}

impl Mailbox {
    fn new() -> Self {
        let (into, out_of) = unbounded_channel();
        Self { into, out_of: Some(out_of) }
    }
}

async fn sort(agent: usize, mut events: UnboundedReceiver<Event>, mailboxes: Arc<Mutex<HashMap<String, Mailbox>>>) {
    while let Some(event) = events.recv().await {
        let mut mailboxes = mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut deliver = |conversation: String, event: Event| {
            let mailbox = mailboxes.entry(conversation).or_insert_with(Mailbox::new);
            // A dialogue that gave up reads no more.
            let _ = mailbox.into.send(Delivery { agent, event });
        };
        match event {
            Event::Inbox(items) => {
                for item in items {
                    deliver(item.id.clone(), Event::Inbox(vec![item]));
                }
            }
            Event::Shown(entry) => deliver(entry.conversation.clone(), Event::Shown(entry)),
            Event::Acked { ack, first } => deliver(ack.conversation.clone(), Event::Acked { ack, first }),
            Event::Refused(refusal) => deliver(refusal.conversation.clone(), Event::Refused(refusal)),
            Event::Violated { conversation, what } => {
                deliver(conversation.clone(), Event::Violated { conversation, what });
            }
            Event::Fault(what) => remark(&format!("agent {agent}: {what}")),
            Event::Ended(reason) => remark(&format!("agent {agent} was sent away: {reason}")),
            Event::Up | Event::Deferred { .. } | Event::Answered { .. } => {}
        }
    }
}
