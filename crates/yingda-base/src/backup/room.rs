//! Whether a disk has room.
use crate::{Error, Result};
use std::path::Path;

/// Left for others, whatever is written.
const SPARE: u64 = 64 << 20;

/// Bytes an ordinary program can still write where this file would be.
pub fn free(file: &Path) -> Result<u64> {
    let folder = file.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let unreadable = |cause: rustix::io::Errno| {
        Error::unavailable("backup.unwritable").with("file", file.display().to_string()).caused_by(std::io::Error::from(cause))
    };
    let disk = rustix::fs::statvfs(folder).map_err(unreadable)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Refuses to begin what would not end well. Error: `backup.no_room`, in MiB.
pub(super) fn demand(file: &Path, bytes: u64) -> Result<()> {
    let (free, needed) = (free(file)?, bytes.saturating_add(SPARE));
    if free >= needed {
        return Ok(());
    }
    let error = Error::unavailable("backup.no_room").with("file", file.display().to_string());
    Err(error.with("needed", needed.div_ceil(1 << 20)).with("free", free >> 20))
}
