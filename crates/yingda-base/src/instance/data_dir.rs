//! The data directory, held by one program at a time.
use crate::{Error, Result, db::Engine};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// The folder of one installation.
pub struct DataDir {
    path: PathBuf,
    _lock: Lock,
}

/// An exclusive lock on a file. The operating system gives it back when the program ends, however it ends.
pub struct Lock(#[expect(dead_code, reason = "open, and therefore locked, as long as this lives")] File);

impl DataDir {
    /// Makes the folder if need be (mode 0700) and locks it. Errors: `data.in_use`, `data.unwritable`.
    pub fn open(path: &Path) -> Result<DataDir> {
        let unwritable = |cause| Error::unavailable("data.unwritable").with("path", path.display().to_string()).caused_by(cause);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unwritable)?;
        let path = fs::canonicalize(path).map_err(unwritable)?;
        Ok(DataDir { _lock: Lock::take(&path.join("lock"))?, path })
    }

    /// The folder, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where SQLite lies unless configured.
    pub fn database(&self) -> PathBuf {
        self.path.join("yingda.db")
    }

    /// Where the keys lie unless configured: beside the folder, so that a copy of the folder is worthless without them.
    pub fn key_file(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".key");
        PathBuf::from(name)
    }

    /// A SQLite file in another folder needs a lock of its own. Errors: `data.in_use`, `data.unwritable`.
    pub fn lock_database(&self, engine: &Engine) -> Result<Option<Lock>> {
        match engine {
            Engine::Sqlite(file) if !file.starts_with(&self.path) => {
                let mut name = file.clone().into_os_string();
                name.push(".lock");
                Lock::take(Path::new(&name)).map(Some)
            }
            Engine::Sqlite(_) | Engine::Postgres(_) => Ok(None),
        }
    }
}

impl Lock {
    /// Locks a file, which is made if need be. Errors: `data.in_use`, `data.unwritable`.
    pub fn take(path: &Path) -> Result<Lock> {
        let named = |error: Error| error.with("path", path.display().to_string());
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
        let file = opened.map_err(|cause| named(Error::unavailable("data.unwritable").caused_by(cause)))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(named(Error::conflict("data.in_use"))),
            Err(TryLockError::Error(cause)) => Err(named(Error::unavailable("data.unwritable").caused_by(cause))),
        }
    }
}
