//! Addresses, and what they lead to: rights are looked at when an address is made, and again each time somebody comes with it.
use super::{
    link::{Capability, Links, Variant},
    model::{File, FileKind, Naming},
    store,
};
use crate::{
    App,
    auth::{Action, Asker, authorise, permission},
    conversation::{self, EntryState},
};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use yingda_base::{
    Error, Millis, Result, Tx,
    blob::BlobId,
    error::Kind,
    http::{Actor, Caller},
};

/// Fresh addresses of a file.
pub struct Addresses {
    /// Of the file.
    pub url: String,
    /// Of its small copy.
    pub thumbnail_url: Option<String>,
    /// When they end.
    pub expires_at: Millis,
}

/// What an address leads to.
pub struct Found {
    /// As it will be called.
    pub media_type: String,
    /// Under which name it is saved; none for what may be shown.
    pub name: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// When the address ends.
    pub expires_at: Millis,
    /// The bytes as they come.
    pub content: BoxStream<'static, Result<Bytes>>,
}

/// Fresh addresses of a file in a conversation the caller may see. Codes: `gone` if its entry was recalled or erased, `not_found`.
pub async fn link(app: &App, caller: &Caller, file: String) -> Result<Addresses> {
    let asker = Asker::of(&caller.actor).ok_or_else(|| Error::unauthenticated("login_required"))?;
    let (actor, name) = (caller.actor.clone(), file.clone());
    let kind = app.db.read(move |tx| shown(tx, &actor, &name).map(|file| file.kind)).await?;
    let links = Links { signer: &app.auth.links, asker, now: app.context.clock.now() };
    let (url, expires_at) = links.whole(&file);
    let thumbnail_url = (kind == FileKind::Image).then(|| links.thumbnail(&file));
    Ok(Addresses { url, thumbnail_url, expires_at })
}

/// What an address leads to. Codes: `file.link_invalid`, `file.link_expired`; those of [`Asker::actor`]; those of [`link`].
pub async fn fetch(app: &App, capability: &str) -> Result<Found> {
    let Capability { file, variant, asker, expires_at } = Capability::open(&app.auth.links, capability, app.context.clock.now())?;
    let service = app.clone();
    let (media_type, blob, name) = app
        .db
        .read(move |tx| {
            let actor = asker.actor(tx, &service)?;
            let file = shown(tx, &actor, &file)?;
            content(tx, file, variant)
        })
        .await?;
    let (bytes, content) = app.blobs.stream(&blob).await?;
    Ok(Found { media_type, name, bytes, expires_at, content })
}

/// The file, if the actor may see it now: in a conversation they may see, by an entry that was not taken back.
fn shown(tx: &mut Tx, actor: &Actor, public_id: &str) -> Result<File> {
    let file = store::find(tx, public_id)?.ok_or_else(|| Error::not_found("file"))?;
    let namings = store::namings(tx, file.id)?;
    let mut places: Vec<i64> = namings.iter().map(|naming| naming.conversation_id.0).collect();
    if places.is_empty() {
        places.push(file.conversation_id.0);
    }
    places.sort_unstable();
    places.dedup();
    let rows = conversation::by_ids(tx, &places)?;
    let visible: Vec<_> = rows.iter().filter(|row| authorise(actor, Action::View, *row).is_ok()).map(|row| row.id).collect();
    if visible.is_empty() {
        return Err(Error::not_found("file"));
    }
    let is_shown = |naming: &Naming| visible.contains(&naming.conversation_id) && reads(actor, naming.state);
    if namings.is_empty() || namings.iter().any(is_shown) { Ok(file) } else { Err(Error::new(Kind::Gone, "gone")) }
}

fn reads(actor: &Actor, state: EntryState) -> bool {
    match state {
        EntryState::Kept => true,
        EntryState::Recalled => matches!(actor, Actor::Staff(staff) if staff.can(permission::CONVERSATION_SEE_RECALLED)),
        EntryState::Erased => false,
    }
}

fn content(tx: &mut Tx, file: File, variant: Variant) -> Result<(String, BlobId, Option<String>)> {
    if variant == Variant::Thumbnail
        && let Some(small) = store::thumbnail(tx, file.id)?
    {
        return Ok((small.media_type, small.blob, None));
    }
    let name = (file.kind != FileKind::Image).then(|| file.name.unwrap_or_default());
    Ok((file.media_type, file.blob, name))
}
