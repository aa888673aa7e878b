//! What a conversation tells after each commit. It may be lost: receivers compare `rev` and `head` and read the database.
use super::{
    entry::{Entry, Participant},
    model::Conversation,
};
use serde::{Deserialize, Serialize};
use yingda_base::bus::Event;

/// A conversation changed: its row after the change, and the entries that are new.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Changed {
    /// The row.
    pub conversation: Conversation,
    /// Appended in this unit, in order.
    pub entries: Vec<Entry>,
    /// All participants, if one joined or came further.
    pub participants: Option<Vec<Participant>>,
    /// This is not all that changed: read it anew.
    pub is_partial: bool,
}

impl Event for Changed {
    const TOPIC: &'static str = "conversation.changed";
}
