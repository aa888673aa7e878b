//! The frames and objects of protocol version 1, as far as a client without a screen needs them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A frame as it goes out.
#[derive(Debug, Serialize)]
pub struct Envelope<'a> {
    pub v: u8,
    #[serde(flatten)]
    pub frame: &'a ClientFrame,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    Hello(Hello),
    Send(Letter),
    Presence { accepting: bool },
    Ping { n: u64 },
    Pong { n: Value },
    Bye,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Hello {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbox_rev: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resume: Vec<Resume>,
}

/// "I hold everything up to `after`."
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resume {
    pub conversation: String,
    pub after: u64,
}

/// An entry on its way to the program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Letter {
    pub conversation: String,
    pub client_id: String,
    pub kind: String,
    pub body: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    Hello(Welcome),
    Inbox(Inbox),
    Entry(Entry),
    Ack(Ack),
    Error(Fault),
    Ping {
        n: Value,
    },
    Pong(Pong),
    Bye(Bye),
    /// Typing, read marks, presence and whatever comes later: nothing a log depends on.
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Welcome {
    pub generation: String,
    pub you: Party,
    #[serde(default)]
    pub ping_ms: Option<u64>,
    #[serde(default)]
    pub deadline_ms: Option<u64>,
    #[serde(default)]
    pub subscriptions: Vec<Subscription>,
}

/// The answer to one [`Resume`]: its head, or why not.
#[derive(Debug, Clone, Deserialize)]
pub struct Subscription {
    pub conversation: String,
    pub head: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Inbox {
    /// Opaque: the same or not.
    pub rev: String,
    #[serde(default)]
    pub items: Vec<Conversation>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Conversation {
    pub id: String,
    pub state: String,
    /// Of two copies the greater is the newer.
    pub rev: u64,
    pub head: u64,
    #[serde(default)]
    pub owner: Option<Party>,
}

/// Somebody; visitors do not learn an agent's id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Party {
    #[serde(default)]
    pub id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Entry {
    pub conversation: String,
    pub seq: u64,
    pub kind: String,
    pub author: Author,
    #[serde(default)]
    pub body: Value,
    /// The range just before this entry that its reader may not see.
    #[serde(default)]
    pub hidden: Option<(u64, u64)>,
    #[serde(default)]
    pub erased: bool,
    #[serde(default)]
    pub recalled: bool,
}

impl Entry {
    /// The words, for kinds that have some.
    pub fn text(&self) -> Option<&str> {
        self.body.get("text")?.as_str()
    }

    /// The first `seq` this entry accounts for: its own, or that of the hidden range before it.
    pub fn first(&self) -> u64 {
        self.hidden.map_or(self.seq, |(first, _)| first)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Author {
    #[serde(default)]
    pub participant: u64,
    pub role: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Ack {
    pub conversation: String,
    pub client_id: String,
    pub seq: u64,
    #[serde(default)]
    pub duplicate: bool,
    /// Where the entry stands instead, if its conversation was closed for good.
    #[serde(default)]
    pub moved_to: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Fault {
    pub code: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub conversation: Option<String>,
    #[serde(default)]
    pub client_id: Option<String>,
    #[serde(default)]
    pub retry_ms: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Pong {
    pub generation: String,
    #[serde(default)]
    pub heads: std::collections::HashMap<String, u64>,
    #[serde(default)]
    pub inbox_rev: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Bye {
    pub reason: String,
    #[serde(default)]
    pub retry_ms: Option<u64>,
}
