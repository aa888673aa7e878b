//! Uploading an image.
use super::{
    image::{self, Picture, Pictures},
    model::{File, Thumbnail},
    store,
};
use crate::{
    App,
    auth::{Action, authorise},
    conversation::{self, CUSTOMER, Conversation},
};
use ::image::ImageFormat;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::Semaphore;
use yingda_base::{
    Context, Error, Result, Tx,
    blob::{BlobId, Blobs},
    http::{Actor, Budget, Caller},
};

/// Uploads that may wait for a decoder at the same time.
const PLACES: usize = 32;
/// What uploads may hold in memory, those that are still coming in included.
const BUDGET: usize = 384 * 1024 * 1024;
/// Decoded at once: each may hold 256 MiB for a moment.
const AT_ONCE: usize = 2;

/// Bounds how many uploads this program works on.
pub struct Desk {
    /// What is being read.
    pub budget: Budget,
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Default for Desk {
    fn default() -> Desk {
        Desk { budget: Budget::new(BUDGET), places: Arc::new(Semaphore::new(PLACES)), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Desk {
    /// To be held while a body that was read is worked on. Code: `busy`.
    pub fn place(&self) -> Result<tokio::sync::OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().map_err(|_| Error::unavailable("busy"))
    }

    /// Runs work that decodes what strangers sent, when it is its turn.
    pub(super) async fn decode<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let turn = self.turns.clone().acquire_owned().await.map_err(Error::internal)?;
        // The turn goes with the work: a caller who leaves does not let a third one in.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(Error::internal)?
    }
}

/// Who the caller is in a conversation they may speak in: asked before the body is read, and again before the row is written.
pub async fn check_upload(app: &App, caller: &Caller, conversation: &str) -> Result<()> {
    let (actor, conversation) = (caller.actor.clone(), conversation.to_owned());
    app.db.read(move |tx| speaker(tx, &actor, &conversation).map(drop)).await
}

fn speaker(tx: &mut Tx, actor: &Actor, conversation: &str) -> Result<(Conversation, i64)> {
    let row = conversation::find_by_public_id(tx, conversation)?.ok_or_else(|| Error::not_found("conversation"))?;
    match actor {
        Actor::Staff(staff) => {
            authorise(actor, Action::Serve, &row)?;
            let participant = conversation::participant_of(tx, row.id, staff.id)?;
            Ok((row, participant.ok_or_else(|| Error::bug("an owner takes no part"))?))
        }
        Actor::Visitor(_) | Actor::Anonymous => authorise(actor, Action::Take, &row).map(|()| (row, CUSTOMER)),
    }
}

/// An image that was encoded anew; its contents are stored, its rows are not.
pub struct Stored {
    whole: Content,
    thumbnail: Option<Content>,
}

/// A picture whose bytes are stored.
pub(super) struct Content {
    blob: BlobId,
    media_type: &'static str,
    bytes: i64,
    width: i64,
    height: i64,
}

impl Content {
    /// As the small copy of a file.
    pub(super) fn thumbnail_of(&self, file_id: i64) -> Thumbnail {
        let Content { blob, media_type, bytes, width, height } = self;
        Thumbnail { file_id, blob: blob.clone(), media_type: (*media_type).to_owned(), bytes: *bytes, width: *width, height: *height }
    }

    /// Its bytes.
    pub(super) fn blob(&self) -> &BlobId {
        &self.blob
    }
}

/// Checks an image, encodes it anew and stores its contents. Codes: those of [`image::process`], `busy`, `blob.full`.
pub async fn store_image(app: &App, format: ImageFormat, bytes: Bytes) -> Result<Stored> {
    let Pictures { whole, thumbnail } = app.files.decode(move || image::process(format, &bytes)).await?;
    // Contents first: a row names only what is there. If the row cannot be written, they are rubbish that `verify` finds.
    let whole = put(&app.blobs, &app.context, whole).await?;
    let thumbnail = match thumbnail {
        Some(picture) => Some(put(&app.blobs, &app.context, picture).await?),
        None => None,
    };
    Ok(Stored { whole, thumbnail })
}

/// Stores a picture's bytes under a new name.
pub(super) async fn put(blobs: &Blobs, context: &Context, picture: Picture) -> Result<Content> {
    let Picture { media_type, width, height, bytes } = picture;
    let size = i64::try_from(bytes.len()).map_err(Error::internal)?;
    let blob = blobs.put(&context.entropy, bytes.into()).await?;
    Ok(Content { blob, media_type, bytes: size, width: i64::from(width), height: i64::from(height) })
}

/// Keeps a stored image as a file of a conversation. Codes as [`check_upload`].
pub fn keep(tx: &mut Tx, caller: &Caller, conversation: &str, stored: &Stored) -> Result<File> {
    let (row, participant) = speaker(tx, &caller.actor, conversation)?;
    let Content { blob, media_type, bytes, width, height } = &stored.whole;
    let file = File {
        id: tx.next_id(),
        public_id: tx.entropy().public_id(),
        conversation_id: row.id,
        participant,
        blob: blob.clone(),
        media_type: (*media_type).to_owned(),
        bytes: *bytes,
        width: *width,
        height: *height,
        is_derived: true,
        created_at: tx.now(),
    };
    store::insert(tx, &file)?;
    if let Some(thumbnail) = &stored.thumbnail {
        store::insert_thumbnail(tx, &thumbnail.thumbnail_of(file.id))?;
    }
    Ok(file)
}
