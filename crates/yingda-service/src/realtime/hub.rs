//! The connections of this node, and who wants to hear what.
use crate::conversation::{Changed, ConversationId};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use yingda_base::{bus::Event, http::Actor};

/// What a connection may leave lying before it counts as too slow.
const MAILBOX: usize = 512;

/// Names a connection on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId(u64);

/// Something a connection has to look at.
#[derive(Clone, Debug)]
pub(super) enum Push {
    /// A conversation changed, as a doorbell told at a moment of the meter's clock.
    Changed(Arc<Changed>, Duration),
    /// Somebody types or stops.
    Typing(Arc<TypingOn>),
    /// What a visitor is typing, for staff.
    Preview(Arc<PreviewText>),
    /// The desk of the owner of these conversations came or went.
    Away(ConversationId, bool),
    /// Own presence changed, perhaps from another tab.
    Presence,
    /// Rights changed: find out anew who this is.
    Reauthenticate,
}

/// Somebody types or stops.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TypingOn {
    pub conversation_id: ConversationId,
    pub conversation: String,
    pub participant: i64,
    pub role: crate::conversation::Role,
    pub on: bool,
}
impl Event for TypingOn {
    const TOPIC: &'static str = "realtime.typing";
}

/// Unsent words of a visitor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PreviewText {
    pub conversation_id: ConversationId,
    pub conversation: String,
    pub participant: i64,
    pub text: String,
}
impl Event for PreviewText {
    const TOPIC: &'static str = "realtime.preview";
}

struct Handle {
    mailbox: mpsc::Sender<Push>,
    who: Who,
}

/// By what a connection is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Visitor { customer: i64, device: i64 },
    Staff { id: i64, session: i64 },
}

impl Who {
    pub(super) fn of(actor: &Actor) -> Option<Who> {
        match actor {
            Actor::Anonymous => None,
            Actor::Visitor(visitor) => Some(Who::Visitor { customer: visitor.customer, device: visitor.device }),
            Actor::Staff(staff) => Some(Who::Staff { id: staff.id, session: staff.session }),
        }
    }
}

#[derive(Default)]
struct Inner {
    connections: HashMap<ConnectionId, Handle>,
    by_conversation: HashMap<ConversationId, HashSet<ConnectionId>>,
    by_customer: HashMap<i64, HashSet<ConnectionId>>,
    by_staff: HashMap<i64, HashSet<ConnectionId>>,
}

/// See the module.
#[derive(Default)]
pub struct Hub {
    inner: RwLock<Inner>,
    next: AtomicU64,
}

impl Hub {
    /// Enters a connection; what it has to look at comes out of the receiver. When the receiver ends, it was too slow.
    pub(super) fn enter(&self, who: Who) -> (ConnectionId, mpsc::Receiver<Push>) {
        let (mailbox, receiver) = mpsc::channel(MAILBOX);
        let id = ConnectionId(self.next.fetch_add(1, Ordering::Relaxed));
        let mut inner = self.write();
        inner.index(who).insert(id);
        inner.connections.insert(id, Handle { mailbox, who });
        (id, receiver)
    }

    /// Forgets a connection. Answers whether it was the last one of a member of staff.
    pub(super) fn leave(&self, id: ConnectionId, subscriptions: impl Iterator<Item = ConversationId>) -> Option<i64> {
        let mut inner = self.write();
        for conversation in subscriptions {
            inner.unsubscribe(id, conversation);
        }
        let who = inner.forget(id)?;
        match who {
            Who::Staff { id: staff, .. } if !inner.by_staff.contains_key(&staff) => Some(staff),
            Who::Staff { .. } | Who::Visitor { .. } => None,
        }
    }

    /// From now on this connection hears of this conversation.
    pub(super) fn subscribe(&self, id: ConnectionId, conversation: ConversationId) {
        self.write().by_conversation.entry(conversation).or_default().insert(id);
    }

    /// And no more.
    pub(super) fn unsubscribe(&self, id: ConnectionId, conversation: ConversationId) {
        self.write().unsubscribe(id, conversation);
    }

    /// Tells everybody who listens to a conversation, its customer and its owner.
    pub(super) fn tell_changed(&self, changed: &Arc<Changed>, heard: Duration) {
        let row = &changed.conversation;
        let owner = row.owner_id.and_then(|owner| self.read().by_staff.get(&owner).cloned()).unwrap_or_default();
        let mut to: HashSet<ConnectionId> = self.listeners(row.id);
        to.extend(self.read().by_customer.get(&row.customer_id).into_iter().flatten());
        to.extend(owner);
        self.tell(to, &Push::Changed(changed.clone(), heard));
    }

    /// Tells those who listen to a conversation.
    pub(super) fn tell_listeners(&self, conversation: ConversationId, push: &Push) {
        self.tell(self.listeners(conversation), push);
    }

    /// Tells all connections of a member of staff.
    pub(super) fn tell_staff(&self, staff: i64, push: &Push) {
        let to = self.read().by_staff.get(&staff).cloned().unwrap_or_default();
        self.tell(to, push);
    }

    /// Tells connections chosen by who they are.
    pub(super) fn tell_where(&self, chosen: impl Fn(Who) -> bool, push: &Push) {
        let to = self.read().connections.iter().filter(|(_, handle)| chosen(handle.who)).map(|(id, _)| *id).collect();
        self.tell(to, push);
    }

    /// Whether a member of staff has a connection here.
    pub(super) fn has_staff(&self, staff: i64) -> bool {
        self.read().by_staff.contains_key(&staff)
    }

    /// Connections now: visitors, staff.
    pub fn count(&self) -> (usize, usize) {
        let inner = self.read();
        let staff = inner.by_staff.values().map(HashSet::len).sum();
        (inner.connections.len() - staff, staff)
    }

    fn listeners(&self, conversation: ConversationId) -> HashSet<ConnectionId> {
        self.read().by_conversation.get(&conversation).cloned().unwrap_or_default()
    }

    fn tell(&self, to: HashSet<ConnectionId>, push: &Push) {
        let mut slow = Vec::new();
        {
            let inner = self.read();
            for id in to {
                if let Some(handle) = inner.connections.get(&id)
                    && handle.mailbox.try_send(push.clone()).is_err()
                {
                    slow.push(id);
                }
            }
        }
        if !slow.is_empty() {
            let mut inner = self.write();
            for id in slow {
                // Dropping the sender ends the mailbox, and so the connection; it comes back and resumes.
                inner.forget(id);
            }
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn index(&mut self, who: Who) -> &mut HashSet<ConnectionId> {
        match who {
            Who::Visitor { customer, .. } => self.by_customer.entry(customer).or_default(),
            Who::Staff { id, .. } => self.by_staff.entry(id).or_default(),
        }
    }

    fn forget(&mut self, id: ConnectionId) -> Option<Who> {
        let who = self.connections.remove(&id)?.who;
        let index = self.index(who);
        index.remove(&id);
        let is_empty = index.is_empty();
        match who {
            Who::Visitor { customer, .. } if is_empty => {
                self.by_customer.remove(&customer);
            }
            Who::Staff { id, .. } if is_empty => {
                self.by_staff.remove(&id);
            }
            Who::Visitor { .. } | Who::Staff { .. } => {}
        }
        Some(who)
    }

    fn unsubscribe(&mut self, id: ConnectionId, conversation: ConversationId) {
        if let Some(listeners) = self.by_conversation.get_mut(&conversation) {
            listeners.remove(&id);
            if listeners.is_empty() {
                self.by_conversation.remove(&conversation);
            }
        }
    }
}
