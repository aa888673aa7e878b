//! Forgetting a file for good.
use super::{jobs::DeleteContent, model::File, store};
use crate::conversation::{ConversationId, EntryState};
use yingda_base::{Result, Tx, blob::BlobId, job};

/// Erases what the entry `seq` of a conversation shows of a file: its row, the file itself and everything made from it. To be called in the
/// unit that erases the entry; the contents are deleted by jobs once that has committed. Answers the contents that go, for a ledger.
///
/// Doing it again changes nothing, whether or not the entry is erased by then. A file that another entry still shows stays until that one is
/// erased too.
pub fn erase(tx: &mut Tx, conversation: ConversationId, seq: i64) -> Result<Vec<BlobId>> {
    let Some(file) = store::lock_named_by(tx, conversation, seq)? else { return Ok(Vec::new()) };
    store::delete_naming(tx, conversation, seq)?;
    let is_shown = store::namings(tx, file.id)?.iter().any(|naming| naming.state != EntryState::Erased);
    if is_shown { Ok(Vec::new()) } else { remove(tx, &file) }
}

/// Deletes a file's rows now and its contents as soon as this unit has committed; answers the contents.
pub(super) fn remove(tx: &mut Tx, file: &File) -> Result<Vec<BlobId>> {
    let contents = store::delete(tx, file)?;
    for blob in &contents {
        job::enqueue(tx, &DeleteContent { blob: blob.clone() })?;
    }
    Ok(contents)
}
