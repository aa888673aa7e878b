//! Files of conversations.
use super::model::File;
use crate::conversation::{ConversationId, EntryState};
use yingda_base::{Millis, Result, Tx, blob::BlobId, row, sql};

pub fn insert(tx: &mut Tx, file: &File) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO file (id, public_id, conversation_id, participant, blob, media_type, bytes, width, height, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        file.id,
        &file.public_id,
        file.conversation_id,
        file.participant,
        file.blob.clone(),
        &file.media_type,
        file.bytes,
        file.width,
        file.height,
        file.created_at
    ))?;
    Ok(())
}

pub fn find(tx: &mut Tx, public_id: &str) -> Result<Option<File>> {
    tx.find(sql!(
        "SELECT id, public_id, conversation_id, participant, blob, media_type, bytes, width, height, created_at FROM file WHERE public_id = $1",
        public_id
    ))
}

row! {
    /// Where a file stands.
    pub struct Place {
        pub id: i64,
        pub conversation_id: ConversationId,
        /// Its public id.
        pub conversation: String,
        /// What became of the last entry that named it; none if none did.
        pub state: Option<EntryState>,
    }
    /// A file without a conversation's word about it.
    pub struct Unnamed { pub id: i64, pub blob: BlobId }
    struct Count { n: i64 }
}

pub fn place(tx: &mut Tx, public_id: &str) -> Result<Option<Place>> {
    tx.find(sql!(
        "SELECT f.id, f.conversation_id, c.public_id AS conversation, e.state
           FROM file f
           JOIN conversation c ON c.id = f.conversation_id
           LEFT JOIN entry e ON e.conversation_id = f.conversation_id AND e.seq = f.seq
          WHERE f.public_id = $1",
        public_id
    ))
}

/// Whether an entry that was not taken back names this file: it may have been sent more than once.
pub fn is_still_shown(tx: &mut Tx, conversation: ConversationId, public_id: &str) -> Result<bool> {
    let count: Count = tx.get(
        "count",
        sql!(
            "SELECT COUNT(*) AS n
               FROM entry e
               JOIN entry_body b ON b.conversation_id = e.conversation_id AND b.seq = e.seq
              WHERE e.conversation_id = $1 AND e.kind = 'image' AND e.state = 'kept' AND b.body LIKE $2",
            conversation,
            format!("%\"{public_id}\"%")
        ),
    )?;
    Ok(count.n > 0)
}

/// Answers whether the file is there.
pub fn set_named(tx: &mut Tx, public_id: &str, seq: i64) -> Result<bool> {
    Ok(tx.run(sql!("UPDATE file SET seq = $2 WHERE public_id = $1", public_id, seq))? == 1)
}

/// Files that came before `before` and that no entry names, a few.
pub fn unnamed(tx: &mut Tx, before: Millis, limit: i64) -> Result<Vec<Unnamed>> {
    tx.all(sql!("SELECT id, blob FROM file WHERE seq IS NULL AND created_at < $1 ORDER BY created_at, id LIMIT $2", before, limit))
}

/// Answers whether it was still unnamed.
pub fn delete_unnamed(tx: &mut Tx, id: i64) -> Result<bool> {
    Ok(tx.run(sql!("DELETE FROM file WHERE id = $1 AND seq IS NULL", id))? == 1)
}

pub fn is_named_by_a_row(tx: &mut Tx, blob: &BlobId) -> Result<bool> {
    let count: Count = tx.get("count", sql!("SELECT COUNT(*) AS n FROM file WHERE blob = $1", blob.clone()))?;
    Ok(count.n > 0)
}
