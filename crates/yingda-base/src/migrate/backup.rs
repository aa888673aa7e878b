//! SQLite: a copy of the file before an upgrade, put back if it fails.
use super::{Migrated, Migration, history};
use crate::{
    Context, Error, Result,
    db::{Engine, direct::Direct},
    part::{beside, remove, sync_folder},
};
use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// Plans, copies if there is anything to lose, applies; on failure the copy is put back.
pub(super) fn guarded(path: &Path, context: &Context, migrations: &[Migration]) -> Result<Migrated> {
    let mut direct = Direct::open(&Engine::Sqlite(path.to_owned()))?;
    history::prepare(&mut direct, context)?;
    let plan = history::plan(&mut direct, context, migrations)?;
    if plan.from == 0 || plan.pending.is_empty() {
        return history::apply(&mut direct, context, plan);
    }
    let copy = beside(path, &format!(".before-{}", plan.to()));
    write_copy(&mut direct, &copy)?;
    tracing::info!(copy = %copy.display(), "the database was copied before its upgrade");
    history::apply(&mut direct, context, plan).inspect_err(|error| {
        drop(direct);
        match put_back(path, &copy) {
            Ok(()) => tracing::error!(%error, "the upgrade failed; the database is as it was before"),
            Err(cause) => tracing::error!(%error, %cause, copy = %copy.display(), "the upgrade failed and its copy could not be put back"),
        }
    })
}

fn unwritable(cause: io::Error) -> Error {
    Error::unavailable("database.unwritable").caused_by(cause)
}

/// `VACUUM INTO` refuses an existing file, and a half-written copy must never look like a whole one.
fn write_copy(direct: &mut Direct, copy: &Path) -> Result<()> {
    let part = beside(copy, ".part");
    remove(&part).map_err(unwritable)?;
    direct.session(&format!("VACUUM INTO '{}'", part.display().to_string().replace('\'', "''")))?;
    sync_and_rename(&part, copy).map_err(unwritable)
}

fn put_back(path: &Path, copy: &Path) -> io::Result<()> {
    let part = beside(path, ".part");
    fs::copy(copy, &part)?;
    for journal in ["-wal", "-shm"] {
        remove(&beside(path, journal))?;
    }
    sync_and_rename(&part, path)
}

fn sync_and_rename(from: &Path, to: &Path) -> io::Result<()> {
    File::open(from)?.sync_all()?;
    fs::rename(from, to)?;
    sync_folder(to)
}
