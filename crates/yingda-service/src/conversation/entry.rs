//! Entries: everything that happens in a conversation. Head for ever, body erasable.
use serde::{Deserialize, Serialize};
use serde_json::Value;
use yingda_base::{Millis, row, text_enum};

use super::model::ConversationId;

text_enum! {
    /// What an entry is.
    pub enum Kind {
        /// Words.
        Text = "text",
        /// A picture.
        Image = "image",
        /// Another file; reserved.
        File = "file",
        /// A voice message; reserved.
        Voice = "voice",
        /// Something structured: choices, an order, a bill.
        Card = "card",
        /// Staff to staff.
        Note = "note",
        /// Something the house did: a code with parameters, never text.
        System = "system",
    }
}

text_enum! {
    /// In what part somebody takes part.
    pub enum Role {
        /// The customer: participant 1.
        Customer = "customer",
        /// Staff who serves.
        Agent = "agent",
        /// A program that answers.
        Bot = "bot",
        /// Staff who watches or steps in.
        Supervisor = "supervisor",
        /// Staff asked for advice.
        Conferee = "conferee",
        /// The house: participant 0.
        System = "system",
    }
}

text_enum! {
    /// Who may see an entry at all.
    pub enum Audience {
        /// Everybody in the conversation.
        All = "all",
        /// Staff only.
        Staff = "staff",
    }
}

text_enum! {
    /// What became of an entry.
    pub enum EntryState {
        /// As written.
        Kept = "kept",
        /// Taken back by its author; supervisors still see it.
        Recalled = "recalled",
        /// Its body is gone for good.
        Erased = "erased",
    }
}

/// Participant 0: the house.
pub const SYSTEM: i64 = 0;
/// Participant 1: the customer.
pub const CUSTOMER: i64 = 1;

row! {
    /// An entry as stored, with its author's name and, unless erased, its body.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Entry {
        pub conversation_id: ConversationId,
        pub seq: i64,
        pub kind: Kind,
        pub v: i64,
        pub at: Millis,
        pub participant: i64,
        pub role: Role,
        pub name: Option<String>,
        pub audience: Audience,
        pub state: EntryState,
        pub locale: String,
        pub client_id: Option<String>,
        pub external_id: Option<String>,
        /// JSON.
        pub body: Option<String>,
        pub fallback: Option<String>,
    }

    /// Somebody in a conversation, and how far they have come.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Participant {
        pub participant: i64,
        pub role: Role,
        pub staff_id: Option<i64>,
        pub name: String,
        pub delivered: i64,
        pub read: i64,
    }
}

/// An entry to be appended.
#[derive(Clone, Debug)]
pub struct NewEntry {
    pub kind: Kind,
    pub participant: i64,
    pub role: Role,
    /// The author's name, for the push; the log keeps it with the participant.
    pub name: Option<String>,
    pub audience: Audience,
    pub locale: String,
    /// The sender's own id and the keyed hash of the canonical body.
    pub once: Option<(String, Vec<u8>)>,
    pub external_id: Option<String>,
    pub body: Value,
    pub fallback: String,
}

impl NewEntry {
    /// Something the house did.
    pub fn system(code: SystemCode, params: Value) -> NewEntry {
        NewEntry {
            kind: Kind::System,
            participant: SYSTEM,
            role: Role::System,
            name: None,
            audience: Audience::All,
            locale: "zh-CN".to_owned(),
            once: None,
            external_id: None,
            body: serde_json::json!({"code": code, "params": params}),
            fallback: String::new(),
        }
    }
}

text_enum! {
    /// What the house can say in a conversation. Clients hold the words.
    pub enum SystemCode {
        /// The episode began. `group`
        Opened = "opened",
        /// Back in the queue. `reason`
        Queued = "queued",
        /// A member of staff took it. `name`, `participant`
        Assigned = "assigned",
        /// The owner left. `name`
        AgentLeft = "agent_left",
        /// The episode ended. `by`, `reason`
        Closed = "closed",
        /// Opened again. `by`
        Reopened = "reopened",
        /// An entry was taken back. `target`
        Recalled = "recalled",
        /// An entry's body was erased. `target`
        Erased = "erased",
        /// This episode continues another. `previous`
        Linked = "linked",
    }
}
