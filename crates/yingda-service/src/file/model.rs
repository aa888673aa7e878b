//! What is known of a file.
use crate::conversation::{ConversationId, EntryState};
use yingda_base::{Millis, blob::BlobId, row, text_enum};

text_enum! {
    /// What a file is.
    pub enum FileKind {
        /// Encoded anew by us; shown.
        Image = "image",
        /// Kept as it came; only ever saved.
        Document = "document",
    }
}

row! {
    /// A file of a conversation.
    #[derive(Clone, Debug, PartialEq)]
    pub struct File {
        /// Inside the house.
        pub id: i64,
        /// Outside.
        pub public_id: String,
        /// Where it may be sent.
        pub conversation_id: ConversationId,
        /// Who brought it.
        pub participant: i64,
        /// Its content.
        pub blob: BlobId,
        /// What it is.
        pub kind: FileKind,
        /// What it is called, unless it is an image: cleaned.
        pub name: Option<String>,
        /// `image/png`, `image/jpeg`, or what its ending stands for.
        pub media_type: String,
        /// Size of the content.
        pub bytes: i64,
        /// In pixels; 0 if it is no image.
        pub width: i64,
        /// In pixels; 0 if it is no image.
        pub height: i64,
        /// Whether a small copy was made, or found not to be needed.
        pub is_derived: bool,
        /// When it came.
        pub created_at: Millis,
    }

    /// The small copy of an image.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Thumbnail {
        /// Of which file.
        pub file_id: i64,
        /// Its content.
        pub blob: BlobId,
        /// `image/png` or `image/jpeg`.
        pub media_type: String,
        /// Size of the content.
        pub bytes: i64,
        /// In pixels.
        pub width: i64,
        /// In pixels.
        pub height: i64,
    }

    /// An entry that names a file.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Naming {
        /// In which log.
        pub conversation_id: ConversationId,
        /// Where in it.
        pub seq: i64,
        /// What became of the entry.
        pub state: EntryState,
    }
}
