//! Images of conversations: checked and encoded anew when they come in, fetched by addresses that end after ten minutes.
//!
//! Owns `file`. The content is a blob, written before the row. An address is a capability: whoever has it sees the image, since `img`
//! elements send no token; so it is short-lived and given only to those who may see the conversation.
mod actions;
mod http;
mod image;
mod jobs;
mod model;
mod store;
#[cfg(test)]
mod tests;

pub use actions::Desk;
pub use http::routes;
pub use jobs::{DeleteContent, purge};
pub use model::{File, LINK_LIFE, link};

use yingda_base::{Error, Result, Tx};

yingda_base::texts!("texts.toml");
yingda_base::setting! {
    /// What an uploaded image may weigh, in MiB.
    pub static IMAGE_MB: i64 = "file.image_mb", default 10, scopes [Operator], check |mb| (1..=10).contains(mb);
}

/// A file by its public id.
pub fn find(tx: &mut Tx, public_id: &str) -> Result<Option<File>> {
    store::find(tx, public_id)
}

/// Notes that an entry of its conversation names a file, which keeps it. The caller has looked that it is there.
pub fn named(tx: &mut Tx, public_id: &str, seq: i64) -> Result<()> {
    // Deleted in this very moment: the sender tries again and learns that it is gone.
    if store::set_named(tx, public_id, seq)? { Ok(()) } else { Err(Error::unavailable("busy").retry_after(100)) }
}
