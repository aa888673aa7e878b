//! Files of conversations: images are encoded anew, others looked into and only ever saved; fetched by addresses that end after ten minutes.
//!
//! Owns `file`, `file_thumbnail`, `file_entry` and `file_total`. The content is a blob, written before the row. An address is a capability (`link`): it
//! says for whom it was made, and each fetch asks again whether that one may see the file (`fetch`). A virus scanner may be asked first (`scan`).
//! Pictures that other rooms keep in rows of their own come in the same way ([`receive_admitted`], [`put_fitted`]) and go by [`delete_later`].
//! Start at `upload`, then `fetch`; [`erase`] is how a file goes for good.
mod clamd;
mod erase;
mod fetch;
mod format;
mod http;
mod image;
mod jobs;
mod link;
mod model;
mod name;
mod office;
mod quota;
mod receive;
mod scan;
mod store;
#[cfg(test)]
mod tests;
mod text;
mod upload;
mod zip;

pub use self::image::{Frame, declared as declared_image};
pub use clamd::Address as ScannerAddress;
pub use erase::erase;
pub use http::routes;
pub use jobs::{DeleteContent, MakeThumbnails, delete_later, purge};
pub use link::{LINK_LIFE, Links};
pub use model::{File, FileKind};
pub use receive::{Received, check_length, declared_type, receive_admitted};
pub use scan::{OnFailure, ScannerOptions, check as check_for_viruses, watch as watch_scanner};
pub use upload::{Content, Desk, put_fitted};

use crate::conversation::{self, CUSTOMER, Conversation, ConversationId};
use serde_json::{Value, json};
use yingda_base::{Error, Result, Tx, locale::Language};

yingda_base::texts!("texts.toml");
yingda_base::setting! {
    /// What an uploaded image may weigh, in MiB.
    pub static IMAGE_MB: i64 = "file.image_mb", default 10, scopes [Operator], check |mb| (1..=10).contains(mb);
    /// Endings of the files besides images that may be sent, with commas between; empty: none.
    pub static TYPES: String = "file.types", default "pdf, docx, xlsx, pptx, txt, csv".to_owned(), scopes [Operator],
        check |types| endings(types).iter().all(|ending| format::Format::of(ending).is_some());
    /// What any other file may weigh, in MiB.
    pub static DOCUMENT_MB: i64 = "file.document_mb", default 20, scopes [Operator], check |mb| (1..=100).contains(mb);
    /// What one customer may send within 24 hours, in MiB; 0: without limit.
    pub static CUSTOMER_DAY_MB: i64 = "file.customer_day_mb", default 100, scopes [Operator], check |mb| (0..=100_000).contains(mb);
    /// What all files of one conversation may take, in MiB; 0: without limit.
    pub static CONVERSATION_MB: i64 = "file.conversation_mb", default 300, scopes [Operator], check |mb| (0..=100_000).contains(mb);
    /// What all files may take, in GiB; 0: without limit.
    pub static TOTAL_GB: i64 = "file.total_gb", default 50, scopes [Operator], check |gb| (0..=1_000_000).contains(gb);
    /// What becomes of files while the virus scanner gives no answer.
    pub static SCAN_FAILURE: OnFailure = "file.scan_failure", default OnFailure::Refuse, scopes [Operator], choices ["refuse", "pass"];
}

/// The endings of a list as an administrator writes it.
fn endings(list: &str) -> Vec<String> {
    list.split([',', ' ', '，', '、'])
        .map(|ending| ending.trim_start_matches('.').to_ascii_lowercase())
        .filter(|ending| !ending.is_empty())
        .collect()
}

/// What an entry says of a file that is no image, and its words for clients that do not know the kind.
pub fn describe(tx: &mut Tx, public_id: &str, language: Language) -> Result<(Value, String)> {
    let file = store::find(tx, public_id)?.ok_or_else(|| Error::unavailable("busy").retry_after(100))?;
    let name = file.name.unwrap_or_default();
    let fallback = match language {
        Language::Chinese => format!("[文件] {name}"),
        Language::English => format!("[File] {name}"),
    };
    Ok((json!({"file": file.public_id, "name": name, "bytes": file.bytes, "media_type": file.media_type}), fallback))
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
