//! Taking a backup, proving it, and letting go of what is outdated.
use super::{
    Shelf,
    model::{self, Kept, Retention, RunId},
    shelf,
    store::{self, Made},
};
use crate::App;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc, time::Duration};
use yingda_base::{
    Db, Error, Millis, Result, backup,
    job::{Job, JobContext},
    part,
};

/// Rows of what was tried are kept so long.
const REMEMBERED: Duration = Duration::from_secs(400 * 86_400);
const CHUNK: i64 = 200;

/// Takes one, now. What becomes of it is written into its row, so that an administrator sees it.
#[derive(Serialize, Deserialize)]
pub struct Take {}

impl Job for Take {
    const NAME: &'static str = "backup.take";
    /// Over about four minutes. After that the next tick of the schedule is the next try.
    const MAX_ATTEMPTS: i64 = 8;
    /// Blobs that are no longer needed are kept for a day.
    const TIMEOUT: Duration = Duration::from_secs(20 * 3600);

    async fn run(self, context: &JobContext) -> Result<()> {
        let app: &App = context.get()?;
        let (id, file) = (RunId::from(context.id), model::name_of(context.context.clock.now()));
        let (name, began) = (file.clone(), context.context.clock.elapsed());
        let left = context.db.write(move |tx| store::begin(tx, id, &name)).await?;
        let taken = take(app, &file, left).await;
        let took = context.context.clock.elapsed().saturating_sub(began);
        let took_ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
        match taken {
            Ok((bytes, missing)) => {
                let made = Made { bytes: bytes.cast_signed(), took_ms, missing: missing.cast_signed() };
                context.db.write(move |tx| store::end(tx, id, &made)).await?;
                tracing::info!(file, bytes, missing, seconds = took.as_secs(), "a backup was taken and proven");
                count(bytes, took);
                // The new one stands, whatever becomes of the old: a failed job would take another.
                if let Err(error) = measure(&context.db).await.and(tidy(app).await) {
                    tracing::error!(%error, cause = ?error.cause(), "outdated backups could not be let go of");
                    metrics::counter!("yingda_backup_failures_total").increment(1);
                }
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, cause = ?error.cause(), file, "a backup was not taken");
                metrics::counter!("yingda_backup_failures_total").increment(1);
                let known = Arc::new(error);
                let of_row = known.clone();
                context.db.write(move |tx| store::fail(tx, id, took_ms, &of_row)).await?;
                let is_last = context.attempt >= Self::MAX_ATTEMPTS;
                if is_last { Ok(()) } else { Err(Error::unavailable("backup.failed").with("code", known.code())) }
            }
        }
    }
}

/// Bytes and lost contents of the new one.
async fn take(app: &App, file: &str, left: Vec<String>) -> Result<(u64, u64)> {
    let folder = app.backups.folder()?.to_owned();
    let (app, file) = (app.clone(), file.to_owned());
    let work = move || -> Result<(u64, u64)> {
        shelf::refuse_missing(&folder)?;
        for name in left.iter().filter(|name| model::is_own_name(name)) {
            if let Err(error) = shelf::sweep(&folder, name) {
                tracing::warn!(%error, name, "what a backup left that was cut off could not be removed");
            }
        }
        let target = folder.join(&file);
        let task = backup::Task {
            engine: app.db.engine(),
            blobs: &app.blobs,
            keyring: &app.keyring,
            clock: &app.context.clock,
            program: app.backups.program,
            file: &target,
            is_replacing: false,
        };
        let manifest = backup::take(&task, &mut |_| {})?;
        let proven = backup::prove(&target, &app.keyring).and_then(|proven| {
            if proven == manifest { Ok(()) } else { Err(Error::unavailable("backup.damaged").with("member", "manifest.json")) }
        });
        if let Err(error) = proven {
            // It must not be taken for a good one.
            part::remove(&target).map_err(Error::internal)?;
            return Err(error);
        }
        let bytes = std::fs::metadata(&target).map_err(Error::internal)?.len();
        Ok((bytes, manifest.missing.len() as u64))
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?.map_err(without_folder)
}

/// Where the folder is, is the operator's business; which file it was is enough on a page.
fn without_folder(error: Error) -> Error {
    let Some(file) = error.details().get("file").and_then(|file| file.as_str()).map(PathBuf::from) else { return error };
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    error.with("file", name)
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floats")]
fn count(bytes: u64, took: Duration) {
    metrics::gauge!("yingda_backup_bytes").set(bytes as f64);
    metrics::gauge!("yingda_backup_seconds").set(took.as_secs_f64());
}

/// Tells since when there is a good one: an alarm should go by this, since it also notices that nothing is tried any more.
#[expect(clippy::cast_precision_loss, reason = "gauges are floats")]
pub async fn measure(db: &Db) -> Result<()> {
    if let Some(Millis(at)) = db.read(store::last_good).await? {
        metrics::gauge!("yingda_backup_last_good_at_seconds").set(at as f64 / 1000.0);
    }
    Ok(())
}

/// Lets go of what is outdated. Only what is there counts, so the last good one never goes, whoever has removed files by hand.
async fn tidy(app: &App) -> Result<()> {
    let retention = Retention {
        count: usize::try_from(app.settings.global(&super::KEEP_COUNT)).unwrap_or(1),
        age: Duration::from_secs(u64::try_from(app.settings.global(&super::KEEP_DAYS)).unwrap_or(1) * 86_400),
    };
    let rows = app.db.read(store::kept).await?;
    let sizes = app.backups.look(rows.iter().map(|kept| kept.file.clone()).collect()).await?.sizes;
    let is_there = |(kept, size): &(Kept, Option<u64>)| size.is_some_and(|size| kept.bytes == i64::try_from(size).ok());
    let there: Vec<Kept> = rows.into_iter().zip(sizes).filter(is_there).map(|(kept, _)| kept).collect();
    for old in model::outdated(&there, app.context.clock.now(), retention) {
        remove(&app.backups, &old).await?;
        app.db.write(move |tx| store::set_removed(tx, old.id)).await?;
    }
    let before = app.context.clock.now() - REMEMBERED;
    while app.db.write(move |tx| store::purge(tx, before, CHUNK)).await? > 0 {}
    Ok(())
}

async fn remove(shelf: &Shelf, old: &Kept) -> Result<()> {
    let Some(name) = old.file.clone().filter(|name| model::is_own_name(name)) else { return Ok(()) };
    let path = shelf.folder()?.join(&name);
    let unremoved = |cause| Error::unavailable("backup.unwritable").with("file", name.clone()).caused_by(cause);
    tokio::task::spawn_blocking(move || part::remove(&path)).await.map_err(Error::internal)?.map_err(unremoved)?;
    tracing::info!(file = old.file, "an outdated backup was removed");
    Ok(())
}
