//! The SQL of drafts and of sendings that were refused.
use crate::conversation::ConversationId;
use std::collections::HashMap;
use yingda_base::{Millis, Result, Tx, row, sql, sql_many};

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

/// How a sending was refused.
#[derive(Clone, Copy, Debug)]
pub struct RefusedSend {
    /// The conversation was closed; else it was somebody else's.
    pub was_closed: bool,
    /// The words became a draft.
    pub is_kept: bool,
}

row! {
    struct Before { client_id: String, was_closed: bool, is_kept: bool }
}

sql_many!(static REFUSED = "";
    "SELECT client_id, was_closed, is_kept FROM refused_send WHERE conversation_id = $1 AND staff_id = $2 AND client_id = $3", " UNION ALL "; "");

/// How sendings of this member of staff were refused before, of those with these client ids.
pub(super) fn refused_sends(tx: &mut Tx, id: ConversationId, staff: i64, client_ids: &[&str]) -> Result<HashMap<String, RefusedSend>> {
    let rows = client_ids.iter().map(|client_id| vec![id.into(), staff.into(), (*client_id).into()]).collect();
    let found: Vec<Before> = tx.all_many(&REFUSED, rows)?;
    Ok(found.into_iter().map(|before| (before.client_id, RefusedSend { was_closed: before.was_closed, is_kept: before.is_kept })).collect())
}

pub(super) fn note_refused_send(tx: &mut Tx, id: ConversationId, staff: i64, client_id: &str, refused: RefusedSend) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO refused_send (conversation_id, staff_id, client_id, was_closed, is_kept, at) VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        staff,
        client_id,
        refused.was_closed,
        refused.is_kept,
        tx.now()
    ))
    .map(drop)
}
