//! Space kept for what must go on when the disk is full: people get in and out, sessions end, leases are renewed.
//!
//! A file of zeros lies beside the database. When SQLite finds the disk full the file is deleted and its space left to the few units that
//! need it; all others are refused before they touch the disk. As soon as there is room for the file and as much again, it is made anew
//! and everybody may write. On PostgreSQL the disk is the server's own affair.
use crate::{Clock, Error, Result};
use metrics::gauge;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How often it is tried whether there is room again.
const TRY_EVERY: Duration = Duration::from_secs(2);
/// Written at once.
const PIECE: usize = 64 * 1024;

/// The kept space. Cloning shares it.
#[derive(Clone)]
pub(super) struct Reserve(Arc<Inner>);

struct Inner {
    path: PathBuf,
    bytes: u64,
    clock: Clock,
    is_given: AtomicBool,
    tried: Mutex<Option<Duration>>,
}

impl Reserve {
    /// Keeps `bytes` beside the database file. A disk that is full already is no error: then the space counts as given.
    pub(super) fn keep(database: &Path, bytes: u64, clock: &Clock) -> Result<Reserve> {
        let mut name = database.file_name().unwrap_or_default().to_owned();
        name.push(".reserve");
        let inner = Inner {
            path: database.with_file_name(name),
            bytes,
            clock: clock.clone(),
            is_given: AtomicBool::new(false),
            tried: Mutex::new(None),
        };
        let reserve = Reserve(Arc::new(inner));
        match reserve.make() {
            Ok(()) => reserve.note(false),
            Err(cause) if is_full(&cause) => reserve.note(true),
            Err(cause) => {
                return Err(Error::unavailable("database.unwritable").with("path", reserve.0.path.display().to_string()).caused_by(cause));
            }
        }
        Ok(reserve)
    }

    /// Whether the disk is full, so that only what is needed may be written.
    pub(super) fn is_given(&self) -> bool {
        self.0.is_given.load(Ordering::Acquire)
    }

    /// The disk is full: leaves the space to what is needed.
    pub(super) fn give(&self) {
        if self.is_given() {
            return;
        }
        match fs::remove_file(&self.0.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::error!(%error, "the reserve on the full disk cannot be given")
            }
            Ok(()) | Err(_) => {}
        }
        self.note(true);
    }

    /// Whether everybody may write, after a look at the disk if the last one is some time ago.
    pub(super) async fn is_kept(&self) -> bool {
        if !self.is_given() {
            return true;
        }
        if !self.may_try() {
            return false;
        }
        let reserve = self.clone();
        tokio::task::spawn_blocking(move || reserve.take_back()).await.unwrap_or(false)
    }

    fn may_try(&self) -> bool {
        let now = self.0.clock.elapsed();
        let mut tried = self.0.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let may = tried.is_none_or(|last| now.saturating_sub(last) >= TRY_EVERY);
        if may {
            *tried = Some(now);
        }
        may
    }

    fn take_back(&self) -> bool {
        let is_back = self.make().is_ok();
        if is_back {
            self.note(false);
        }
        is_back
    }

    /// The file, whole and with as much room again beside it, or nothing.
    fn make(&self) -> io::Result<()> {
        let Inner { path, bytes, .. } = &*self.0;
        if fs::metadata(path).is_ok_and(|found| found.len() == *bytes) {
            return Ok(());
        }
        // Filling the disk in order to learn that it is full would take the space from those it was given to.
        if self.is_given() && free(path)? < bytes * 3 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let part = path.with_extension("reserve.part");
        let made = fill(&part, bytes * 2).and_then(|file| {
            file.set_len(*bytes)?;
            file.sync_all()?;
            fs::rename(&part, path)
        });
        if made.is_err() {
            // What cannot be deleted either is overwritten at the next try.
            let _ = fs::remove_file(&part);
        }
        made
    }

    fn note(&self, is_given: bool) {
        let was_given = self.0.is_given.swap(is_given, Ordering::AcqRel);
        gauge!("yingda_disk_full").set(if is_given { 1.0 } else { 0.0 });
        match (was_given, is_given) {
            (false, true) => tracing::error!("the disk is full: only logins, sessions and leases are written until there is room"),
            (true, false) => tracing::info!("there is room on the disk again"),
            _ => {}
        }
    }
}

/// What everybody is told meanwhile.
pub(super) fn refusal() -> Error {
    Error::unavailable("database.full").retry_after(TRY_EVERY.as_millis() as u64)
}

fn fill(path: &Path, bytes: u64) -> io::Result<File> {
    let mut file = File::create(path)?;
    let zeros = [0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let piece = left.min(PIECE as u64) as usize;
        file.write_all(&zeros[..piece])?;
        left -= piece as u64;
    }
    // Only now is it known that the room was there: some file systems give blocks late.
    file.sync_all()?;
    Ok(file)
}

/// Bytes that may be written where this file lies.
fn free(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path.parent().unwrap_or(Path::new(".")))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Millis;

    #[tokio::test]
    async fn space_is_given_once_and_taken_back_when_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Millis(0));
        let database = folder.path().join("yingda.db");
        let file = folder.path().join("yingda.db.reserve");
        let reserve = Reserve::keep(&database, 100_000, &clock).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().len(), 100_000);
        assert!(reserve.is_kept().await);
        reserve.give();
        reserve.give();
        assert!(!file.exists());
        assert!(reserve.is_kept().await, "there is room");
        assert_eq!(fs::metadata(&file).unwrap().len(), 100_000);

        reserve.give();
        // Nothing can be made where a folder stands.
        fs::create_dir(file.with_extension("reserve.part")).unwrap();
        clock.advance(TRY_EVERY);
        assert!(!reserve.is_kept().await);
        fs::remove_dir(file.with_extension("reserve.part")).unwrap();
        assert!(!reserve.is_kept().await, "it has just been tried");
        clock.advance(TRY_EVERY);
        assert!(reserve.is_kept().await);
    }
}
