//! Files of conversations, their small copies, and the entries that name them.
use super::model::{File, Naming, Thumbnail};
use crate::conversation::ConversationId;
use yingda_base::{Millis, Result, Tx, blob::BlobId, row, sql};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT f.id, f.public_id, f.conversation_id, f.participant, f.blob, f.kind, f.name, f.media_type, f.bytes, f.width, f.height, f.is_derived,
                    f.created_at
               FROM file f ",
            $rest
        )
    };
}

pub fn insert(tx: &mut Tx, file: &File) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO file (id, public_id, conversation_id, participant, blob, media_type, bytes, width, height, is_derived, created_at, kind,
                           name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        file.id,
        &file.public_id,
        file.conversation_id,
        file.participant,
        file.blob.clone(),
        &file.media_type,
        file.bytes,
        file.width,
        file.height,
        file.is_derived,
        file.created_at,
        file.kind,
        file.name.clone()
    ))?;
    Ok(())
}

pub fn find(tx: &mut Tx, public_id: &str) -> Result<Option<File>> {
    tx.find(sql!(columns!("WHERE f.public_id = $1"), public_id))
}

/// Counts what comes and goes, and locks the sum until this unit ends.
pub fn add_to_total(tx: &mut Tx, bytes: i64) -> Result<()> {
    tx.run(sql!("UPDATE file_total SET bytes = bytes + $1 WHERE id = 1", bytes))?;
    Ok(())
}

row! {
    /// What files take, in bytes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Taken {
        pub total: i64,
        pub conversation: i64,
        /// By this customer, since `since`.
        pub customer: i64,
    }
}

pub fn taken(tx: &mut Tx, conversation: ConversationId, customer: i64, since: Millis) -> Result<Taken> {
    tx.get(
        "file_total",
        sql!(
            "SELECT t.bytes AS total,
                    CAST(COALESCE((SELECT SUM(f.bytes) FROM file f WHERE f.conversation_id = $1), 0) AS BIGINT) AS conversation,
                    CAST(COALESCE((SELECT SUM(f.bytes)
                                     FROM conversation c
                                     JOIN file f ON f.conversation_id = c.id AND f.participant = 1 AND f.created_at > $3
                                    WHERE c.customer_id = $2), 0) AS BIGINT) AS customer
               FROM file_total t
              WHERE t.id = 1",
            conversation,
            customer,
            since
        ),
    )
}

/// The file an entry names, locked: of two entries that name it and are erased side by side, the later one sees what the other did.
pub fn lock_named_by(tx: &mut Tx, conversation: ConversationId, seq: i64) -> Result<Option<File>> {
    tx.find(sql!(
        columns!("JOIN file_entry n ON n.file_id = f.id WHERE n.conversation_id = $1 AND n.seq = $2 FOR UPDATE"),
        conversation,
        seq
    ))
}

/// The entries that name a file.
pub fn namings(tx: &mut Tx, file: i64) -> Result<Vec<Naming>> {
    tx.all(sql!(
        "SELECT n.conversation_id, n.seq, e.state
           FROM file_entry n
           JOIN entry e ON e.conversation_id = n.conversation_id AND e.seq = n.seq
          WHERE n.file_id = $1
          ORDER BY n.conversation_id, n.seq",
        file
    ))
}

/// Notes that an entry names a file; answers whether the file is there.
pub fn set_named(tx: &mut Tx, public_id: &str, conversation: ConversationId, seq: i64) -> Result<bool> {
    let is_there = tx.run(sql!("UPDATE file SET seq = $2 WHERE public_id = $1", public_id, seq))? == 1;
    tx.run(sql!(
        "INSERT INTO file_entry (conversation_id, seq, file_id) SELECT $1, $2, id FROM file WHERE public_id = $3",
        conversation,
        seq,
        public_id
    ))?;
    Ok(is_there)
}

pub fn delete_naming(tx: &mut Tx, conversation: ConversationId, seq: i64) -> Result<()> {
    tx.run(sql!("DELETE FROM file_entry WHERE conversation_id = $1 AND seq = $2", conversation, seq))?;
    Ok(())
}

pub fn insert_thumbnail(tx: &mut Tx, small: &Thumbnail) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO file_thumbnail (file_id, blob, media_type, bytes, width, height) VALUES ($1, $2, $3, $4, $5, $6)",
        small.file_id,
        small.blob.clone(),
        &small.media_type,
        small.bytes,
        small.width,
        small.height
    ))?;
    Ok(())
}

pub fn thumbnail(tx: &mut Tx, file: i64) -> Result<Option<Thumbnail>> {
    tx.find(sql!("SELECT file_id, blob, media_type, bytes, width, height FROM file_thumbnail WHERE file_id = $1", file))
}

/// Files whose small copy was not looked after yet, a few.
pub fn underived(tx: &mut Tx, limit: i64) -> Result<Vec<File>> {
    tx.all(sql!(columns!("WHERE NOT f.is_derived ORDER BY f.id LIMIT $1"), limit))
}

/// Answers whether this was the first to say so.
pub fn set_derived(tx: &mut Tx, file: i64) -> Result<bool> {
    Ok(tx.run(sql!("UPDATE file SET is_derived = TRUE WHERE id = $1 AND NOT is_derived", file))? == 1)
}

/// Files that came before `before` and that no entry names, a few.
pub fn unnamed(tx: &mut Tx, before: Millis, limit: i64) -> Result<Vec<File>> {
    tx.all(sql!(columns!("WHERE f.seq IS NULL AND f.created_at < $1 ORDER BY f.created_at, f.id LIMIT $2 FOR UPDATE"), before, limit))
}

/// Deletes a file's rows; answers its contents.
pub fn delete(tx: &mut Tx, file: &File) -> Result<Vec<BlobId>> {
    let small = thumbnail(tx, file.id)?;
    tx.run(sql!("DELETE FROM file_entry WHERE file_id = $1", file.id))?;
    tx.run(sql!("DELETE FROM file_thumbnail WHERE file_id = $1", file.id))?;
    if tx.run(sql!("DELETE FROM file WHERE id = $1", file.id))? == 1 {
        add_to_total(tx, -file.bytes)?;
    }
    Ok(std::iter::once(file.blob.clone()).chain(small.map(|small| small.blob)).collect())
}

row! { struct Count { n: i64 } }

pub fn is_named_by_a_row(tx: &mut Tx, blob: &BlobId) -> Result<bool> {
    let count: Count = tx.get(
        "count",
        sql!(
            "SELECT (SELECT COUNT(*) FROM file WHERE blob = $1) + (SELECT COUNT(*) FROM file_thumbnail WHERE blob = $1)
                    + (SELECT COUNT(*) FROM site_logo WHERE blob = $1) AS n",
            blob.clone()
        ),
    )?;
    Ok(count.n > 0)
}
