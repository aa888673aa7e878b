//! What a storm leaves to judge: what was sent and answered, what the logs hold, what each client was shown. Plain data.

use crate::client::{Entry, Identity};

/// Everything about one run.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    pub sent: Vec<Sent>,
    pub logs: Vec<Log>,
    pub shown: Vec<Shown>,
    /// What clients saw on the way that the protocol forbids.
    pub violations: Vec<String>,
}

/// One letter. Its text is unique in the run: it names conversation, sender and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub conversation: String,
    pub sender: String,
    /// Grows with each letter of this sender in this conversation.
    pub number: u64,
    pub role: &'static str,
    pub kind: String,
    pub text: String,
    /// Every different answer; a letter that was sent again must get the same.
    pub acked: Vec<Place>,
    /// The program refused it once or asked to send it again later; sent again, it may have been overtaken.
    pub may_be_late: bool,
}

/// Where an acknowledgement says that an entry stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub conversation: String,
    pub seq: u64,
}

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    Customer,
    Staff,
}

impl Audience {
    pub fn of(identity: &Identity) -> Self {
        if identity.is_staff() { Self::Staff } else { Self::Customer }
    }
}

/// A conversation's log as fetched at the end.
#[derive(Debug, Clone)]
pub struct Log {
    pub conversation: String,
    pub audience: Audience,
    pub head: u64,
    pub lines: Vec<Line>,
}

/// What one client was shown of one conversation over the whole run, in order.
#[derive(Debug, Clone)]
pub struct Shown {
    pub client: String,
    pub conversation: String,
    pub audience: Audience,
    /// The head it was told of when all was over; 0 for those who lost the conversation. Up to here nothing may be missing.
    pub complete_to: u64,
    pub lines: Vec<Line>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub conversation: String,
    pub seq: u64,
    /// The first `seq` it accounts for, with the hidden range before it.
    pub first: u64,
    pub kind: String,
    pub role: String,
    /// The words; of a system entry its code.
    pub text: String,
}

impl From<&Entry> for Line {
    fn from(entry: &Entry) -> Self {
        let code = || entry.body.get("code").and_then(serde_json::Value::as_str);
        Self {
            conversation: entry.conversation.clone(),
            seq: entry.seq,
            first: entry.first(),
            kind: entry.kind.clone(),
            role: entry.author.role.clone(),
            text: entry.text().or_else(code).unwrap_or_default().to_owned(),
        }
    }
}
