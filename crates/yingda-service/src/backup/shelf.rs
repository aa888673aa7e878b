//! The folder that backups lie in.
use super::model;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::Semaphore;
use yingda_base::{Error, Result, job::TimeZone, part};

/// A folder on a server that went away may never answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where backups go: facts of this process.
#[derive(Clone)]
pub struct Shelf {
    /// The folder; none: no backups are taken here.
    pub folder: Option<PathBuf>,
    /// By whose wall clock the schedule goes.
    pub zone: TimeZone,
    /// The version of the program, for the manifest.
    pub program: &'static str,
    /// One look at a time: one that hangs keeps its thread, and a second would hang too.
    looking: Arc<Semaphore>,
}

/// What is to be known of the folder.
pub(super) struct Look {
    /// Bytes that can still be written.
    pub free: u64,
    /// For each name asked for its size, if there is such a file.
    pub sizes: Vec<Option<u64>>,
}

impl Shelf {
    /// Backups go into a folder.
    pub fn new(folder: Option<PathBuf>, zone: TimeZone, program: &'static str) -> Shelf {
        Shelf { folder, zone, program, looking: Arc::new(Semaphore::new(1)) }
    }

    /// No backups are taken.
    pub fn nowhere() -> Shelf {
        Shelf::new(None, TimeZone::UTC, env!("CARGO_PKG_VERSION"))
    }

    /// Error: `backup.no_folder`, if none is configured.
    pub(super) fn folder(&self) -> Result<&Path> {
        self.folder.as_deref().ok_or_else(|| Error::conflict("backup.no_folder"))
    }

    /// Looks into the folder without waiting for ever. Errors: `backup.no_folder`, `backup.folder_missing`, `backup.folder_silent`.
    pub(super) async fn look(&self, names: Vec<Option<String>>) -> Result<Look> {
        let folder = self.folder()?.to_owned();
        let look = async {
            let turn = self.looking.clone().acquire_owned().await.map_err(Error::internal)?;
            let looked = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                look(&folder, &names)
            });
            looked.await.map_err(Error::internal)?
        };
        tokio::time::timeout(PATIENCE, look).await.map_err(|_| Error::unavailable("backup.folder_silent"))?
    }
}

fn look(folder: &Path, names: &[Option<String>]) -> Result<Look> {
    refuse_missing(folder)?;
    let size = |name: &Option<String>| {
        let found = std::fs::symlink_metadata(folder.join(name.as_deref().filter(|name| model::is_own_name(name))?)).ok()?;
        found.is_file().then_some(found.len())
    };
    Ok(Look { free: yingda_base::backup::free(&folder.join("x"))?, sizes: names.iter().map(size).collect() })
}

/// It is not made: where a disk is not mounted, backups would fill another one. Blocks. Error: `backup.folder_missing`.
pub(super) fn refuse_missing(folder: &Path) -> Result<()> {
    match std::fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Error::unavailable("backup.folder_missing")),
        Err(cause) => Err(Error::unavailable("backup.folder_missing").caused_by(cause)),
    }
}

/// Removes what a run that was cut off has left, and nothing that has its final name. Blocks.
pub(super) fn sweep(folder: &Path, name: &str) -> io::Result<()> {
    let target = folder.join(name);
    [".part", ".part-database", ".check"].iter().try_for_each(|suffix| part::remove(&part::beside(&target, suffix)))
}
