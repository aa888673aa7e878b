//! A file that is seen whole or not at all: written under another name beside its own, synced, renamed.
use rustix::fs::OFlags;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// `FILE.part` while it is written, and locked.
pub struct Part {
    path: PathBuf,
    target: PathBuf,
    file: File,
}

impl Part {
    /// Begins one, mode 0600. What a killed run left under this name is removed, and so is what somebody else put there: a link would lead the
    /// contents elsewhere, and a file of another account let them read it.
    ///
    /// Errors: `ResourceBusy` while another process writes the same; whatever the folder says.
    pub fn begin(target: &Path) -> io::Result<Part> {
        let path = beside(target, ".part");
        // Held until the new one is locked, so that of two who find the same rests only one goes on.
        let rests = rests(&path)?;
        remove(&path)?;
        let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path);
        let file = made.map_err(|cause| if cause.kind() == io::ErrorKind::AlreadyExists { busy() } else { cause })?;
        lock(&file)?;
        drop(rests);
        Ok(Part { path, target: target.to_owned(), file })
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is written to.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Gives it its name, for good.
    pub fn finish(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        sync_folder(&self.target)
    }
}

/// What lies there, locked; none if there is nothing that somebody could be writing.
fn rests(path: &Path) -> io::Result<Option<File>> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).map_err(io::Error::other)?;
    // What cannot be opened, such as a link, none of us has made.
    let Ok(found) = OpenOptions::new().read(true).custom_flags(flags).open(path) else { return Ok(None) };
    lock(&found)?;
    let (held, named) = (found.metadata()?, fs::symlink_metadata(path));
    // Made anew between the two calls: whoever did that is at work.
    let is_the_same = named.is_ok_and(|named| (named.dev(), named.ino()) == (held.dev(), held.ino()));
    if is_the_same { Ok(Some(found)) } else { Err(busy()) }
}

fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(busy()),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

fn busy() -> io::Error {
    io::ErrorKind::ResourceBusy.into()
}

/// Removes a file; one that is not there is no error.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The same name with something behind it.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes names in the folder of a file as lasting as their contents.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::Write,
        os::unix::fs::{PermissionsExt, symlink},
    };

    #[test]
    fn what_lies_there_is_neither_followed_nor_shared() {
        let folder = tempfile::tempdir().unwrap();
        let (target, part, other) = (folder.path().join("b"), folder.path().join("b.part"), folder.path().join("other"));
        fs::write(&other, "precious").unwrap();
        symlink(&other, &part).unwrap();
        let begun = Part::begin(&target).unwrap();
        begun.file().write_all(b"new").unwrap();
        begun.finish().unwrap();
        assert_eq!((fs::read(&other).unwrap(), fs::read(&target).unwrap()), (b"precious".to_vec(), b"new".to_vec()));
        assert!(!part.exists());

        fs::write(&part, "of another").unwrap();
        fs::set_permissions(&part, fs::Permissions::from_mode(0o666)).unwrap();
        let theirs = File::open(&part).unwrap();
        let begun = Part::begin(&target).unwrap();
        assert_eq!(fs::metadata(&part).unwrap().permissions().mode() & 0o777, 0o600);
        assert_ne!(theirs.metadata().unwrap().ino(), begun.file().metadata().unwrap().ino(), "who held it open reads nothing");
        assert_eq!(Part::begin(&target).err().map(|error| error.kind()), Some(io::ErrorKind::ResourceBusy));
        drop(begun);
        assert!(Part::begin(&target).is_ok(), "what was left is no hindrance");
    }
}
