//! Images of conversations: checked and encoded anew when they come in, fetched by addresses that end after ten minutes.
//!
//! Owns `file`, `file_thumbnail` and `file_entry`. The content is a blob, written before the row. An address is a capability (`link`): it
//! says for whom it was made, and each fetch asks again whether that one may see the file (`fetch`). Start at `upload`, then `fetch`;
//! [`erase`] is how a file goes for good.
mod erase;
mod fetch;
mod http;
mod image;
mod jobs;
mod link;
mod model;
mod store;
#[cfg(test)]
mod tests;
mod upload;

pub use erase::erase;
pub use http::routes;
pub use jobs::{DeleteContent, MakeThumbnails, purge};
pub use link::{LINK_LIFE, Links};
pub use model::File;
pub use upload::Desk;

use crate::conversation::{self, CUSTOMER, Conversation, ConversationId};
use yingda_base::{Error, Result, Tx};

yingda_base::texts!("texts.toml");
yingda_base::setting! {
    /// What an uploaded image may weigh, in MiB.
    pub static IMAGE_MB: i64 = "file.image_mb", default 10, scopes [Operator], check |mb| (1..=10).contains(mb);
}

/// A file that this participant may name in an entry of this conversation: their own upload to it, or a customer's to an earlier episode of
/// the same thread.
pub fn find(tx: &mut Tx, public_id: &str, row: &Conversation, participant: i64) -> Result<Option<File>> {
    let Some(file) = store::find(tx, public_id)?.filter(|file| file.participant == participant) else { return Ok(None) };
    if file.conversation_id == row.id {
        return Ok(Some(file));
    }
    let uploaded_to = conversation::by_ids(tx, &[file.conversation_id.0])?.pop();
    let is_continued = participant == CUSTOMER && uploaded_to.is_some_and(|earlier| earlier.thread_id == row.thread_id);
    Ok(is_continued.then_some(file))
}

/// Notes that an entry names a file, which keeps it. The caller has looked that it is there.
pub fn named(tx: &mut Tx, public_id: &str, conversation: ConversationId, seq: i64) -> Result<()> {
    // Deleted in this very moment: the sender tries again and learns that it is gone.
    if store::set_named(tx, public_id, conversation, seq)? { Ok(()) } else { Err(Error::unavailable("busy").retry_after(100)) }
}
