//! What was uploaded and never sent goes away: the row after a day, the content a day after the row. Older images get small copies.
use super::model::File;
use super::{
    image, store,
    upload::{self, Desk},
};
use ::image::ImageFormat;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use yingda_base::{
    Error, Result, Tx,
    blob::{BlobId, Blobs},
    job::{self, Job, JobContext, Plan},
};

/// How long an upload may wait to be sent.
const UNSENT: Duration = Duration::from_secs(24 * 3600);
/// A backup copies the database first and the contents after it: what its rows name must stay until then.
const COPIED: Duration = Duration::from_secs(24 * 3600);
/// Rows of one unit.
const CHUNK: i64 = 50;
/// Images of one run: well below its time limit.
const RUN: i64 = 200;

/// Deletes a chunk of the files that no entry named within a day; how many. Their contents follow as jobs.
pub fn purge(tx: &mut Tx) -> Result<u64> {
    let before = tx.now() - UNSENT;
    let mut gone = 0;
    for file in store::unnamed(tx, before, CHUNK)? {
        gone += 1;
        for blob in store::delete(tx, &file)? {
            delete_later(tx, blob)?;
        }
    }
    Ok(gone)
}

/// Deletes a content whose row goes in this unit, once a backup that saw the row has copied it.
pub fn delete_later(tx: &mut Tx, blob: BlobId) -> Result<()> {
    let at = tx.now() + COPIED;
    job::enqueue_with(tx, &DeleteContent { blob }, &Plan { run_at: Some(at), unique_key: None }).map(drop)
}

/// Deletes the content of a file whose row is gone.
#[derive(Serialize, Deserialize)]
pub struct DeleteContent {
    /// What is to go.
    pub(super) blob: BlobId,
}

impl Job for DeleteContent {
    const NAME: &'static str = "file.delete_content";

    async fn run(self, context: &JobContext) -> Result<()> {
        let blob = self.blob.clone();
        // After a restore the row may be back.
        if context.db.read(move |tx| store::is_named_by_a_row(tx, &blob)).await? {
            return Ok(());
        }
        context.get::<Blobs>()?.delete(&self.blob).await
    }
}

/// Makes the small copies of images that came before there were any.
#[derive(Serialize, Deserialize)]
pub struct MakeThumbnails {}

impl Job for MakeThumbnails {
    const NAME: &'static str = "file.make_thumbnails";

    async fn run(self, context: &JobContext) -> Result<()> {
        let files = context.db.read(|tx| store::underived(tx, RUN)).await?;
        let is_more = i64::try_from(files.len()).is_ok_and(|n| n == RUN);
        for file in files {
            if context.stopping.is_set() {
                return Err(Error::unavailable("busy"));
            }
            make_thumbnail(context, file).await?;
        }
        if is_more { context.db.write(|tx| job::enqueue(tx, &MakeThumbnails {}).map(drop)).await } else { Ok(()) }
    }
}

async fn make_thumbnail(context: &JobContext, file: File) -> Result<()> {
    let (blobs, desk) = (context.get::<Blobs>()?, context.get::<Arc<Desk>>()?);
    let format = ImageFormat::from_mime_type(&file.media_type).ok_or_else(|| Error::bug("an image of a type we do not keep"))?;
    let made = match blobs.get(&file.blob).await {
        Ok(bytes) => desk.decode(move || image::thumbnail(format, &bytes)).await,
        Err(error) => Err(error),
    };
    let picture = match made {
        Ok(picture) => picture,
        Err(error) if is_fleeting(&error) => return Err(error),
        Err(error) => {
            tracing::warn!(%error, file = file.public_id, "an image has no small copy; it is shown whole");
            None
        }
    };
    let small = match picture {
        Some(picture) => Some(upload::put(blobs, &context.context, picture).await?),
        None => None,
    };
    let (id, row) = (file.id, small.as_ref().map(|small| small.thumbnail_of(file.id)));
    let keep = move |tx: &mut Tx| {
        let is_first = store::set_derived(tx, id)?;
        match &row {
            Some(row) if is_first => store::insert_thumbnail(tx, row).map(|()| true),
            _ => Ok(is_first),
        }
    };
    let is_kept = context.db.write(keep).await?;
    match small {
        // The file is gone, or another node was faster.
        Some(small) if !is_kept => blobs.delete(small.blob()).await,
        _ => Ok(()),
    }
}

/// Whether trying again later may help.
fn is_fleeting(error: &Error) -> bool {
    matches!(error.kind(), yingda_base::error::Kind::Unavailable | yingda_base::error::Kind::Internal)
}
