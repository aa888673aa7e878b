//! What was uploaded and never sent goes away: the row after a day, the content a day after the row.
use super::store;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use yingda_base::{
    Result, Tx,
    blob::{BlobId, Blobs},
    job::{self, Job, JobContext, Plan},
};

/// How long an upload may wait to be sent.
const UNSENT: Duration = Duration::from_secs(24 * 3600);
/// A backup copies the database first and the contents after it: what its rows name must stay until then.
const COPIED: Duration = Duration::from_secs(24 * 3600);
/// Rows of one unit.
const CHUNK: i64 = 50;

/// Deletes a chunk of the files that no entry named within a day; how many. Their contents follow as jobs.
pub fn purge(tx: &mut Tx) -> Result<u64> {
    let (before, at) = (tx.now() - UNSENT, tx.now() + COPIED);
    let mut gone = 0;
    for file in store::unnamed(tx, before, CHUNK)? {
        if store::delete_unnamed(tx, file.id)? {
            gone += 1;
            job::enqueue_with(tx, &DeleteContent { blob: file.blob }, &Plan { run_at: Some(at), unique_key: None })?;
        }
    }
    Ok(gone)
}

/// Deletes the content of a file whose row is gone.
#[derive(Serialize, Deserialize)]
pub struct DeleteContent {
    blob: BlobId,
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
