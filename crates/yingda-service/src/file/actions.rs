//! Uploading an image, and giving out its address.
use super::{
    image::{self, Picture},
    model::{self, File},
    store,
};
use crate::{
    App,
    auth::{Action, authorise, permission},
    conversation::{self, CUSTOMER, Conversation, EntryState},
};
use ::image::ImageFormat;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::Semaphore;
use yingda_base::{
    Error, Millis, Result, Tx,
    blob::BlobId,
    error::Kind,
    http::{Actor, Caller},
};

/// Uploads that may be read or wait for a decoder at the same time: each holds up to 10 MiB.
const PLACES: usize = 32;
/// Decoded at once: each may hold 256 MiB for a moment.
const AT_ONCE: usize = 2;

/// Bounds how many uploads this program works on.
pub struct Desk {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Default for Desk {
    fn default() -> Desk {
        Desk { places: Arc::new(Semaphore::new(PLACES)), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Desk {
    /// To be held while the body is read and worked on. Code: `busy`.
    pub fn place(&self) -> Result<tokio::sync::OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().map_err(|_| Error::unavailable("busy"))
    }

    async fn process(&self, format: ImageFormat, bytes: Bytes) -> Result<Picture> {
        let turn = self.turns.clone().acquire_owned().await.map_err(Error::internal)?;
        // The turn goes with the work: a caller who leaves does not let a third one in.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            image::process(format, &bytes)
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

/// An image that was encoded anew; its content is stored, its row is not.
pub struct Stored {
    blob: BlobId,
    media_type: &'static str,
    bytes: i64,
    width: i64,
    height: i64,
}

/// Checks an image, encodes it anew and stores its content. Codes: those of [`image::process`], `busy`, `blob.full`.
pub async fn store_image(app: &App, format: ImageFormat, bytes: Bytes) -> Result<Stored> {
    let Picture { media_type, width, height, bytes } = app.files.process(format, bytes).await?;
    let size = i64::try_from(bytes.len()).map_err(Error::internal)?;
    // The blob first: a row names only what is there. If the row cannot be written, the blob is rubbish that `verify` finds.
    let blob = app.blobs.put(&app.context.entropy, bytes.into()).await?;
    Ok(Stored { blob, media_type, bytes: size, width: i64::from(width), height: i64::from(height) })
}

/// Keeps a stored image as a file of a conversation. Codes as [`check_upload`].
pub fn keep(tx: &mut Tx, caller: &Caller, conversation: &str, stored: &Stored) -> Result<File> {
    let (row, participant) = speaker(tx, &caller.actor, conversation)?;
    let file = File {
        id: tx.next_id(),
        public_id: tx.entropy().public_id(),
        conversation_id: row.id,
        participant,
        blob: stored.blob.clone(),
        media_type: stored.media_type.to_owned(),
        bytes: stored.bytes,
        width: stored.width,
        height: stored.height,
        created_at: tx.now(),
    };
    store::insert(tx, &file)?;
    Ok(file)
}

/// A fresh address of a file in a conversation the caller may see. Codes: `gone` if its entry was recalled or erased, `not_found`.
pub async fn link(app: &App, caller: &Caller, file: String) -> Result<(String, Millis)> {
    let (actor, name) = (caller.actor.clone(), file.clone());
    let check = move |tx: &mut Tx| {
        let place = store::place(tx, &name)?.ok_or_else(|| Error::not_found("file"))?;
        let row = conversation::find_by_public_id(tx, &place.conversation)?.ok_or_else(|| Error::not_found("file"))?;
        authorise(&actor, Action::View, &row)
            .map_err(|error| if error.code() == "not_found" { Error::not_found("file") } else { error })?;
        let is_shown = match place.state {
            None | Some(EntryState::Kept) => true,
            Some(EntryState::Recalled) if sees_recalled(&actor) => true,
            Some(EntryState::Recalled | EntryState::Erased) => store::is_still_shown(tx, place.conversation_id, &name)?,
        };
        if is_shown { Ok(()) } else { Err(Error::new(Kind::Gone, "gone")) }
    };
    app.db.read(check).await?;
    Ok(model::link(&app.auth.links, &file, app.context.clock.now()))
}

fn sees_recalled(actor: &Actor) -> bool {
    matches!(actor, Actor::Staff(staff) if staff.can(permission::CONVERSATION_SEE_RECALLED))
}

/// What an address names: the file and when the address ends. Codes: `file.link_invalid`, `file.link_expired`, `not_found`.
pub async fn fetch(app: &App, capability: &str) -> Result<(File, Millis, Bytes)> {
    let (name, expires_at) = model::open_link(&app.auth.links, capability, app.context.clock.now())?;
    let found = app.db.read(move |tx| store::find(tx, &name)).await?;
    let file = found.ok_or_else(|| Error::not_found("file"))?;
    let bytes = app.blobs.get(&file.blob).await?;
    Ok((file, expires_at, bytes))
}
