//! Making the new ready beside the old.
use super::{
    Plan, ids,
    place::{STAGING, Target, session, with_schema},
    refuse_foreign_keys, unwritable,
};
use crate::{
    Clock, Error, Millis, Result,
    backup::{
        Manifest, Progress, archive, catalog, dump, load,
        open::{self, Member},
        room,
        source::{self, Connected},
    },
    db::{Engine, Options},
    id::IdSource,
    part::{remove, sync_folder},
    random::Entropy,
};
use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// A restored installation that is not in place yet.
pub struct Staged {
    /// Opens its database.
    pub options: Options,
    /// When the backup was taken.
    pub taken_at: Millis,
    pub(super) blobs: PathBuf,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    pub(super) ids: IdSource,
}

/// Unpacks everything, looks at it once more, and fills PostgreSQL if that is where it goes.
pub(super) fn stage(plan: &Plan, target: &Target, manifest: &Manifest, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Staged> {
    target.sweep(plan)?;
    let plain = target.staging(target.database.as_deref().unwrap_or(&plan.data.join("database")));
    let (engine, is_server) = match &target.server {
        Some((url, _)) => (Engine::Postgres(with_schema(url, STAGING)), true),
        None => (Engine::Sqlite(plain.clone()), false),
    };
    let staged = Staged {
        options: Options { engine, ..plan.options.clone() },
        taken_at: manifest.taken_at,
        blobs: target.staging(&target.blobs),
        clock: plan.clock.clone(),
        entropy: plan.entropy.clone(),
        ids: ids(plan.clock),
    };
    let ready = unpack(plan, &staged, &plain, manifest, progress).and_then(|()| match (&target.server, is_server) {
        (Some((url, _)), true) => fill(url, &staged, &plain, manifest, progress),
        _ => Ok(()),
    });
    match ready {
        Ok(()) => Ok(staged),
        Err(error) => {
            staged.forget();
            if let Err(error) = remove(&plain) {
                tracing::warn!(%error, path = %plain.display(), "a part of a restore could not be removed");
            }
            Err(error)
        }
    }
}

fn unpack(plan: &Plan, staged: &Staged, plain: &Path, manifest: &Manifest, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<()> {
    room::demand(plain, manifest.blob_bytes)?;
    folder(&staged.blobs)?;
    let again = open::walk(plan.file, Some(plan.keyring), progress, &mut |member, size, from| match member {
        Member::Database => {
            room::demand(plain, manifest.blob_bytes.saturating_add(size))?;
            open::write(plain, from)
        }
        Member::Blob(id) => {
            let path = staged.blobs.join(id.path());
            folder(path.parent().unwrap_or(&staged.blobs))?;
            open::write(&path, from)
        }
    })?;
    if again.manifest != *manifest {
        return Err(Error::invalid("backup.damaged").with("file", super::named(plan.file)).with("member", archive::MANIFEST));
    }
    sync_tree(&staged.blobs).map_err(|cause| unwritable(cause, &staged.blobs))?;
    refuse_foreign_keys(plan, plain)?;
    open::refuse_other(plan.file, &dump::read(plain, progress)?.tables, manifest)
}

fn fill(url: &str, staged: &Staged, plain: &Path, manifest: &Manifest, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<()> {
    let Engine::Postgres(into) = &staged.options.engine else { return Err(Error::bug("no server to fill")) };
    session(url, &format!("CREATE SCHEMA {STAGING}")).map_err(|cause| Error::unavailable("restore.no_schema").caused_by(cause))?;
    load::load(plain, into, progress)?;
    let tables = catalog::tables(&source::file(plain)?)?;
    let sums = dump::sums(&mut Connected::open(&staged.options.engine)?, &tables, progress)?;
    if sums != manifest.tables {
        return Err(Error::bug("PostgreSQL does not hold what was loaded"));
    }
    remove(plain).map_err(|cause| unwritable(cause, plain))
}

impl Staged {
    /// Removes it; what cannot be removed is told in the log, and swept by the next restore.
    pub(super) fn forget(&self) {
        let files = match &self.options.engine {
            Engine::Sqlite(path) => [super::journals(path).to_vec(), vec![path.clone()]].concat(),
            Engine::Postgres(url) => {
                if let Err(error) = session(url, &format!("DROP SCHEMA IF EXISTS {STAGING} CASCADE")) {
                    tracing::warn!(%error, "what was restored to PostgreSQL could not be removed");
                }
                Vec::new()
            }
        };
        let gone = files.iter().try_for_each(|path| remove(path)).and_then(|()| fs::remove_dir_all(&self.blobs));
        match gone {
            Err(error) if error.kind() != io::ErrorKind::NotFound => tracing::warn!(%error, "a part of a restore could not be removed"),
            _ => {}
        }
    }
}

fn folder(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|cause| unwritable(cause, path))
}

/// Makes the names in a folder lasting, and those below it.
fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        }
    }
    fs::File::open(folder)?.sync_all()?;
    sync_folder(folder)
}
