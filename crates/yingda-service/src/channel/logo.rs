//! The logo of a site: uploaded first, shown once the site is saved with it, and gone a day after nobody shows it any more.
//!
//! It is public: whoever knows a site may fetch it, and what an address leads to never changes. What is stored was made by us, pixel by
//! pixel (`file`).
use super::{
    model::{Logo, SiteId},
    store::{self, LogoRow},
};
use crate::{
    App,
    audit::{self, Audit},
    file::{self, Content, Frame},
};
use ::image::ImageFormat;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use std::time::Duration;
use yingda_base::{Error, Result, Tx, error::Kind, http::Caller};

/// What an uploaded logo may weigh, in bytes.
pub const HEAVIEST: u64 = 5 * 1024 * 1024;
/// What is kept: three times what a panel draws, for dense screens, and no burden on anybody's page.
const FRAME: Frame = Frame { side: 512, bytes: 64 * 1024 };
/// How long one that no site shows is kept: for whoever has the form open, and for panels that were about to fetch it.
const UNUSED: Duration = Duration::from_secs(24 * 3600);
/// Of one site, so that a form cannot fill the disk within that day.
const MOST_UNUSED: usize = 40;
/// Rows of one unit.
const CHUNK: i64 = 50;

/// The format of a logo. Code: `site.logo_type` (SVG, animations, and everything that is no picture).
pub fn declared(content_type: &str) -> Result<ImageFormat> {
    file::declared_image(content_type)
        .ok()
        .filter(|format| *format != ImageFormat::Gif)
        .ok_or_else(|| Error::new(Kind::Unsupported, "site.logo_type"))
}

/// Checks what came and stores it; no row names it yet.
pub async fn put(app: &App, format: ImageFormat, received: file::Received) -> Result<Content> {
    file::put_fitted(app, format, received, FRAME).await
}

/// Whether there is such a site, and room for another logo of it. Codes: `not_found`, `site.logo_limit`.
pub fn check_room(tx: &mut Tx, site: SiteId) -> Result<()> {
    store::find(tx, site)?.ok_or_else(|| Error::not_found("site"))?;
    if store::unused_logos(tx, site)? < MOST_UNUSED { Ok(()) } else { Err(Error::conflict("site.logo_limit").with("limit", MOST_UNUSED)) }
}

/// Keeps what was stored as a logo the site may be saved with. Codes as [`check_room`].
pub fn keep(tx: &mut Tx, caller: &Caller, site: SiteId, content: &Content) -> Result<Logo> {
    // Locked, so that of two who upload at the same time the second one counts that of the first.
    store::lock(tx, site)?.ok_or_else(|| Error::not_found("site"))?;
    check_room(tx, site)?;
    let Content { blob, media_type, bytes, width, height } = content;
    let row = LogoRow {
        id: tx.next_id(),
        public_id: tx.entropy().public_id(),
        site_id: site,
        blob: blob.clone(),
        media_type: (*media_type).to_owned(),
        bytes: *bytes,
        width: *width,
        height: *height,
    };
    store::insert_logo(tx, &row)?;
    // Everybody may fetch it from now on, saved or not.
    let what = serde_json::json!({"logo": row.public_id, "bytes": row.bytes}).to_string();
    let audit =
        Audit { action: "site.logo_upload", object_kind: "site", object_id: site.to_string(), after: Some(what), ..Audit::default() };
    audit::record(tx, caller, &audit)?;
    Ok(Logo::new(row.public_id, row.width, row.height))
}

/// A logo of this site by its id, shown or not. Code: `site.logo_gone`.
pub fn of_site(tx: &mut Tx, site: SiteId, id: &str) -> Result<Logo> {
    let row = store::find_logo(tx, id)?.filter(|row| row.site_id == site).ok_or_else(|| Error::invalid("site.logo_gone"))?;
    Ok(Logo::new(row.public_id, row.width, row.height))
}

/// The site shows this one from now on, or none. The one before stays for a day. Code: `site.logo_gone`.
pub fn show(tx: &mut Tx, site: SiteId, logo: Option<&Logo>) -> Result<()> {
    store::hide_logo(tx, site)?;
    match logo {
        Some(logo) if !store::show_logo(tx, site, &logo.id)? => Err(Error::invalid("site.logo_gone")),
        Some(_) | None => Ok(()),
    }
}

/// A logo as everybody may fetch it.
pub struct Found {
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The bytes as they come.
    pub content: BoxStream<'static, Result<Bytes>>,
}

/// What an address leads to. `not_found`.
pub async fn fetch(app: &App, id: String) -> Result<Found> {
    let row = app.db.read(move |tx| store::find_logo(tx, &id)?.ok_or_else(|| Error::not_found("logo"))).await?;
    let (bytes, content) = app.blobs.stream(&row.blob).await?;
    Ok(Found { media_type: row.media_type, bytes, content })
}

/// Deletes a chunk of the logos no site has shown for a day; how many. Their contents follow as jobs.
pub fn purge(tx: &mut Tx) -> Result<u64> {
    let mut gone = 0;
    for row in store::long_unused_logos(tx, tx.now() - UNUSED, CHUNK)? {
        gone += 1;
        store::delete_logo(tx, row.id)?;
        file::delete_later(tx, row.blob)?;
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_still_pictures_are_logos() {
        for good in ["image/png", "image/jpeg", "image/webp", "IMAGE/PNG; charset=x"] {
            assert!(declared(good).is_ok(), "{good}");
        }
        for bad in ["image/svg+xml", "image/gif", "image/x-icon", "text/html", "application/octet-stream", ""] {
            assert_eq!(declared(bad).unwrap_err().code(), "site.logo_type", "{bad}");
        }
    }
}
