//! Files of conversations.
use super::model::File;
use yingda_base::{Result, Tx, row, sql};

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

/// The public id of the conversation a file stands in.
pub fn conversation_of(tx: &mut Tx, public_id: &str) -> Result<Option<String>> {
    row! { struct Found { conversation: String } }
    let found: Option<Found> = tx.find(sql!(
        "SELECT c.public_id AS conversation FROM file f JOIN conversation c ON c.id = f.conversation_id WHERE f.public_id = $1",
        public_id
    ))?;
    Ok(found.map(|found| found.conversation))
}
