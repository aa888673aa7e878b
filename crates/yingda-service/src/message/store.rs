//! The SQL of drafts.
use crate::conversation::ConversationId;
use yingda_base::{Millis, Result, Tx, row, sql};

row! {
    /// What a member of staff was about to say.
    #[derive(Clone, Debug)]
    pub struct Draft { pub conversation_id: ConversationId, pub text: String, pub rev: i64 }
}

pub(super) fn draft(tx: &mut Tx, staff: i64, id: ConversationId) -> Result<Option<Draft>> {
    tx.find(sql!("SELECT conversation_id, text, rev FROM draft WHERE staff_id = $1 AND conversation_id = $2", staff, id))
}

pub(super) fn drafts_of(tx: &mut Tx, staff: i64) -> Result<Vec<Draft>> {
    tx.all(sql!(
        "SELECT conversation_id, text, rev FROM draft WHERE staff_id = $1 AND text <> '' ORDER BY conversation_id DESC LIMIT 200",
        staff
    ))
}

/// Deletes what everybody was about to say in a conversation up to a moment.
pub(super) fn delete_drafts(tx: &mut Tx, id: ConversationId, before: Millis) -> Result<()> {
    tx.run(sql!("DELETE FROM draft WHERE conversation_id = $1 AND updated_at <= $2", id, before)).map(drop)
}

/// Stores a draft if `rev` is above the stored one. Answers whether it did.
pub(super) fn put_draft(tx: &mut Tx, staff: i64, id: ConversationId, text: &str, rev: i64) -> Result<bool> {
    let n = tx.run(sql!(
        "INSERT INTO draft (staff_id, conversation_id, text, rev, updated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (staff_id, conversation_id) DO UPDATE
         SET text = excluded.text, rev = excluded.rev, updated_at = excluded.updated_at
         WHERE excluded.rev > draft.rev",
        staff,
        id,
        text,
        rev,
        tx.now()
    ))?;
    Ok(n == 1)
}
