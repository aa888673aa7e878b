//! Conversations in the dialogue format of `yingda export conversations`: one a line, one turn per text entry.
use crate::conversation::{self, Audience, Conversation, ConversationId, EntryState, Kind, Role};
use serde::Serialize;
use yingda_base::{Millis, Result, Tx};

const PAGE: i64 = 500;

/// One conversation.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// Public id.
    pub id: String,
    /// What the outside calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Texts in order.
    pub turns: Vec<Turn>,
}

/// One text.
#[derive(Debug, Serialize)]
pub struct Turn {
    /// `customer`, `agent` or `bot`.
    pub role: Role,
    /// To the letter.
    pub text: String,
    /// In the log.
    pub seq: i64,
    /// The sender's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// When.
    pub at: Millis,
}

/// Up to `limit` conversations after an id, in order of opening; with the last id for the next page.
pub fn page(tx: &mut Tx, after: ConversationId, limit: i64) -> Result<(Vec<Exported>, Option<ConversationId>)> {
    let rows = conversation::after(tx, after, limit)?;
    let last = rows.last().map(|row| row.id);
    Ok((rows.iter().map(|row| export(tx, row)).collect::<Result<_>>()?, last))
}

fn export(tx: &mut Tx, row: &Conversation) -> Result<Exported> {
    let (mut turns, mut after) = (Vec::new(), 0);
    loop {
        let entries = conversation::entries_after(tx, row.id, after, PAGE)?;
        let Some(last) = entries.last() else { break };
        after = last.seq;
        let texts = entries.into_iter().filter(|e| e.kind == Kind::Text && e.audience == Audience::All && e.state == EntryState::Kept);
        for entry in texts {
            let body: serde_json::Value = entry.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
            let Some(text) = body["text"].as_str() else { continue };
            turns.push(Turn { role: entry.role, text: text.to_owned(), seq: entry.seq, client_id: entry.client_id, at: entry.at });
        }
    }
    Ok(Exported { id: row.public_id.clone(), external_id: row.external_id.clone(), turns })
}
