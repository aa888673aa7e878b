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
        /// Another file, to be saved.
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
        /// In which log.
        pub conversation_id: ConversationId,
        /// Its place: 1, 2, 3 …
        pub seq: i64,
        /// What it is.
        pub kind: Kind,
        /// Version of the body.
        pub v: i64,
        /// When.
        pub at: Millis,
        /// Who, in this conversation.
        pub participant: i64,
        /// In what part.
        pub role: Role,
        /// The author's name.
        pub name: Option<String>,
        /// Who may see it.
        pub audience: Audience,
        /// What became of it.
        pub state: EntryState,
        /// The language it was written in.
        pub locale: String,
        /// The sender's own id.
        pub client_id: Option<String>,
        /// The channel's id.
        pub external_id: Option<String>,
        /// JSON.
        pub body: Option<String>,
        /// For clients that do not know the kind.
        pub fallback: Option<String>,
    }

    /// Somebody in a conversation, and how far they have come.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Participant {
        /// Who, in this conversation.
        pub participant: i64,
        /// In what part.
        pub role: Role,
        /// The account, of staff.
        pub staff_id: Option<i64>,
        /// The author's name.
        pub name: String,
        /// The last `seq` that arrived.
        pub delivered: i64,
        /// The last `seq` that was looked at.
        pub read: i64,
    }
}

/// An entry to be appended.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// What it is.
    pub kind: Kind,
    /// Who says it.
    pub participant: i64,
    /// In what part.
    pub role: Role,
    /// The author's name, for the push; the log keeps it with the participant.
    pub name: Option<String>,
    /// Who may see it.
    pub audience: Audience,
    /// The language it is written in.
    pub locale: String,
    /// The sender's own id and the keyed hash of the canonical body.
    pub once: Option<(String, Vec<u8>)>,
    /// The channel's id of it.
    pub external_id: Option<String>,
    /// By kind.
    pub body: Value,
    /// For clients that do not know the kind.
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
        /// A member of staff took it, or was passed it on. `name`, `participant`, `transferred` if passed on
        Assigned = "assigned",
        /// It was passed on; for staff. `from`, `to` or null, `group`
        Transferred = "transferred",
        /// The owner left. `name`
        AgentLeft = "agent_left",
        /// The episode ended. `by`, `reason`
        Closed = "closed",
        /// Opened again. `by`
        Reopened = "reopened",
        /// An entry was taken back. `target`
        Recalled = "recalled",
        /// Bodies were erased. `target`, and `from` if it was more than one
        Erased = "erased",
        /// This episode continues another. `previous`
        Linked = "linked",
        /// An agent asked the customer to rate. `name`
        RatingInvited = "rating_invited",
        /// The customer rated; for staff. `stars`, `is_low`, `is_resolved`
        Rated = "rated",
        /// The host site told who the customer is, and they took the conversation over. `name`
        Identified = "identified",
    }
}
