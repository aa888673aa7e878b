//! Uploading: what somebody sends is checked, its content stored, and then its row written.
use super::{
    format::Format,
    image::{self, Frame, Picture, Pictures},
    model::{File, FileKind, Thumbnail},
    name::FileName,
    quota::{self, Quota},
    receive::Received,
    scan::{Scanner, ScannerOptions},
    store,
};
use crate::{
    App,
    auth::{Action, authorise},
    conversation::{self, CUSTOMER, Conversation},
};
use ::image::ImageFormat;
use std::{
    io::{Read, Seek},
    sync::Arc,
};
use tokio::sync::Semaphore;
use yingda_base::{
    Context, Error, Result, Tx,
    blob::{BlobId, Blobs, unwritable},
    http::{Actor, Caller},
};

/// Uploads that may be worked on or wait for a decoder at the same time.
const PLACES: usize = 32;
/// Bodies that may come in at the same time: each may lie on the disk as a file without a name meanwhile.
const READINGS: usize = 128;
/// Decoded at once: each may hold 256 MiB for a moment.
const AT_ONCE: usize = 2;

/// Bounds how many uploads this program works on.
pub struct Desk {
    readings: Arc<Semaphore>,
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    scanner: Option<Scanner>,
}

impl Desk {
    /// With a virus scanner or without.
    pub fn new(scanner: Option<ScannerOptions>) -> Desk {
        let places = |count| Arc::new(Semaphore::new(count));
        Desk { readings: places(READINGS), places: places(PLACES), turns: places(AT_ONCE), scanner: scanner.map(Scanner::new) }
    }

    /// Who is asked about viruses, if anybody.
    pub(super) fn scanner(&self) -> Option<&Scanner> {
        self.scanner.as_ref()
    }

    /// To be held while the body comes in. Code: `busy`.
    pub fn reading(&self) -> Result<tokio::sync::OwnedSemaphorePermit> {
        self.readings.clone().try_acquire_owned().map_err(|_| Error::unavailable("busy"))
    }

    /// To be held while it is worked on. Code: `busy`.
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

/// What was checked; its contents are stored, its rows are not.
pub struct Stored {
    kind: FileKind,
    name: Option<String>,
    whole: Content,
    thumbnail: Option<Content>,
}

impl Stored {
    /// Takes the contents back: the row could not be written.
    pub async fn discard(&self, blobs: &Blobs) {
        for content in std::iter::once(&self.whole).chain(&self.thumbnail) {
            content.discard(blobs).await;
        }
    }
}

/// A picture whose bytes are stored.
pub struct Content {
    /// Where.
    pub blob: BlobId,
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// Its size.
    pub bytes: i64,
    /// In pixels.
    pub width: i64,
    /// In pixels.
    pub height: i64,
}

impl Content {
    /// Takes it back: the row could not be written.
    pub async fn discard(&self, blobs: &Blobs) {
        if let Err(error) = blobs.delete(&self.blob).await {
            tracing::warn!(%error, "the content of a refused upload is left behind; `verify` finds it");
        }
    }

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

/// What an upload says it is.
pub enum Declared {
    /// An image of this format.
    Image(ImageFormat),
    /// Any other file, and what it is called.
    Document(&'static Format, FileName),
}

/// Checks what came and stores its contents. Codes: those of [`image::process`] and [`Format::check`], `blob.full`.
pub async fn put_in(app: &App, declared: Declared, received: Received) -> Result<Stored> {
    match declared {
        Declared::Image(format) => store_image(app, format, received).await,
        Declared::Document(format, name) => store_document(app, format, &name, received).await,
    }
}

/// Checks an image and encodes it anew.
async fn store_image(app: &App, format: ImageFormat, received: Received) -> Result<Stored> {
    let Pictures { whole, thumbnail } = app.files.decode(move || image::process(format, &read_whole(received)?)).await?;
    // Contents first: a row names only what is there. If the program dies before it is written, they are rubbish that `verify` finds.
    let whole = put(&app.blobs, &app.context, whole).await?;
    let thumbnail = match thumbnail {
        Some(picture) => Some(put(&app.blobs, &app.context, picture).await?),
        None => None,
    };
    Ok(Stored { kind: FileKind::Image, name: None, whole, thumbnail })
}

/// A decoder jumps about in it. At most as many are held as decode at once.
fn read_whole(Received { mut content, bytes, .. }: Received) -> Result<Vec<u8>> {
    let mut whole = Vec::with_capacity(usize::try_from(bytes).map_err(Error::internal)?);
    content.rewind().and_then(|()| content.read_to_end(&mut whole)).map_err(unwritable)?;
    Ok(whole)
}

/// Checks a picture that another room keeps in a row of its own, makes it fit and stores it; no row names it yet. Codes: those of
/// [`image::process`], `blob.full`.
pub async fn put_fitted(app: &App, format: ImageFormat, received: Received, frame: Frame) -> Result<Content> {
    let picture = app.files.decode(move || image::fitted(format, &read_whole(received)?, frame)).await?;
    put(&app.blobs, &app.context, picture).await
}

/// Looks into any other file and stores it as it came.
async fn store_document(app: &App, format: &'static Format, name: &FileName, received: Received) -> Result<Stored> {
    let Received { mut content, bytes, .. } = received;
    let content = app.files.decode(move || format.check(&mut content).map(|()| content)).await?;
    let blob = app.blobs.put_file(&app.context.entropy, content).await?;
    let bytes = i64::try_from(bytes).map_err(Error::internal)?;
    let whole = Content { blob, media_type: format.media_type, bytes, width: 0, height: 0 };
    Ok(Stored { kind: FileKind::Document, name: Some(name.to_string()), whole, thumbnail: None })
}

/// Stores a picture's bytes under a new name.
pub(super) async fn put(blobs: &Blobs, context: &Context, picture: Picture) -> Result<Content> {
    let Picture { media_type, width, height, bytes } = picture;
    let size = i64::try_from(bytes.len()).map_err(Error::internal)?;
    let blob = blobs.put(&context.entropy, bytes.into()).await?;
    Ok(Content { blob, media_type, bytes: size, width: i64::from(width), height: i64::from(height) })
}

/// Keeps what was stored as a file of a conversation. Codes as [`check_upload`] and [`quota::charge`].
pub fn keep(tx: &mut Tx, caller: &Caller, conversation: &str, quota: Quota, stored: &Stored) -> Result<File> {
    let (row, participant) = speaker(tx, &caller.actor, conversation)?;
    let Content { blob, media_type, bytes, width, height } = &stored.whole;
    let file = File {
        id: tx.next_id(),
        public_id: tx.entropy().public_id(),
        conversation_id: row.id,
        participant,
        blob: blob.clone(),
        kind: stored.kind,
        name: stored.name.clone(),
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
    quota::charge(tx, quota, &row, participant, file.bytes)?;
    Ok(file)
}
